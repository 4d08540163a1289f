"""HTTP/1 as octets, for requests that no library would send."""

import os
import socket
import ssl
import struct
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest

from authority import Authority
from service import SANITIZER
from test_tls import SecureService
from tokens import claims

# How long the server may take for what it has all it needs for. Only a failure takes this long.
PATIENCE = 25 if SANITIZER else 5
GONE = (ConnectionError, ssl.SSLError)
MEBIBYTE = 1 << 20

JWKS = b"/.well-known/jwks.json"
FORM_TYPE = b"Content-Type: application/x-www-form-urlencoded"
CLOSE, KEEP = b"Connection: close", b"Connection: keep-alive"
# A body that gets a token, filled in by `fill`; as one chunk; and what says how long it is.
FORM, CHUNKS = b"$FORM", b"$HEX\r\n$FORM\r\n0\r\n\r\n"
LENGTH, CHUNKED = b"Content-Length: $LENGTH", b"Transfer-Encoding: chunked"


def request(method: bytes, target: bytes, *fields: bytes, version=b"HTTP/1.1", host=b"Host: localhost", body=b"") -> bytes:
    """With nothing but what is said; no host where that is None."""
    lines = [b" ".join([method, target, version]), *([] if host is None else [host]), *fields]
    return b"\r\n".join([*lines, b"", body])


def get(*fields: bytes, target=JWKS, method=b"GET", **options) -> bytes:
    return request(method, target, *fields, **options)


def post(*fields: bytes, target=b"/oauth2/token", body=FORM, **options) -> bytes:
    """A request for a token: 200 says that the body was read as it is."""
    return request(b"POST", target, FORM_TYPE, *fields, body=body, **options)


# Where it is taken for a request there is an answer more, 404.
SMUGGLED = get(CLOSE, target=b"/smuggled")


def fill(service, octets: bytes) -> bytes:
    """With the credentials of the service's client."""
    credentials = {"client_id": service.client_id, "client_secret": service.client_secret}
    form = urlencode({"grant_type": "client_credentials", **credentials}).encode()
    for name, value in {b"$FORM": form, b"$LENGTH": b"%d" % len(form), b"$HEX": b"%x" % len(form)}.items():
        octets = octets.replace(name, value)
    return octets


@pytest.fixture(scope="module")
def secure_service(tmp_path_factory):
    with SecureService(tmp_path_factory.mktemp("writ"), Authority()) as service:
        yield service.start()


@pytest.fixture(params=["http", "https"])
def any_service(request):
    return request.getfixturevalue("service" if request.param == "http" else "secure_service")


@dataclass(frozen=True)
class Answer:
    status: int
    fields: dict[str, str]
    body: bytes


class RawConnection:
    """A connection on which anything may be said. What comes back must be HTTP/1.1, to the last octet."""

    def __init__(self, service, *protocols: str, listener="issuer", receive_buffer: int | None = None):
        """With TLS where the service has it; the protocols are for ALPN."""
        host, _, port = getattr(service, listener).partition("://")[2].partition(":")
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(PATIENCE)
        self.socket.connect((host, int(port)))
        if isinstance(service, SecureService) and listener == "issuer":
            context = service.context(*(protocols or ["http/1.1"]))
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        self.received = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, octets: bytes) -> bool:
        """Whether the other side was there to take them."""
        with suppress(*GONE):
            self.socket.sendall(octets)
            return True
        return False

    def end(self):
        """Half-closes: nothing more will be sent."""
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        """Goes without a goodbye: the other side gets a RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def receive(self) -> bool:
        """Waits for octets; whether there were any before the end."""
        part = b""
        with suppress(*GONE):
            part = self.socket.recv(65536)
        self.received += part
        return part != b""

    def answer(self, method="GET") -> Answer | None:
        """The next one, interim ones too; nothing where the connection ends first."""
        while b"\r\n\r\n" not in self.received:
            if not self.receive():
                assert not self.received, f"the connection ended within {self.received[:200]}"
                return None
        head, _, self.received = self.received.partition(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").split("\r\n")
        version, status, _ = line.split(" ", 2)
        assert version == "HTTP/1.1", line
        fields = {}
        for name, colon, value in (each.partition(":") for each in lines):
            assert colon and name.lower() not in fields, head
            fields[name.lower()] = value.strip()
        # All that is sent here has a length.
        assert "transfer-encoding" not in fields, head
        length = int(fields.get("content-length", 0))
        if method == "HEAD" or status[0] == "1" or status in ("204", "304"):
            length = 0
        while len(self.received) < length:
            assert self.receive(), f"the connection ended before all of the answer was there: {head}"
        body, self.received = self.received[:length], self.received[length:]
        return Answer(int(status), fields, body)

    def answers(self, method="GET") -> list[Answer]:
        """All, to the end of the connection, which must come."""
        found = []
        while (answer := self.answer(method)) is not None:
            found.append(answer)
        return found

    def is_closed(self) -> bool:
        """Whether the other side has nothing more to say."""
        return not self.received and not self.receive()


def statuses(service, octets: bytes, method="GET") -> list[int]:
    """Those of all answers, on a connection that the server must close."""
    with RawConnection(service) as connection:
        connection.send(fill(service, octets))
        try:
            return [answer.status for answer in connection.answers(method)]
        except TimeoutError:
            raise AssertionError(f"neither an answer nor an end after {PATIENCE} s") from None


def only_status(service, octets: bytes) -> int:
    """That of the only answer, on a connection that the server must close."""
    found = statuses(service, octets)
    assert len(found) == 1, f"{len(found)} answers, not one: {found}"
    return found[0]


def assert_serves(service):
    """Whatever came before, the next client gets a token."""
    assert service.process.poll() is None, f"the service has ended\n{service.log[-2000:]}"
    answer = service.request_token()
    assert answer.status_code == 200, answer.text
    assert claims(answer.json()["access_token"])["iss"] == service.issuer


def resident(service, field="VmRSS") -> int:
    """MiB of memory that the process has in use, or has had at most (VmHWM)."""
    with open(f"/proc/{service.process.pid}/status") as file:
        [line] = [line for line in file if line.startswith(f"{field}:")]
    return int(line.split()[1]) // 1024


@contextmanager
def bounded_memory(service, mebibytes: int):
    """What is done within takes the service no more memory than this, not even for a moment.

    A sanitizer keeps what was freed, so then it is done, but not measured.
    """
    if SANITIZER:
        yield
        return
    if not os.access(f"/proc/{service.process.pid}/clear_refs", os.W_OK):
        pytest.skip("only root may look into the service's memory")
    # Makes the most it has had what it has now.
    with open(f"/proc/{service.process.pid}/clear_refs", "w") as file:
        file.write("5")
    before = resident(service)
    yield
    growth = resident(service, "VmHWM") - before
    assert growth <= mebibytes, f"the service grew by {growth} MiB"
