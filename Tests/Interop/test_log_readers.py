"""Those who read the log, and stall or go away: no request, no signal and no probe waits for them."""

import json
import os
import subprocess
from contextlib import contextmanager

import pytest
import requests

from faults import metric
from service import BINARY, DEADLINE, clean_environment, wait_until

DROPPED = "writ_log_lines_dropped_total"


@contextmanager
def logging_into_a_pipe(service, is_blocking=True):
    """Gives the end of a pipe that the log goes into. Nobody reads it yet."""
    ours, theirs = os.pipe()
    # For every process that has the same end.
    os.set_blocking(theirs, is_blocking)
    service.environment = {"WRIT_DRAIN_DELAY": "0s", "WRIT_THROTTLE_FAILURES": "off"}
    service.process = subprocess.Popen(
        [BINARY, "serve"],
        cwd=service.folder,
        env=clean_environment({**service.environment, "WRIT_THROTTLE_ADDRESS_FAILURES": "off"}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    )
    os.close(theirs)
    with os.fdopen(ours, "rb") as reader:
        wait_until("the service is ready", service.is_ready)
        yield reader


def add_client_with_long_lines(service) -> dict:
    """A line of the log has some 6,000 octets for each of its tokens."""
    scope = " ".join(f"{number:03}.{'s' * 90}" for number in range(60))
    return json.loads(service.writ("clients", "add", "wide", "--scope", scope, "--json").stdout)


def refuse(service, count):
    with requests.Session() as session:
        form = {"grant_type": "client_credentials", "client_id": "nobody", "client_secret": "wrong"}
        for _ in range(count):
            assert session.post(service.token_endpoint, data=form, timeout=DEADLINE).status_code == 401


def fill_the_log(service, client) -> int:
    """More than it has room for. Gives the number of its lines for requests."""
    refuse(service, 1000)
    for _ in range(250):
        assert service.request_token(client["client_id"], client["client_secret"]).status_code == 200
    return 1250


def assert_serves(service):
    assert service.request_token().status_code == 200
    assert requests.get(service.jwks_uri, timeout=DEADLINE).ok
    for path in ("/healthz", "/readyz", "/metrics"):
        assert requests.get(service.management + path, timeout=DEADLINE).ok


def test_a_reader_that_stalls(own_service):
    client = add_client_with_long_lines(own_service)
    with logging_into_a_pipe(own_service) as reader:
        assert metric(own_service, DROPPED) == 0
        line_count = fill_the_log(own_service, client)
        assert_serves(own_service)
        dropped = metric(own_service, DROPPED)
        assert dropped > 0

        # It reads again: every line is whole, in order, and the gap has a number.
        events = []
        while not events or events[-1]["message"] != "Stopped":
            events.append(json.loads(reader.readline()))
            if "dropped" in events[-1] and own_service.process.poll() is None:
                own_service.process.terminate()
    (gap,) = [event for event in events if "dropped" in event]
    assert (gap["level"], gap["dropped"]) == ("warning", dropped)
    assert sum(event["message"] in ("Refused", "Token issued") for event in events) == line_count + 1 - dropped
    assert [event["time"] for event in events] == sorted(event["time"] for event in events)
    own_service.stop()


def test_told_to_stop_while_its_reader_stalls(own_service):
    client = add_client_with_long_lines(own_service)
    with logging_into_a_pipe(own_service):
        fill_the_log(own_service, client)
        own_service.stop()


def test_a_reader_that_goes_away(own_service):
    with logging_into_a_pipe(own_service) as reader:
        assert b"Starting" in reader.readline()
        reader.close()
        refuse(own_service, 50)
        assert_serves(own_service)
        own_service.stop()


@pytest.mark.parametrize("is_blocking", [True, False])
def test_a_slow_reader_gets_every_line(own_service, is_blocking):
    """Also if another process has made the pipe non-blocking."""
    with logging_into_a_pipe(own_service, is_blocking) as reader:
        refuse(own_service, 500)
        events = [json.loads(reader.readline()) for _ in range(500)]
        own_service.process.terminate()
        events += [json.loads(line) for line in reader.read().splitlines()]
    assert sum(event["message"] == "Refused" for event in events) == 500
    own_service.stop()
