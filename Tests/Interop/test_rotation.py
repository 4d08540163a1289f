"""Keys and clients that change under a running service, replicas on one folder, and commands that are killed."""

import json
import os
import random
import subprocess
import time

import jwt
import pytest
import requests

from service import BINARY, DEADLINE, RESOURCE, Service, clean_environment, free_addresses, wait_until


@pytest.fixture
def running(own_service):
    return own_service.start()


def published(service):
    return [key["kid"] for key in requests.get(service.jwks_uri, timeout=DEADLINE).json()["keys"]]


def signing_key(service):
    return jwt.get_unverified_header(service.access_token())["kid"]


def keys(service):
    return json.loads(service.writ("keys", "list", "--json").stdout)


class TestWatching:
    """Nobody sends a signal. How soon a change is seen is not for a stopwatch: ReloadTests has the interval."""

    def test_a_client_is_added_and_removed(self, running):
        client = json.loads(running.writ("clients", "add", "reporting", "--scope", "a", "--json").stdout)
        credentials = client["client_id"], client["client_secret"]
        wait_until("the client is known", lambda: running.request_token(*credentials).status_code == 200)
        running.writ("clients", "remove", "reporting")
        wait_until("the client is gone", lambda: running.request_token(*credentials).status_code == 401)

    def test_the_next_key_is_published_and_does_not_sign(self, running):
        before = signing_key(running)
        next_key = json.loads(running.writ("keys", "rotate", "--json").stdout)["kid"]
        wait_until("the next key is published", lambda: next_key in published(running))
        assert signing_key(running) == before
        states = {key["kid"]: key["state"] for key in keys(running) if key["alg"] == "RS256"}
        assert states == {before: "signing", next_key: "next"}

    def test_a_key_that_nobody_announced_is_held_back(self, running):
        before = signing_key(running)
        next_key = json.loads(running.writ("keys", "rotate", "--now", "--json").stdout)["kid"]
        wait_until("the new key is published", lambda: next_key in published(running))
        assert signing_key(running) == before
        # Started anew, it follows name and clock alone.
        running.stop()
        running.start()
        assert signing_key(running) == next_key

    def test_a_retired_key_is_gone_and_another_signs(self, running):
        old = signing_key(running)
        answer = json.loads(running.writ("keys", "retire", old, "--json").stdout)
        assert answer["state"] == "signing"
        wait_until("the old key is gone", lambda: published(running) == [answer["replacement"]])
        assert signing_key(running) == answer["replacement"]

    def test_a_broken_key_is_told_by_name_and_changes_nothing(self, running):
        before = signing_key(running)
        (running.folder / "keys/broken.pem").write_text("half a key")
        (running.folder / "keys/broken.pem").chmod(0o600)
        running.wait_for_log("broken.pem")
        assert signing_key(running) == before


def test_five_processes_on_an_empty_folder_make_one_key(own_service):
    for key in (own_service.folder / "keys").glob("*.*"):
        key.unlink()
    addresses = free_addresses(10)
    processes = []
    try:
        for listen, management in zip(addresses[:5], addresses[5:], strict=True):
            environment = {
                "WRIT_LISTEN": listen,
                "WRIT_MANAGEMENT": management,
                "WRIT_KEYS_ROTATION_EVERY": "90d",
                "WRIT_DRAIN_DELAY": "0s",
            }
            processes.append(
                subprocess.Popen(
                    [BINARY, "serve"],
                    cwd=own_service.folder,
                    env=clean_environment(environment),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )

        def key_set(listen):
            try:
                return requests.get(f"http://{listen}/.well-known/jwks.json", timeout=DEADLINE).text
            except requests.ConnectionError:
                return None

        key_sets = {wait_until(f"{listen} serves", lambda: key_set(listen)) for listen in addresses[:5]}
        assert len(key_sets) == 1
        assert len(list((own_service.folder / "keys").glob("*.pem"))) == 1
        assert len(list((own_service.folder / "keys").glob("*.sealing"))) == 1
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=DEADLINE)


def test_a_token_of_one_replica_verifies_at_the_other(running):
    with running.replica() as other:
        running.writ(
            *("token", "verify", "--issuer", running.issuer, "--audience", RESOURCE),
            *("--jwks", f"{other}/.well-known/jwks.json"),
            input=running.access_token(),
        )


# With WRIT_FAULTS there is time for more.
KILLING_ROUNDS = 200 if os.environ.get("WRIT_FAULTS") else 40


def test_commands_killed_at_any_moment_leave_whole_files(tmp_path):
    """Rounds of `keys rotate` and `clients add`, each killed: every time every file parses and the service starts."""
    chance = random.Random(20261123)
    with Service(tmp_path) as service:
        # Quick keys; what is tried is the files.
        algorithm = {"WRIT_ACCESS_TOKEN_ALGORITHM": "ES256", "WRIT_DRAIN_DELAY": "0s"}
        folder = service.folder / "keys"
        # A key that expired long ago, when the other began: it is there to be removed in each round.
        expired, other = (folder / f"{year}0101T000000Z-es256.pem" for year in (2020, 2021))
        for path in (other, expired):
            made = json.loads(service.writ("keys", "generate", "--algorithm", "ES256", "--json").stdout)["file"]
            (folder / made).rename(path)
            os.utime(path, (0, 0))
        service.environment = algorithm
        contents = expired.read_bytes()

        def run(command, limit):
            """Whether the command ended by itself before `limit` seconds were over."""
            process = subprocess.Popen(
                [BINARY, *command],
                cwd=service.folder,
                env=clean_environment(algorithm),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            try:
                process.wait(timeout=limit)
                return True
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                return False

        def commands(number):
            return [["keys", "rotate", "--in", f"{500 + number}s"], ["clients", "add", f"client-{number}", "--scope", "a"]]

        # How long the commands take here and now says which moments there are to kill them at.
        since = time.monotonic()
        for number in range(-3, 0):
            assert all(run(command, DEADLINE) for command in commands(number))
        longest = 1.5 * (time.monotonic() - since) / 6

        finished = 0
        for number in range(KILLING_ROUNDS):
            expired.write_bytes(contents)
            expired.chmod(0o600)
            os.utime(expired, (0, 0))
            finished += sum(run(command, chance.uniform(0, longest)) for command in commands(number))
            service.start(**algorithm)
            assert service.request_token().status_code == 200
            service.stop()
            # A few are enough to try removal, and quicker to read.
            for key in sorted(folder.glob("2*.pem"))[2:-3]:
                key.unlink()
        # Neither did all get through nor none: the kills met them everywhere in between.
        assert 0 < finished < 2 * KILLING_ROUNDS
        service.writ("clients", "add", "last", "--scope", "a")
        service.writ("keys", "rotate", "--in", "1h")
        assert not expired.exists()
        assert [path for path in service.folder.rglob("*") if "draft" in path.name] == []
