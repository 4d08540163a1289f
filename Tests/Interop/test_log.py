"""What the service tells of itself: its log, its health, and how it goes."""

import json
import os
import signal
import subprocess

import requests

from service import BINARY, DEADLINE, RESOURCE, SANITIZER, SCOPE, assert_clear_error, clean_environment, wait_until


def events(service, message):
    return [event for line in service.log.splitlines() if (event := json.loads(line))["message"] == message]


def test_each_token_and_each_refusal_is_an_event(own_service):
    service = own_service.start()
    answer = service.request_token()
    refusals = [
        service.request_token(client_secret="wrong"),
        service.request_token(client_id="writ_cs_put_in_the_wrong_place"),
        service.request_token(scope="other"),
        requests.post(f"{service.issuer}/oauth2/introspect", data={"token": "a"}, timeout=DEADLINE),
    ]
    wait_until("everything is logged", lambda: len(events(service, "Refused")) == 4)
    issued = events(service, "Token issued")
    assert len(issued) == 1
    event = issued[0]
    assert event["level"] == "info"
    assert event["client_id"] == service.client_id
    assert event["grant_type"] == "client_credentials"
    assert event["scope"] == SCOPE
    assert event["audience"] == [RESOURCE]
    assert event["address"] == "127.0.0.1"
    assert event["endpoint"] == "token"
    assert event["request_id"] == answer.headers["X-Request-Id"]
    assert event["duration_us"] > 0
    assert len(event["jti"]) == 22 and len(event["kid"]) == 43

    refused = events(service, "Refused")
    assert [event["error"] for event in refused] == ["invalid_client", "invalid_client", "invalid_scope", "invalid_client"]
    assert [event.get("client_id") for event in refused] == [service.client_id, None, service.client_id, None]
    assert [event["status"] for event in refused] == [401, 401, 400, 401]
    assert [event["request_id"] for event in refused] == [each.headers["X-Request-Id"] for each in refusals]
    assert refused[3]["endpoint"] == "introspection"
    assert "put_in_the_wrong_place" not in service.log


def test_a_mistake_in_each_of_many_entries_is_told_a_hundred_times(own_service):
    service = own_service.start()
    entries = "".join(f"  - client_id: a{number}\n" for number in range(250))
    service.clients_file.write_text(f"clients:\n{entries}")
    wait_until("it has noticed", lambda: "more problems" in service.log)
    told = [event["message"] for line in service.log.splitlines() if "Not reloaded" in (event := json.loads(line))["message"]]
    assert len(told) == 101
    assert told[-1] == "Not reloaded: 150 more problems; `writ config check` lists them"
    checked = service.writ("config", "check", status=1).stderr
    assert checked.count("client_secrets is missing") == 250


def test_health_is_told_at_the_command_line(own_service):
    assert_clear_error(own_service.writ("health", status=1), "no answer")
    own_service.start()
    assert own_service.writ("health").stdout == "ok\n"
    assert own_service.writ("health", "--ready").stdout == "ok\n"
    off = own_service.writ("health", environment={"WRIT_MANAGEMENT": "off"}, status=1)
    assert_clear_error(off, "management is off")


def test_a_second_signal_ends_it_at_once(own_service):
    own_service.start(WRIT_DRAIN_DELAY="300s")
    process, own_service.process = own_service.process, None
    process.terminate()
    wait_until("it is stopping", lambda: "Stopping" in own_service.log)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=DEADLINE) == 128 + signal.SIGTERM
    assert events(own_service, "Stopped at once by a second signal")


def test_start_reload_and_keys_are_events(own_service):
    service = own_service.start()
    (start,) = events(service, "Starting")
    # Address Sanitizer keeps what is freed, to see who uses it.
    freed = "not overwritten" if SANITIZER == "address" else "overwritten"
    assert start["memory"].startswith(f"is not dumped, {freed} when it is freed, ")
    assert start["issuer"] == service.issuer and start["token_endpoint"] == service.token_endpoint
    first = start["kid"]
    service.writ("keys", "rotate", "--in", "1h")
    service.reload()
    wait_until("the next key is an event", lambda: events(service, "Key changed"))
    (change,) = events(service, "Key changed")
    assert (change["former_state"], change["state"], change["use"]) == ("absent", "next", "signing")
    service.writ("keys", "retire", change["kid"])
    service.reload()
    wait_until("and that it went", lambda: len(events(service, "Key changed")) == 2)
    assert events(service, "Key changed")[1]["state"] == "absent"
    assert {event["kid"] for event in events(service, "Reloaded")} == {first}


def test_a_person_gets_text(own_service):
    """On a terminal: the other end of it is here."""
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [BINARY, "serve"],
        cwd=own_service.folder,
        env=clean_environment({"WRIT_DRAIN_DELAY": "0s"}),
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    try:
        os.close(theirs)
        text = ""
        while "Listening" not in text:
            text += os.read(ours, 4096).decode()
        assert '"message"' not in text
        assert " info writ: " in text
        # What it serves, a line each.
        facts = dict(line.rstrip("\r").split("  ", 1) for line in text.split("\n") if "  " in line)
        assert facts["issuer"].strip() == own_service.issuer
        assert facts["token endpoint"].strip() == own_service.token_endpoint
        assert facts["clients"].strip() == "1"
        assert facts["signs"].strip() == "RS256"
    finally:
        process.terminate()
        process.wait(timeout=DEADLINE)
        os.close(ours)
