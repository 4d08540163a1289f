"""Keys and clients that vanish under a running service: it goes on with what it has, says so once, and takes them up."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

import jwt
import pytest
import requests

from faults import Clock, clock_library, complaints, metric, needs_root, serves
from service import BINARY, DEADLINE, Service, clean_environment, wait_until

CLIENTS = "clients.yaml"
# Longer than a service leaves alone what did not check.
PATIENCE = 11


@pytest.fixture
def clock(clock_library, tmp_path):
    """Half a second is a tenth here."""
    return Clock(tmp_path, clock_library, speed=5)


@pytest.fixture
def running(own_service, clock):
    return own_service.start(**clock.environment)


def is_applied(service):
    return metric(service, "writ_last_reload_successful") == 1


def refused(service):
    return metric(service, "writ_reloads_total", outcome="refused")


def renamed_away(path):
    aside = path.with_name(path.name + "-aside")
    path.rename(aside)
    return lambda: aside.rename(path)


def dangling(path):
    aside = path.with_name(path.name + "-aside")
    path.rename(aside)
    path.symlink_to("nowhere")

    def put_back():
        path.unlink()
        aside.rename(path)

    return put_back


def circular(path):
    """Nobody can read it, root neither."""
    aside = path.with_name(path.name + "-aside")
    path.rename(aside)
    path.symlink_to(path.name)

    def put_back():
        path.unlink()
        aside.rename(path)

    return put_back


def emptied(path):
    if path.is_file():
        text = path.read_text()
        path.write_text("")
        return lambda: path.write_text(text)
    aside = path.with_name("aside")
    aside.mkdir()
    for file in path.glob("*.*"):
        file.rename(aside / file.name)

    def put_back():
        for file in aside.iterdir():
            file.rename(path / file.name)

    return put_back


def readable_by_others(path):
    """Of a clients file that is no fault."""
    file = path / "rs256.pem"
    file.chmod(0o644)
    return lambda: file.chmod(0o600)


def cut_in_half(path):
    file = path if path.is_file() else path / "rs256.pem"
    octets = file.read_bytes()
    file.write_bytes(octets[: len(octets) // 2])
    return lambda: file.write_bytes(octets)


FAULTS = [
    *((name, each) for each in (renamed_away, dangling, circular, emptied, cut_in_half) for name in ("keys", CLIENTS)),
    ("keys", readable_by_others),
]


@pytest.mark.parametrize("name, fault", FAULTS, ids=[f"{name}-{fault.__name__}" for name, fault in FAULTS])
def test_what_vanishes_and_returns(running, clock, name, fault):
    token = running.request_token().json()["access_token"]
    key_set = requests.get(running.jwks_uri, timeout=DEADLINE).json()
    put_back = fault(running.folder / name)
    wait_until("it has noticed", lambda: not is_applied(running))
    wait_until("it is logged", lambda: complaints(running))

    # It tries again, and again, and says nothing more.
    def try_again(number):
        before = refused(running)
        clock.set(number * PATIENCE)
        wait_until("it has tried again", lambda: refused(running) > before)

    try_again(1)
    told = complaints(running)
    assert all(text.startswith("Not reloaded: ") and name in text for text in told)
    assert len(told) == len(set(told))
    try_again(2)
    assert complaints(running) == told
    assert serves(running)
    assert requests.get(running.jwks_uri, timeout=DEADLINE).json() == key_set

    put_back()
    wait_until("it has taken them up again", lambda: is_applied(running))
    assert serves(running)
    assert requests.get(running.jwks_uri, timeout=DEADLINE).json() == key_set
    assert complaints(running) == told
    running.writ("token", "inspect", input=token)


def test_both_at_once(running):
    put_back = [renamed_away(running.folder / name) for name in ("keys", "clients.yaml")]
    wait_until("both are told", lambda: {"keys", "clients.yaml"} <= {text.split(": ")[1] for text in complaints(running)})
    assert serves(running)
    for each in put_back:
        each()
    wait_until("it has taken them up again", lambda: is_applied(running))
    assert serves(running)


def test_changes_meanwhile_are_not_lost(running):
    put_back = renamed_away(running.folder / "keys")
    wait_until("it has noticed", lambda: not is_applied(running))
    client = json.loads(running.writ("clients", "add", "reporting", "--scope", "a", "--json").stdout)
    put_back()
    wait_until("the client is known", lambda: metric(running, "writ_clients") == 2)
    assert running.request_token(client["client_id"], client["client_secret"]).status_code == 200


def test_a_service_with_rotation_makes_no_other_keys(own_service, clock_library, tmp_path):
    """Where its folder is gone there may be a volume that is not mounted."""
    clock = Clock(tmp_path, clock_library, speed=30)
    own_service.start(WRIT_KEYS_ROTATION_EVERY="90d", **clock.environment)
    keys = own_service.folder / "keys"
    put_back = renamed_away(keys)
    wait_until("rotation fails", lambda: any("keys_rotation failed" in text for text in complaints(own_service)))
    assert not keys.exists()
    put_back()
    wait_until("it has taken them up again", lambda: is_applied(own_service))
    assert sum("keys_rotation failed" in text for text in complaints(own_service)) <= 2


def test_a_command_meanwhile_takes_no_key_out(running):
    """`writ keys rotate` by a timer, while the volume with the keys is not mounted: no other key takes over unannounced."""
    [key] = requests.get(running.jwks_uri, timeout=DEADLINE).json()["keys"]
    renamed_away(running.folder / "keys")
    wait_until("it has noticed", lambda: not is_applied(running))
    subprocess.run([BINARY, "keys", "rotate"], cwd=running.folder, env=clean_environment({}), timeout=DEADLINE)
    running.reload()
    before = refused(running)
    wait_until("it has read what is there", lambda: refused(running) > before or is_applied(running))
    assert key in requests.get(running.jwks_uri, timeout=DEADLINE).json()["keys"]
    assert jwt.get_unverified_header(running.access_token())["kid"] == key["kid"]


NOBODY = 65534


@pytest.fixture
def service_of_nobody():
    """A service that is not root, in a folder that others can reach."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder, Service(Path(folder)) as service:
        for path in [Path(folder), *Path(folder).rglob("*")]:
            os.chown(path, NOBODY, NOBODY)
        try:
            tried = subprocess.run([BINARY, "config", "check"], user=NOBODY, cwd=folder, capture_output=True)
        except PermissionError:
            pytest.skip("another user cannot reach the binary")
        if tried.returncode:
            pytest.skip(f"another user cannot run the binary: {tried.stderr}")
        with service.log_file.open("wb") as log:
            service.process = subprocess.Popen(
                [BINARY, "serve"], user=NOBODY, group=NOBODY, extra_groups=[], cwd=folder,
                env=clean_environment({"WRIT_DRAIN_DELAY": "0s"}), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        wait_until("the service is ready", service.is_ready)
        yield service


@needs_root
@pytest.mark.parametrize("name", ["keys", "keys/rs256.pem", "clients.yaml"])
def test_what_the_service_may_not_read_any_more(service_of_nobody, name):
    service = service_of_nobody
    path = service.folder / name
    mode = path.stat().st_mode
    path.chmod(0)
    wait_until("it has noticed", lambda: not is_applied(service))
    told = wait_until("it is logged", lambda: complaints(service))
    assert all(name in text for text in told)
    assert len(told) == len(set(told))
    assert serves(service)
    path.chmod(mode)
    wait_until("it has taken them up again", lambda: is_applied(service))
    assert serves(service)
