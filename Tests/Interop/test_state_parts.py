"""Keys, clients, TLS and settings are replaced apart: what is wrong with one keeps no other as it was."""

import json
import os
import threading
import time

import pytest
import requests

from faults import complaints, events, metric, serves
from service import DEADLINE, RESOURCE, wait_until

BROKEN = "  - client_id: broken\n    scop: a\n"


@pytest.fixture
def running(own_service):
    return own_service.start()


def added(service, name, *options) -> dict:
    return json.loads(service.writ("clients", "add", name, "--scope", "site.read", *options, "--json").stdout)


def status_for(service, client) -> int:
    return service.request_token(client["client_id"], client["client_secret"]).status_code


def key_ids(service) -> list[str]:
    return [key["kid"] for key in requests.get(service.jwks_uri, timeout=DEADLINE).json()["keys"]]


def append(path, text):
    with path.open("a") as file:
        file.write(text)


def breaks_keys(service):
    (service.folder / "keys/old.pub.pem").write_text("no key\n")


def breaks_an_entry(service):
    append(service.clients_file, BROKEN)


def breaks_settings(service):
    append(service.folder / "writ.yaml", "log_level: loud\n")


def breaks_all_clients(service):
    append(service.clients_file, "  - [\n")


class TestRevocation:
    """What is revoked is gone, whatever else is broken."""

    @pytest.mark.parametrize("fault", [breaks_keys, breaks_an_entry])
    def test_a_removed_client(self, running, fault):
        stolen = added(running, "stolen")
        wait_until("the client is known", lambda: status_for(running, stolen) == 200)
        fault(running)
        wait_until("it is reported", lambda: metric(running, "writ_last_reload_successful") == 0)
        assert running.writ("clients", "remove", "stolen").stderr == "Removed stolen.\n"
        wait_until("the client is gone", lambda: status_for(running, stolen) == 401)
        assert serves(running)

    @pytest.mark.parametrize("fault", [breaks_keys, breaks_an_entry, breaks_all_clients])
    def test_a_retired_key(self, running, fault):
        [stolen] = key_ids(running)
        fault(running)
        wait_until("it is reported", lambda: metric(running, "writ_last_reload_successful") == 0)
        replacement = json.loads(running.writ("keys", "retire", stolen, "--json").stdout)["replacement"]
        wait_until("another key is published alone", lambda: key_ids(running) == [replacement])
        assert serves(running)

    def test_a_command_says_that_the_service_will_not_take_it_up(self, running):
        """By the configuration of the command another algorithm signs, so that the key gets no successor."""
        [kid] = key_ids(running)
        result = running.writ("keys", "retire", kid, environment={"WRIT_ACCESS_TOKEN_ALGORITHM": "ES256"}, status=1)
        assert "rs256.pem is retired, but the service will not take it up: " in result.stderr
        assert "holds no key that can take its place" in result.stderr
        wait_until("it is reported", lambda: metric(running, "writ_reload_problems", part="keys") == 1)
        assert key_ids(running) == [kid]

    def test_a_client_whose_own_entry_is_broken(self, running):
        client = added(running, "stolen")
        wait_until("the client is known", lambda: status_for(running, client) == 200)
        text = running.clients_file.read_text()
        running.clients_file.write_text(text.replace("client_id: stolen", "client_id: stolen\n    scop: a"))
        wait_until("it is reported", lambda: metric(running, "writ_client_entries_refused") == 1)
        assert status_for(running, client) == 200
        running.writ("clients", "remove", "stolen")
        wait_until("the client is gone", lambda: status_for(running, client) == 401)


