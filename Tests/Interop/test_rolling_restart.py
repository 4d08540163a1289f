"""Replicas that are restarted one after another, and killed, behind HAProxy; and what a draining service still does."""

import json
import signal
import socket
from contextlib import ExitStack
from http.client import HTTPResponse
from urllib.parse import urlencode

import pytest
import requests

from balancer import HAPROXY, Balancer, Load, Replica
from service import DEADLINE, wait_until

needs_haproxy = pytest.mark.skipif(not HAPROXY, reason="no haproxy is installed")


@pytest.fixture
def replicas(own_service):
    """Two, running; they stop with the test."""
    # Long enough for ten health checks.
    both = [Replica(name, own_service, WRIT_DRAIN_DELAY="2s") for name in ("blue", "green")]
    try:
        for each in both:
            each.start()
        yield both
    finally:
        for each in both:
            each.close()


@pytest.fixture
def balancer(replicas, tmp_path):
    with Balancer(tmp_path, replicas) as balancer:
        yield balancer


@pytest.fixture
def load(own_service, balancer):
    load = Load(balancer.token_endpoint, own_service.client_id, own_service.client_secret)
    with load.running():
        yield load


@needs_haproxy
def test_a_rolling_restart_loses_no_request(replicas, balancer, load):
    for replica in replicas:
        balancer.wait_for_traffic(replica)
        replica.send(signal.SIGTERM)
        # Its checks tell HAProxy while the replica still serves: what goes there meanwhile is answered.
        balancer.wait_for(replica, "DOWN")
        assert balancer.figures(replica.name)["check_status"] == "L7STS", "the check was not answered with a 503"
        assert replica.process.poll() is None
        assert replica.wait_for_end() == 0
        load.wait_for_all()
        replica.start()
        balancer.wait_for(replica, "UP")
        balancer.wait_for_traffic(replica)
    load.wait_for_all()
    assert load.all_failures == []
    # Nor did HAProxy have to make up for anything: no connection was refused, none was cut.
    figures = balancer.figures("BACKEND")
    assert {name: figures[name] for name in ("econ", "eresp", "wretr", "wredis", "hrsp_5xx")} == {
        "econ": "0",
        "eresp": "0",
        "wretr": "0",
        "wredis": "0",
        "hrsp_5xx": "0",
    }


@needs_haproxy
def test_a_killed_replica_takes_only_what_it_was_about_with_it(replicas, balancer, load):
    killed, other = replicas
    balancer.wait_for_traffic(killed)
    killed.send(signal.SIGKILL)
    assert killed.wait_for_end() == -signal.SIGKILL
    balancer.wait_for(killed, "DOWN")
    # Each thread has ended what it was about.
    load.wait_for_all()
    lost = load.all_failures
    # Each thread has one request in flight, and what HAProxy says of one that was cut is 502, or nothing at all.
    assert len(lost) <= len(load.threads)
    assert all(failure.startswith(("502 ", "ConnectionError(")) for failure in lost), lost

    balancer.wait_for_traffic(other)
    killed.start()
    balancer.wait_for(killed, "UP")
    balancer.wait_for_traffic(killed)
    load.wait_for_all()
    assert load.all_failures == lost


class SlowRequest:
    """A request for a token, of which half the body has arrived."""

    def __init__(self, service):
        host, port = service.issuer.removeprefix("http://").split(":")
        form = {"client_id": service.client_id, "client_secret": service.client_secret, "grant_type": "client_credentials"}
        body = urlencode(form).encode()
        head = (
            f"POST /oauth2/token HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: {len(body)}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
        )
        half = len(body) // 2
        self.rest = body[half:]
        self.connection = socket.create_connection((host, int(port)), timeout=DEADLINE)
        self.connection.sendall(head.encode() + body[:half])
        # New connections go round the event loops: when all of these were answered, each loop has looked at what came
        # before.
        for _ in range(32):
            assert requests.get(service.jwks_uri, timeout=DEADLINE).ok

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def finish(self) -> HTTPResponse:
        """Sends the rest; returns the answer, whose body has been read into `text`."""
        self.connection.sendall(self.rest)
        answer = HTTPResponse(self.connection)
        answer.begin()
        answer.text = answer.read().decode()
        return answer

    def is_closed(self) -> bool:
        """Waits for the other end to close the connection."""
        return self.connection.recv(1) == b""


def readiness(service) -> int:
    return requests.get(f"{service.management}/readyz", timeout=DEADLINE).status_code


def refuses_connections(service) -> bool:
    host, port = service.issuer.removeprefix("http://").split(":")
    try:
        socket.create_connection((host, int(port)), timeout=DEADLINE).close()
        return False
    except ConnectionResetError:
        # Just while the listener was being closed: the next one knows.
        return False
    except ConnectionRefusedError:
        return True


def assert_token(answer: HTTPResponse):
    assert answer.status == 200, answer.text
    assert json.loads(answer.text)["access_token"].count(".") == 2
    assert answer.headers["Connection"] == "close"


class TestDraining:
    @pytest.fixture
    def draining(self, own_service):
        """Told to stop, in five minutes."""
        with ExitStack() as before:
            own_service.start(WRIT_DRAIN_DELAY="5m")
            own_service.slow_request = before.enter_context(SlowRequest(own_service))
            own_service.process.terminate()
            wait_until("readiness has ended", lambda: readiness(own_service) == 503)
            yield own_service
        process, own_service.process = own_service.process, None
        process.kill()
        process.wait()

    def test_it_is_not_ready_and_serves(self, draining):
        assert requests.get(f"{draining.management}/healthz", timeout=DEADLINE).status_code == 200
        for _ in range(10):
            assert draining.request_token().status_code == 200
            assert requests.get(draining.jwks_uri, timeout=DEADLINE).status_code == 200
        assert readiness(draining) == 503

    def test_a_slow_request_is_answered(self, draining):
        assert_token(draining.slow_request.finish())

    def test_a_connection_ends_with_the_answer_that_says_so(self, draining):
        """RFC 9112 section 9.6: who sends `Connection: close` closes, and takes no more requests there."""
        draining.slow_request.finish()
        assert draining.slow_request.is_closed()


def test_a_slow_request_is_answered_after_the_last_connection_was_accepted(own_service):
    own_service.start(WRIT_DRAIN_DELAY="1s")
    with SlowRequest(own_service) as slow:
        own_service.process.terminate()
        wait_until("no more connections are accepted", lambda: refuses_connections(own_service))
        # Until the last request has been answered, health can be asked for.
        assert readiness(own_service) == 503
        assert_token(slow.finish())
        assert slow.is_closed()
    process, own_service.process = own_service.process, None
    assert process.wait(timeout=DEADLINE) == 0


def test_connections_without_a_request_do_not_delay_the_end(own_service):
    own_service.start(WRIT_DRAIN_DELAY="0s")
    host, port = own_service.issuer.removeprefix("http://").split(":")
    with ExitStack() as stack:
        # Some silent, some between two requests.
        silent = [stack.enter_context(socket.create_connection((host, int(port)), timeout=DEADLINE)) for _ in range(8)]
        for _ in range(8):
            session = stack.enter_context(requests.Session())
            assert session.get(own_service.jwks_uri, timeout=DEADLINE).ok
        own_service.stop()
        assert [each.recv(1) for each in silent] == [b""] * 8
