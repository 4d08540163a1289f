"""`writ clients revoke` and `remove`: what they write, what they say about it, and what a running service does then."""

import json
import re
import time
from datetime import datetime

import pytest

from service import assert_clear_error, wait_until
from test_refresh import add, first_refresh_token, refresh

LISTS = {"WRIT_ACCESS_TOKEN_STATUS_LIST": "on"}


def seconds(text):
    return datetime.fromisoformat(text).timestamp()


def revoke(service, *options, environment=None):
    return json.loads(service.writ("clients", "revoke", *options, "--json", environment=environment).stdout)


def show(service, client="demo"):
    return json.loads(service.writ("clients", "show", client, "--json").stdout)


class TestReports:
    """By when each verifier knows."""

    def test_the_next_second(self, own_service):
        before = int(time.time())
        report = revoke(own_service, "demo")
        assert report == {
            "client_id": "demo", "not_before": report["not_before"], "refresh_tokens": False, "status_list_by": None,
            "expired_by": report["expired_by"],
        }
        assert before + 1 <= seconds(report["not_before"]) <= time.time() + 1
        assert seconds(report["expired_by"]) - seconds(report["not_before"]) == 15 * 60
        shown = show(own_service)
        assert shown["access_tokens_not_before"] == shown["refresh_tokens_not_before"] == report["not_before"]

    def test_verifiers_that_check_the_status_list(self, own_service):
        report = revoke(own_service, "demo", environment=LISTS)
        assert seconds(report["status_list_by"]) - seconds(report["not_before"]) == 32
        text = own_service.writ("clients", "revoke", "demo", environment=LISTS).stderr
        assert "Verifiers that check the status list refuse them by 20" in text
        # A client may be in none.
        entry = own_service.clients_file.read_text()
        own_service.clients_file.write_text(entry + "    access_token_status_list: false\n    access_token_lifetime: 1h\n")
        report = revoke(own_service, "demo", environment=LISTS)
        assert report["status_list_by"] is None
        assert seconds(report["expired_by"]) - seconds(report["not_before"]) == 3600
        assert show(own_service)["access_token_status_list"] is False

    def test_a_moment_ahead_gives_replicas_time(self, own_service):
        now = own_service.writ("clients", "revoke", "demo")
        assert "warning: a replica that reads the file later" in now.stderr and "--in 90s" in now.stderr
        before = int(time.time())
        result = own_service.writ("clients", "revoke", "demo", "--in", "90s")
        assert "warning" not in result.stderr
        [moment] = re.findall(r"issued before (\S+Z)$", result.stdout, re.MULTILINE)
        assert before + 90 <= seconds(moment) <= time.time() + 90
        # The first one counts until then.
        first, second = show(own_service)["access_tokens_not_before"]
        assert second == moment and f"issued before {first}\n" in now.stdout
        shown = own_service.writ("clients", "show", "demo").stdout
        assert re.search(rf"^access_tokens_not_before +{first}, {second}$", shown, re.MULTILINE)

    def test_all_clients(self, own_service):
        own_service.writ("clients", "add", "nightly", "--grant-type", "refresh_token")
        report = revoke(own_service, "--all")
        assert report["client_id"] is None and report["refresh_tokens"] is True
        for client in ("demo", "nightly"):
            assert show(own_service, client)["access_tokens_not_before"] == report["not_before"]
        [line, *_] = own_service.clients_file.read_text().splitlines()
        assert line == f"access_tokens_not_before: {report['not_before']}"

    @pytest.mark.parametrize(
        "arguments, word", [
            ([], "give a client identifier or --all"), (["demo", "--all"], "give a client identifier or --all"),
            (["demo", "--in", "0s"], "--in is not between 1s and 24h"), (["demo", "--in", "2d"], "--in is not between"),
            (["demo", "--in", "soon"], "--in is not a duration"),
        ])
    def test_usage(self, own_service, arguments, word):
        before = own_service.clients_file.read_bytes()
        assert word in own_service.writ("clients", "revoke", *arguments, status=64).stderr
        assert own_service.clients_file.read_bytes() == before

    def test_an_unknown_client(self, own_service):
        assert_clear_error(own_service.writ("clients", "revoke", "x", status=1), "there is no client")


