"""Clients that give as little as they may for as long as they can, all at once: each has its time, and no more."""

import select
import threading
import time
from contextlib import suppress

import pytest

from faults import metric
from authority import Authority
from raw_http import CHUNKED, CLOSE, GONE, RawConnection, assert_serves, get, post
from raw_http2 import (
    DATA,
    END_HEADERS,
    END_STREAM,
    FORM_TYPE,
    HEADER_TABLE_SIZE,
    INITIAL_WINDOW_SIZE,
    PREFACE,
    HTTP2Connection,
    frame,
    headers,
    request_fields,
    settings,
    window_update,
)
from service import Service, wait_until
from test_tls import SecureService

# See ConnectionLimits.swift. A client of HTTP/2 that is asked to go has five seconds more.
REQUEST, IDLE, GOODBYE = 10, 30, 35
# Clocks that are looked at now and then.
GRACE = 3


class SlowClient(threading.Thread):
    """Says something, and from then on a little each second, until the server ends the connection."""

    def __init__(self, limit, octets=b"", drip=b""):
        super().__init__(daemon=True)
        self.limit, self.octets, self.drip = limit, octets, drip
        self.duration = None

    def connect(self, service, _):
        return RawConnection(service)

    def start(self, *services):
        self.connection = self.connect(*services)
        super().start()

    def run(self):
        beginning = time.monotonic()
        with self.connection as connection:
            self.begin(connection)
            ears = select.poll()
            ears.register(connection.socket, select.POLLIN)
            while self.goes_on(connection, ears):
                if time.monotonic() > beginning + self.limit + 2 * GRACE:
                    return
            self.duration = time.monotonic() - beginning

    def begin(self, connection):
        connection.send(self.octets)

    def goes_on(self, connection, ears):
        if not ears.poll(1000):
            return connection.send(self.drip)
        if connection.receive():
            connection.received = b""
            return True
        return False


class SlowHTTP2Client(SlowClient):
    """Answers nothing that the server says, unless it is asked whether it is there."""

    def connect(self, _, secure_service):
        return HTTP2Connection(secure_service, PREFACE + settings((HEADER_TABLE_SIZE, 0), (INITIAL_WINDOW_SIZE, 0)))


class SlowStream(SlowHTTP2Client):
    """One whose stream must end; the connection may stay."""

    def goes_on(self, connection, _):
        connection.socket.settimeout(1)
        try:
            connection.outcome()
            return False
        except TimeoutError:
            return connection.send(self.drip)


SLOW = {
    # slowhttptest -H and -B.
    "head": lambda: SlowClient(IDLE, b"GET / HTTP/1.1\r\n", b"A: b\r\n"),
    "body": lambda: SlowClient(REQUEST, post(b"Content-Length: 10000", body=b"a=b"), b"c"),
    "chunks": lambda: SlowClient(REQUEST, post(CHUNKED, body=b""), b"1\r\na\r\n"),
    "silence": lambda: SlowClient(IDLE),
    "silence after an answer": lambda: SlowClient(IDLE, get()),
    "empty lines": lambda: SlowClient(IDLE, b"\r\n", b"\r\n"),
    "refused body": lambda: SlowClient(REQUEST, post(b"Content-Length: 100000", body=b""), b"a"),
    "HTTP/2 silence": lambda: SlowHTTP2Client(GOODBYE),
    "HTTP/2 silence after an answer": lambda: SlowHTTP2Client(GOODBYE, headers(1, request_fields(b"HEAD"))),
    "HTTP/2 body": lambda: SlowStream(
        REQUEST, headers(1, request_fields(b"POST", b"/oauth2/token", FORM_TYPE), END_HEADERS), frame(DATA, 0, 1, b"a")
    ),
    # A window of nothing: the answer cannot be sent. Windows of the connection are of no use to a stream.
    "HTTP/2 reader": lambda: SlowStream(IDLE, headers(1, request_fields()), window_update(0, 1)),
    "HTTP/2 head": lambda: SlowHTTP2Client(GOODBYE, headers(1, request_fields()[:5], END_STREAM)),
    "HTTP/2 windows": lambda: SlowHTTP2Client(GOODBYE, b"", window_update(0, 1)),
}


# Between requests it is 75 seconds, unless the operator sets another time.
SHORT = {"WRIT_LIMITS_IDLE_TIMEOUT": f"{IDLE}s"}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with Service(tmp_path_factory.mktemp("writ")) as service:
        yield service.start(**SHORT)


@pytest.fixture(scope="module")
def secure_service(tmp_path_factory):
    with SecureService(tmp_path_factory.mktemp("writ"), Authority()) as service:
        yield service.start(**SHORT)


@pytest.fixture(scope="module")
def clients(service, secure_service):
    clients = {name: make() for name, make in SLOW.items()}
    for client in clients.values():
        client.start(service, secure_service)
    return clients


# Those with least time first, so that a failure is known soon.
@pytest.mark.parametrize("name", sorted(SLOW, key=lambda name: SLOW[name]().limit))
def test_slow_clients(service, secure_service, clients, name):
    client = clients[name]
    client.join()
    assert_serves(service)
    assert_serves(secure_service)
    assert client.duration is not None, "the server still waits"
    assert client.limit / 2 < client.duration < client.limit + GRACE


def test_who_reads_nothing_is_let_go(own_service):
    """slowhttptest -X. The system may keep the answers for longer, but not the service."""
    service = own_service.start()
    with RawConnection(service, receive_buffer=2048) as connection:
        connection.socket.settimeout(1)
        # As much as goes: the server takes no more of one who reads none of its answers.
        with suppress(TimeoutError, *GONE):
            connection.send(get() * 50_000)
        wait_until("it is let go", lambda: metric(service, "writ_open_connections", listener="tokens") == 0)
    assert_serves(service)


def test_a_slow_client_that_ends_is_answered(service):
    body = b"grant_type=client_credentials"
    with RawConnection(service) as connection:
        connection.send(post(b"Content-Length: %d" % len(body), CLOSE, body=b""))
        for octet in body:
            # A tenth of a second each, as the network has it.
            assert not select.select([connection.socket], [], [], 0.1)[0]
            connection.send(bytes([octet]))
        assert [answer.status for answer in connection.answers()] == [401]
    assert_serves(service)
