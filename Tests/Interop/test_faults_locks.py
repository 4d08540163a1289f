"""Another process holds the lock of a folder, as a command that was stopped with Ctrl-Z does."""

import fcntl
import json
import os
import subprocess
import time
from contextlib import contextmanager

import pytest
import requests

from faults import Clock, clock_library, complaints, serves
from service import BINARY, DEADLINE, clean_environment, wait_until


@contextmanager
def held(folder):
    """The lock of the folder, as a command holds it that does not go on."""
    descriptor = os.open(folder / ".writ-lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def test_a_command_says_whom_it_waits_for(own_service):
    with held(own_service.folder):
        command = subprocess.Popen(
            [BINARY, "clients", "add", "reporting", "--scope", "a"],
            cwd=own_service.folder, env=clean_environment({}), encoding="utf-8",
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        said = command.stderr.readline()
    assert f"waiting for another writ command (process {os.getpid()}, " in said and "/.writ-lock)" in said
    assert command.wait(timeout=DEADLINE) == 0
    output, rest = command.communicate()
    assert "client_secret" in output and "waiting" not in rest


@pytest.mark.parametrize("command", [["clients", "add", "reporting", "--scope", "a"], ["keys", "rotate"]])
def test_a_command_gives_up(own_service, clock_library, tmp_path, command):
    """Half a minute is a second here."""
    clock = Clock(tmp_path, clock_library, speed=30)
    own_service.environment = clock.environment
    folder = own_service.folder / ("keys" if command[0] == "keys" else "")
    before = own_service.clients_file.read_text()
    with held(folder):
        result = own_service.writ(*command, status=1)
    assert "another writ command (process " in result.stderr and ".writ-lock) holds the lock" in result.stderr
    assert result.stdout == ""
    assert own_service.clients_file.read_text() == before


@pytest.mark.parametrize("folder", ["", "keys"])
def test_only_its_owner_can_open_the_lock(own_service, folder):
    path = own_service.folder / folder / ".writ-lock"
    path.unlink(missing_ok=True)
    own_service.writ("clients", "add", "reporting", "--scope", "a")
    own_service.writ("keys", "rotate")
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_service_with_rotation_goes_on(own_service, clock_library, tmp_path):
    """A key is due, and its folder is locked: at the start and later."""
    keys = own_service.folder / "keys"
    for file in keys.iterdir():
        os.utime(file, (time.time() - 100 * 86400,) * 2)
    clock = Clock(tmp_path, clock_library, speed=30)
    with held(keys):
        own_service.start(WRIT_KEYS_ROTATION_EVERY="90d", **clock.environment)
        wait_until("it says so", lambda: sum("keys_rotation failed" in text for text in complaints(own_service)) == 2)
        told = complaints(own_service)
        assert [text.split(":")[0] for text in told] == [
            "keys_rotation makes no first key now",
            *["keys_rotation failed and will be retried"] * 2,
        ]
        assert all("another writ command (process " in text for text in told)
        assert serves(own_service)
    wait_until("there are more keys", lambda: len(published(own_service)) == 2)
    assert complaints(own_service) == told


def published(service) -> list[dict]:
    return requests.get(service.jwks_uri, timeout=DEADLINE).json()["keys"]


def test_the_service_is_told_of_nothing_by_a_lock(own_service):
    """Reading takes no lock."""
    own_service.start()
    with held(own_service.folder), held(own_service.folder / "keys"):
        text = own_service.clients_file.read_text()
        own_service.clients_file.write_text(text.replace("client_id: demo", "client_id: other"))
        wait_until("the change is in", lambda: own_service.request_token().status_code == 401)
    client = json.loads(own_service.writ("clients", "add", "reporting", "--scope", "a", "--json").stdout)
    wait_until(
        "the client is known",
        lambda: own_service.request_token(client["client_id"], client["client_secret"]).status_code == 200,
    )