class TestRunning:
    """What a running service does."""

    @pytest.mark.parametrize("of", ["nightly", "--all"])
    def test_refresh_tokens_end(self, own_service, of):
        client = add(own_service, "nightly")
        running = own_service.start()
        token = first_refresh_token(running, client)
        running.writ("clients", "revoke", of)
        wait_until("the token is refused", lambda: refresh(running.token_endpoint, client, token).status_code == 400)
        assert refresh(running.token_endpoint, client, first_refresh_token(running, client)).status_code == 200

    def test_a_client_whose_entry_is_broken(self, own_service):
        client = add(own_service, "nightly")
        running = own_service.start()
        token = first_refresh_token(running, client)
        text = running.clients_file.read_text()
        running.clients_file.write_text(text.replace("client_id: nightly", "client_id: nightly\n    scop: a"))
        running.writ("clients", "revoke", "nightly")
        wait_until("the token is refused", lambda: refresh(running.token_endpoint, client, token).status_code == 400)


class TestRemoval:
    def test_a_removed_client_comes_back_with_its_place_and_its_moments(self, own_service):
        place = show(own_service)["status_index"]
        assert own_service.writ("clients", "remove", "demo").stderr == "Removed demo.\n"
        [line, *_] = own_service.clients_file.read_text().splitlines()
        [moment] = re.findall(
            rf"^removed: \[\{{ client_id: demo, status_index: {place}, access_tokens_not_before: (\S+Z) \}}\]$", line)
        own_service.writ("clients", "add", "demo")
        shown = show(own_service)
        assert shown["status_index"] == place
        assert shown["access_tokens_not_before"] == shown["refresh_tokens_not_before"] == moment
        assert "removed" not in own_service.clients_file.read_text()

    def test_two_clients_with_one_place(self, own_service):
        """With status lists one of them is out, and the check names a free number."""
        own_service.writ("clients", "add", "other")
        text = own_service.clients_file.read_text()
        own_service.clients_file.write_text(re.sub(r"status_index: \d+", "status_index: 7", text))
        own_service.writ("config", "check")
        result = own_service.writ("config", "check", environment=LISTS, status=1)
        assert "the client has the place 7 in the status lists, which is that of demo" in result.stdout + result.stderr
        [number] = re.findall(r"hint: (status_index: \d+)", result.stdout + result.stderr)
        text = own_service.clients_file.read_text()
        own_service.clients_file.write_text(text[::-1].replace("status_index: 7"[::-1], number[::-1], 1)[::-1])
        own_service.writ("config", "check", environment=LISTS)
        own_service.clients_file.write_text(text)
        result = own_service.writ("clients", "remove", "other")
        assert "its place in the status lists is that of another client" in result.stderr
        assert "removed:" not in own_service.clients_file.read_text()

    def test_the_plan_names_the_client_that_has_the_place(self, own_service):
        own_service.writ("clients", "add", "other", "--grant-type", "refresh_token")
        text = own_service.clients_file.read_text()
        text = re.sub(r"status_index: \d+", "status_index: 7", text) + "    access_token_lifetime: 1h\n"
        own_service.clients_file.write_text(text)
        warning = "its place in the status lists is that of demo"
        assert warning in own_service.writ("clients", "revoke", "other", "--dry-run", environment=LISTS).stderr
        assert warning not in own_service.writ("clients", "revoke", "demo", "--dry-run", environment=LISTS).stderr
        assert warning not in own_service.writ("clients", "revoke", "other", "--dry-run").stderr
        # What its entry says counts, though it is out.
        report = revoke(own_service, "other", environment=LISTS)
        assert seconds(report["expired_by"]) - seconds(report["not_before"]) == 3600
