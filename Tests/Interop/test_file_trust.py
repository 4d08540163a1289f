"""Who can write what decides: what every user can change, or another user's, is refused."""

import os
import shutil
import subprocess

import pytest
import requests

from faults import metric, needs_root, remount, small_disk
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
    assert any("old.pub.pem" in line for line in own_service.wait_for_log(WORLD))
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
    own_service.wait_for_log("can be changed by its group")


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


@needs_root
def test_a_lock_of_another_user_is_refused_at_once(own_service):
    """In a folder such as /tmp, whoever puts the lock file there first could hold it for ever."""
    own_service.folder.chmod(0o1777)
    lock = own_service.folder / ".writ-lock"
    lock.touch()
    os.chown(lock, NOBODY, NOBODY)
    lock.chmod(0o666)
    result = own_service.writ("clients", "add", "reporting", "--scope", "a", status=1)
    assert f"belongs to user {NOBODY}, who could hold it for ever" in result.stderr
    assert "hint: remove it" in result.stderr
    lock.unlink()
    own_service.writ("clients", "add", "reporting", "--scope", "a")


def test_a_keys_folder_that_another_can_be_put_in_place_of(own_service):
    (own_service.folder / "open").mkdir()
    (own_service.folder / "keys").rename(own_service.folder / "open/keys")
    (own_service.folder / "open").chmod(0o777)
    result = own_service.writ("config", "check", environment={"WRIT_KEYS": "open/keys"}, status=1)
    assert f"open: {WORLD}" in result.stderr


def test_a_named_pipe_in_an_open_folder_is_not_waited_for(own_service):
    os.mkfifo(own_service.folder / "pipe.yaml")
    own_service.folder.chmod(0o777)
    assert WORLD in own_service.writ("config", "check", "--config", "pipe.yaml", status=1).stderr
    own_service.folder.chmod(0o755)
    result = own_service.shell("writ config check --config <(cat writ.yaml) --running 2>&1; writ config check --running")
    assert "writ.yaml: ok" in result.stdout


def test_the_secret_of_a_client_is_kept_from_others(own_service):
    own_service.start()
    request = ("token", "request", "--issuer", own_service.issuer, "--client-id", own_service.client_id)
    file = own_service.folder / "secret"
    file.write_text(own_service.client_secret + "\n")
    file.chmod(0o644)
    result = own_service.writ(*request, "--secret-file", str(file), status=1)
    assert "holds a secret that other users can read" in result.stderr and "chmod 600" in result.stderr
    file.chmod(0o600)
    assert own_service.writ(*request, "--secret-file", str(file)).stdout.count(".") == 2
    line = " ".join(request)
    result = own_service.shell(f"writ {line} --secret-file <(cat secret)")
    assert result.stdout.count(".") == 2, result.stderr


@needs_root
def test_a_secret_that_a_runtime_mounted_has_a_hint_that_can_be_followed(own_service, tmp_path):
    """Docker and Podman mount secrets with the mode 0444."""
    with small_disk(tmp_path / "disk", "size=64k,mode=755") as disk:
        (disk / "passphrase").write_text("correct horse")
        (disk / "passphrase").chmod(0o444)
        remount(disk, "ro")
        environment = {"WRIT_KEYS_PASSPHRASE_FILE": str(disk / "passphrase")}
        result = own_service.writ("config", "check", environment=environment, status=1)
        assert "holds a secret that other users can read" in result.stderr
        assert "`mode: 0400`" in result.stderr and "chmod" not in result.stderr


def test_the_keys_folder_is_closed_from_the_beginning(own_service):
    shutil.rmtree(own_service.folder / "keys")
    own_service.shell("umask 0 && writ keys generate")
    assert (own_service.folder / "keys").stat().st_mode & 0o777 == 0o700
