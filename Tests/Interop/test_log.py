"""What the service tells of itself: its log, its health, and how it goes."""

import json
import os
import signal
import subprocess

import requests

from faults import metric
from raw_http import RawConnection
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


def test_refusals_over_the_limit_are_one_line_a_second(own_service):
    service = own_service.start(WRIT_THROTTLE_WINDOW="1h")
    with requests.Session() as session:
        form = {"grant_type": "client_credentials", "client_id": "nobody", "client_secret": "wrong"}
        statuses = [session.post(service.token_endpoint, data=form, timeout=DEADLINE).status_code for _ in range(300)]
    assert statuses == [401] * 10 + [429] * 290

    def summaries():
        return [event for event in events(service, "Refused") if "refusals" in event]

    wait_until("all are reported", lambda: sum(event["refusals"] for event in summaries()) == 289)
    single = [event for event in events(service, "Refused") if "refusals" not in event]
    assert [event["status"] for event in single] == [401] * 10 + [429]
    # One for each second that the requests took.
    assert len(summaries()) < 289 / 5
    assert {(event["address"], event["status"], event["error"]) for event in summaries()} == {
        ("127.0.0.1", 429, "temporarily_unavailable")
    }
    assert requests.get(f"{service.management}/metrics", timeout=DEADLINE).text.count(
        'writ_requests_throttled_total{endpoint="token"} 290\n'
    )


def requests_without_an_endpoint(service):
    assert requests.get(service.token_endpoint, timeout=DEADLINE).status_code == 405
    assert requests.get(f"{service.issuer}/old/token?client_secret=put-in-the-url", timeout=DEADLINE).status_code == 404
    assert requests.get(f"{service.management}/%1B%5B2J", timeout=DEADLINE).status_code == 404


def test_what_reaches_no_endpoint_is_an_event_at_debug(own_service):
    service = own_service.start(WRIT_LOG_LEVEL="debug")
    requests_without_an_endpoint(service)
    wait_until("all are logged", lambda: len(events(service, "Refused before an endpoint")) == 3)
    fields = ("level", "method", "path", "status", "listener", "address")
    assert [tuple(event[field] for field in fields) for event in events(service, "Refused before an endpoint")] == [
        ("debug", "GET", "/oauth2/token", 405, "tokens", "127.0.0.1"),
        ("debug", "GET", "/old/token", 404, "tokens", "127.0.0.1"),
        ("debug", "GET", "/%1B%5B2J", 404, "management", "127.0.0.1"),
    ]
    assert "put-in-the-url" not in service.log
    assert events(service, "Steps") == []


def test_a_request_that_does_not_parse_is_an_event_and_is_counted(own_service):
    service = own_service.start(WRIT_LOG_LEVEL="debug")
    with RawConnection(service) as connection:
        connection.send(b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n")
        assert [answer.status for answer in connection.answers()] == [400]
    wait_until("it is logged", lambda: events(service, "Request not parsed"))
    (event,) = events(service, "Request not parsed")
    assert [event[name] for name in ("level", "status", "listener", "address")] == ["debug", 400, "tokens", "127.0.0.1"]
    assert metric(service, "writ_requests_refused_total", status="400") == 1


def test_what_reaches_no_endpoint_is_no_event_at_info(own_service):
    service = own_service.start()
    requests_without_an_endpoint(service)
    service.access_token()
    wait_until("the token is logged", lambda: events(service, "Token issued"))
    assert events(service, "Refused before an endpoint") == []


def test_the_steps_of_a_request_are_events_at_trace(own_service):
    service = own_service.start(WRIT_LOG_LEVEL="trace")
    answers = [service.request_token(), service.request_token(client_secret="wrong")]
    wait_until("both are logged", lambda: len(events(service, "Steps")) == 2)
    issued, refused = events(service, "Steps")
    assert [event["request_id"] for event in (issued, refused)] == [each.headers["X-Request-Id"] for each in answers]
    assert {name for name in issued if name.endswith("_us")} == {"receive_us", "authenticate_us", "authorize_us", "sign_us"}
    assert {name for name in refused if name.endswith("_us")} == {"receive_us", "authenticate_us"}
    (event,) = events(service, "Token issued")
    assert 0 < sum(value for name, value in issued.items() if name.endswith("_us")) <= event["duration_us"]


def test_a_mistake_in_each_of_many_entries_is_told_a_hundred_times(own_service):
    service = own_service.start()
    entries = "".join(f"  - client_id: a{number}\n" for number in range(250))
    service.clients_file.write_text(f"clients:\n{entries}")
    service.wait_for_log("more problems")
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
    own_service.wait_for_log("Stopping")
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