class TestEntries:
    def test_what_was_added_is_in_and_what_is_broken_keeps_its_form(self, running):
        first = added(running, "first")
        wait_until("the client is known", lambda: status_for(running, first) == 200)
        text = running.clients_file.read_text()
        running.clients_file.write_text(text.replace("client_id: first", "client_id: first\n    scop: a"))
        second = added(running, "second")
        wait_until("the other is known", lambda: status_for(running, second) == 200)
        assert status_for(running, first) == 200
        assert metric(running, "writ_reload_problems", part="clients") == 1
        assert any("unknown key scop" in text for text in complaints(running))
        result = running.writ("config", "check", "--running", status=1)
        assert "clients.yaml:" in result.stderr and "unknown key scop" in result.stderr

    def test_at_a_start_a_broken_entry_is_out(self, own_service):
        append(own_service.clients_file, BROKEN)
        own_service.start()
        assert metric(own_service, "writ_client_entries_refused") == 1
        assert metric(own_service, "writ_clients") == 1
        assert any(text.startswith("Not loaded: ") for text in complaints(own_service))
        assert serves(own_service)


class TestSettings:
    def test_a_lifetime_and_the_log_level_change_without_a_restart(self, running):
        assert running.request_token().json()["expires_in"] == 900
        path = running.folder / "writ.yaml"
        path.write_text(path.read_text().replace("lifetime: 15m", "lifetime: 7m") + "log_level: error\n")
        wait_until("the lifetime is in force", lambda: running.request_token().json()["expires_in"] == 420)
        count = len(events(running))
        assert running.request_token().status_code == 200
        assert len(events(running)) == count

    def test_a_setting_that_needs_a_restart_is_named(self, running):
        append(running.folder / "writ.yaml", "limits: { queue_wait: 1s }\ndrain_delay: 9s\n")

        def named():
            return [event for event in events(running, "warning") if "restart" in event["message"]]

        wait_until("it is named", named)
        # The environment of the process has another drain_delay, which counts as before.
        assert [event["settings"] for event in named()] == ["limits.queue_wait"]
        assert metric(running, "writ_last_reload_successful") == 1

    def test_a_broken_configuration_leaves_the_settings_as_they_are(self, running):
        breaks_settings(running)
        wait_until("it is reported", lambda: metric(running, "writ_reload_problems", part="configuration") == 1)
        assert any("log_level is not one of" in text for text in complaints(running))
        assert serves(running)


class TestFilesThread:
    """Whatever files do, requests are answered."""

    def test_a_file_that_never_stands_still_is_read(self, running):
        client = added(running, "stolen")
        wait_until("the client is known", lambda: status_for(running, client) == 200)
        running.writ("clients", "remove", "stolen")
        text, halt = running.clients_file.read_text(), threading.Event()

        def rewrite():
            number = 0
            while not halt.wait(0.1):
                number += 1
                draft = running.folder / "draft.yaml"
                draft.write_text(f"# {number}\n{text}")
                draft.rename(running.clients_file)

        writer = threading.Thread(target=rewrite)
        writer.start()
        try:
            wait_until("the client is gone", lambda: status_for(running, client) == 401)
            again = added_by_hand(running, text, halt, writer)
            wait_until("and what came last is in", lambda: status_for(running, again) == 200)
        finally:
            halt.set()
            writer.join()

    def test_a_file_that_hangs(self, running):
        """A pipe that nobody writes to hangs as a folder on a dead file server does."""
        running.clients_file.unlink()
        os.mkfifo(running.clients_file)
        for _ in range(3):
            running.reload()
        since = time.monotonic()
        while time.monotonic() < since + 1.5:
            assert serves(running)
        # And it stops when it is told to: the fixture checks it.

    def test_key_sets_are_answered_while_many_clients_are_read(self, running):
        entry = running.clients_file.read_text().removeprefix("clients:\n")
        entries = [entry.replace("client_id: demo", f"client_id: client-{number}") for number in range(8000)]
        running.clients_file.write_text("clients:\n" + "".join(entries) + entry)
        running.reload()
        answers = 0
        with requests.Session() as session:
            while metric(running, "writ_clients") != 8001:
                assert session.get(running.jwks_uri, timeout=DEADLINE).status_code == 200
                answers += 1
                assert answers < 100_000
        # They came all the while, not behind the reload.
        assert answers > 20


def added_by_hand(service, text, halt, writer) -> dict:
    """Another client, when the file is left alone again."""
    halt.set()
    writer.join()
    service.clients_file.write_text(text)
    return added(service, "again", "--resource", RESOURCE)
