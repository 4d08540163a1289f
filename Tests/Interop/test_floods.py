"""Floods before authentication, on a service with little memory: it stays within its limit, a client from elsewhere gets its
tokens throughout, and the memory is there again afterwards."""

import os
import socket
import ssl
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
import requests

from authority import Authority
from faults import metric
from raw_http import RawConnection, assert_serves, post, resident
from raw_http2 import END_HEADERS, POST, PREFACE, headers, settings
from service import DEADLINE, SANITIZER, Service, wait_until
from test_tls import SecureService

# MiB. A sanitizer takes a multiple of what it watches, so then the service gets more.
LIMIT = 128
pytestmark = pytest.mark.skipif(bool(SANITIZER), reason="a sanitizer takes more memory than the limit")

GROUPS = Path("/sys/fs/cgroup")


@contextmanager
def limited(service):
    """Runs the service with a limit on its memory: that of a cgroup if this machine lets one be made, else the setting."""
    version1 = GROUPS / "memory/memory.limit_in_bytes"
    parent, name = (GROUPS / "memory", "memory.limit_in_bytes") if version1.exists() else (GROUPS, "memory.max")
    group = parent / f"writ-test-{os.getpid()}"
    try:
        group.mkdir()
        (group / name).write_text(str(LIMIT << 20))
    except OSError:
        with suppress(OSError):
            group.rmdir()
        yield service.start(WRIT_LIMITS_MEMORY=f"{LIMIT}MiB")
        return
    try:
        # The shell enters the group and becomes the service.
        yield service.start(["sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "sh"])
    finally:
        service.stop()
        wait_until("the group is empty", lambda: not (group / "cgroup.procs").read_text())
        group.rmdir()


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    with Service(tmp_path_factory.mktemp("writ")) as service, limited(service):
        yield service


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    with SecureService(tmp_path_factory.mktemp("writ"), Authority()) as service, limited(service):
        yield service


def attack(service, source: str, octets: bytes, protocol: str | None):
    """A connection from an address of its own, which says something and then nothing. `None` if it was refused."""
    host, _, port = service.issuer.partition("://")[2].partition(":")
    connection = socket.socket()
    try:
        connection.bind((source, 0))
        connection.settimeout(2)
        connection.connect((host, int(port)))
        if protocol:
            connection = service.context(protocol).wrap_socket(connection, server_hostname="localhost")
        connection.sendall(octets)
        return connection
    except (OSError, ssl.SSLError, TimeoutError):
        connection.close()
        return None


STREAMS = b"".join(headers(stream, POST, END_HEADERS) for stream in range(1, 200, 2))
FLOODS = {
    # The name: the service, how many connections, what each says, and the protocol of ALPN.
    "silent": ("plain", 1600, b"", None),
    "heads without end": ("plain", 500, b"GET / HTTP/1.1\r\nHost: a\r\nA: " + b"a" * 15_000, None),
    "many fields": ("plain", 500, b"GET / HTTP/1.1\r\nHost: a\r\n" + b"a:b\r\n" * 240, None),
    "contents": ("plain", 500, post(b"Content-Length: 16384", body=b"a" * 16_000), None),
    "TLS, silent": ("secure", 300, b"", "http/1.1"),
    "HTTP/2, streams that do not end": ("secure", 200, PREFACE + settings() + STREAMS, "h2"),
    "HTTP/2, heads that do not end": ("secure", 200, PREFACE + settings() + headers(1, POST * 100, 0), "h2"),
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_stays_within_the_limit(request, name):
    kind, count, octets, protocol = FLOODS[name]
    service = request.getfixturevalue(kind)
    before = resident(service)
    failures = 0
    with ExitStack() as stack:
        for number in range(count):
            # From three addresses, none of which is the client's.
            connection = attack(service, f"127.0.0.{2 + number % 3}", octets, protocol)
            if connection is not None:
                stack.callback(connection.close)
            if number % (count // 10) == 0:
                answer = service.request_token()
                failures += answer.status_code != 200
        assert service.process.poll() is None, f"the service has ended\n{service.log[-2000:]}"
        assert failures == 0
        assert resident(service, "VmHWM") < LIMIT
    # Within the time that connections need to be noticed as closed, and memory to be given back.
    wait_until("the memory is there again", lambda: resident(service) <= before + 24)
    # Those of the client may stay: it has authenticated.
    wait_until("its connections are gone", lambda: metric(service, "writ_open_connections", listener="tokens") <= 12)
    assert_serves(service)


def test_one_address_block_gets_half_of_the_memory_at_most(plain):
    """The others are refused at once, and do not wait in the queue before everybody else."""
    service = plain
    with ExitStack() as stack:
        for _ in range(1500):
            connection = attack(service, "127.0.0.5", b"", None)
            if connection is not None:
                stack.callback(connection.close)
        open_connections = metric(service, "writ_open_connections", listener="tokens")
        assert metric(service, "writ_connections_refused_total") > 0
        assert 100 < open_connections < 1500
        assert service.request_token().status_code == 200
    wait_until("its connections are gone", lambda: metric(service, "writ_open_connections", listener="tokens") <= 80)


def test_silent_connections_to_the_management_listener_make_room(own_service):
    """Each is closed when another client needs its place: probes and metrics are answered."""
    service = own_service.start()
    with ExitStack() as stack:
        for _ in range(200):
            connection = stack.enter_context(RawConnection(service, listener="management"))
        for _ in range(20):
            assert requests.get(f"{service.management}/healthz", timeout=DEADLINE).status_code == 200
        service.writ("health")
    assert_serves(service)

