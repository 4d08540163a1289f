"""Who can write what decides: what every user can change, or another user's, is refused."""

import os
import shutil
import subprocess

import pytest
import requests

from faults import complaints, metric, needs_root, remount, small_disk
from service import DEADLINE, Service, wait_until

WORLD = "can be changed by every user of this machine"
NOBODY = 65534


def public_key(service, name="keys/old.pub.pem"):
    """A key of another issuer, whose tokens the service would have verified."""
    subprocess.run(
        f"openssl genpkey -algorithm ed25519 | openssl pkey -pubout -out {name}", shell=True, check=True, cwd=service.folder
    )
    return service.folder / name


@pytest.mark.parametrize("name", ["writ.yaml", "clients.yaml", "keys"])
def test_what_every_user_can_write_is_refused(own_service, name):
    path = own_service.folder / name
    path.chmod(path.stat().st_mode | 0o002)
    for command in (["config", "check"], ["serve"]):
        result = own_service.writ(*command, status=1)
        assert f"{name}: {WORLD}" in result.stderr
        assert "hint: chmod o-w" in result.stderr


def test_a_public_key_that_every_user_can_write_is_out(own_service):
    own_service.start()
    path = public_key(own_service)
    path.chmod(0o666)
    wait_until("it is reported", lambda: metric(own_service, "writ_reload_problems", part="keys") == 1)
    assert any("old.pub.pem" in text and WORLD in text for text in complaints(own_service))
    assert len(requests.get(own_service.jwks_uri, timeout=DEADLINE).json()["keys"]) == 1
    assert WORLD in own_service.writ("config", "check", "--running", status=1).stderr
    path.chmod(0o644)
    wait_until("it is in", lambda: len(requests.get(own_service.jwks_uri, timeout=DEADLINE).json()["keys"]) == 2)


def test_a_folder_that_every_user_can_write_is_refused(own_service):
    own_service.folder.chmod(0o777)
    assert WORLD in own_service.writ("config", "check", status=1).stderr
    own_service.folder.chmod(0o755)
    own_service.writ("config", "check")


def test_a_keys_folder_that_opens_under_a_running_service_adds_nothing(own_service):
    own_service.start()
    (own_service.folder / "keys").chmod(0o777)
    public_key(own_service, "keys/kid=mine.pub.pem")
    wait_until("it is reported", lambda: metric(own_service, "writ_reload_problems", part="keys") == 1)
    assert len(requests.get(own_service.jwks_uri, timeout=DEADLINE).json()["keys"]) == 1
    assert own_service.request_token().status_code == 200


@pytest.mark.parametrize("name", ["clients.yaml", "."])
def test_what_a_group_can_write_is_a_warning(own_service, name):
    path = own_service.folder / name
    path.chmod(path.stat().st_mode | 0o020)
    result = own_service.writ("config", "check")
    assert "warning: " in result.stderr and "can be changed by its group" in result.stderr
    own_service.start()
    assert any("can be changed by its group" in text for text in complaints(own_service))


@needs_root
@pytest.mark.parametrize("name", ["writ.yaml", "clients.yaml", "keys", "keys/rs256.pem"])
def test_what_belongs_to_another_user_is_refused(own_service, name):
    os.chown(own_service.folder / name, NOBODY, NOBODY)
    for command in (["config", "check"], ["serve"]):
        result = own_service.writ(*command, status=1)
        assert f"belongs to user {NOBODY}" in result.stderr and name in result.stderr
    # Root runs commands for services of other users.
    own_service.writ("clients", "add", "reporting", "--scope", "a")


def folder_of(path):
    folder = path / "made"
    folder.mkdir()
    return folder


@needs_root
def test_a_read_only_mount_is_fine_whatever_its_mode(tmp_path):
    """As Kubernetes mounts Secrets and ConfigMaps."""
    with Service(folder_of(tmp_path)) as made, small_disk(tmp_path / "disk", "size=256k,mode=1777") as disk:
        for name in ("keys", "writ.yaml", "clients.yaml"):
            source = made.folder / name
            shutil.copytree(source, disk / name) if source.is_dir() else shutil.copy(source, disk / name)
        (disk / "keys").chmod(0o1777)
        (disk / "clients.yaml").chmod(0o666)
        assert WORLD in made.writ("config", "check", "--config", str(disk / "writ.yaml"), status=1).stderr
        remount(disk, "ro")
        made.writ("config", "check", "--config", str(disk / "writ.yaml"))


def test_the_keys_folder_is_closed_from_the_beginning(own_service):
    shutil.rmtree(own_service.folder / "keys")
    own_service.shell("umask 0 && writ keys generate")
    assert (own_service.folder / "keys").stat().st_mode & 0o777 == 0o700
