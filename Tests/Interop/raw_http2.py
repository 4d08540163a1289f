"""HTTP/2 (RFC 9113) frame by frame."""

import itertools
from collections.abc import Iterator
from typing import NamedTuple

from raw_http import JWKS, PATIENCE, RawConnection

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
# Flags: what the first means depends on the kind of the frame.
END_STREAM = ACK = 0x1
END_HEADERS, PADDED, WITH_PRIORITY = 0x4, 0x8, 0x20
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
# RFC 9113 section 7
ERRORS = (
    "NO_ERROR PROTOCOL_ERROR INTERNAL_ERROR FLOW_CONTROL_ERROR SETTINGS_TIMEOUT STREAM_CLOSED FRAME_SIZE_ERROR "
    "REFUSED_STREAM CANCEL COMPRESSION_ERROR CONNECT_ERROR ENHANCE_YOUR_CALM INADEQUATE_SECURITY HTTP_1_1_REQUIRED"
).split()
HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE = range(1, 6)


def frame(kind: int, flags: int = 0, stream: int = 0, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def settings(*pairs: tuple[int, int]) -> bytes:
    return frame(SETTINGS, payload=b"".join(name.to_bytes(2, "big") + value.to_bytes(4, "big") for name, value in pairs))


def window_update(stream: int, increment: int) -> bytes:
    return frame(WINDOW_UPDATE, 0, stream, increment.to_bytes(4, "big"))


def integer(value: int, bits: int, first: int = 0) -> bytes:
    """RFC 7541 section 5.1"""
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    octets, value = [first | most], value - most
    while value >= 128:
        octets.append(value % 128 | 128)
        value //= 128
    return bytes([*octets, value])


def literal(name: bytes, value: bytes, first: int = 0) -> bytes:
    """A field as it is, RFC 7541 section 6.2: not put into the table, unless `first` says so (0x40)."""
    return bytes([first]) + integer(len(name), 7) + name + integer(len(value), 7) + value


def block(*fields: tuple[bytes, bytes]) -> bytes:
    return b"".join(literal(name, value) for name, value in fields)


def request_fields(method=b"GET", path=JWKS, *fields, scheme=b"https", authority=b"localhost") -> bytes:
    """The header block of a request."""
    pseudo = {b":method": method, b":scheme": scheme, b":authority": authority, b":path": path}
    return block(*((name, value) for name, value in pseudo.items() if value is not None), *fields)


def headers(stream: int, fields: bytes, flags: int = END_STREAM | END_HEADERS) -> bytes:
    return frame(HEADERS, flags, stream, fields)


FORM_TYPE = (b"content-type", b"application/x-www-form-urlencoded")
# Header blocks of any stream.
GET, POST = request_fields(), request_fields(b"POST", b"/oauth2/token", FORM_TYPE)


def get(*fields, path=JWKS, method=b"GET", **options) -> bytes:
    """A request on the first stream."""
    return headers(1, request_fields(method, path, *fields, **options))


def post(*fields, body: bytes | None = b"grant_type=client_credentials") -> bytes:
    """One for a token without credentials: 401 where it is understood. Without an end where there is no body."""
    head = headers(1, request_fields(b"POST", b"/oauth2/token", FORM_TYPE, *fields), END_HEADERS)
    return head if body is None else head + frame(DATA, END_STREAM, 1, body)


class Frame(NamedTuple):
    kind: int
    flags: int
    stream: int
    payload: bytes


class HTTP2Connection(RawConnection):
    def __init__(self, service, initial: bytes = PREFACE + settings((HEADER_TABLE_SIZE, 0))):
        """With no table of fields, so that statuses can be read one by one."""
        super().__init__(service, "h2")
        assert self.socket.selected_alpn_protocol() == "h2"
        self.send(initial)

    def frames(self) -> Iterator[Frame]:
        """What comes, to the end of the connection; SETTINGS and PING are answered."""
        while True:
            while len(self.received) < 9 or len(self.received) < 9 + int.from_bytes(self.received[:3], "big"):
                if not self.receive():
                    return
            length, kind, flags = int.from_bytes(self.received[:3], "big"), self.received[3], self.received[4]
            stream, payload = int.from_bytes(self.received[5:9], "big"), self.received[9 : 9 + length]
            self.received = self.received[9 + length :]
            if kind in (SETTINGS, PING) and not flags & ACK:
                self.send(frame(kind, ACK, 0, payload if kind == PING else b""))
            yield Frame(kind, flags, stream, payload)

    def outcome(self, stream: int = 1) -> str:
        """What becomes of a stream: a status, the code of a RST_STREAM or a GOAWAY, or the end of the connection."""
        answered = None
        for each in self.frames():
            if each.kind == GOAWAY and (code := code_of(each.payload[4:])) != "NO_ERROR":
                return f"GOAWAY {code}"
            if each.stream != stream:
                continue
            if each.kind == RST_STREAM:
                return f"RST_STREAM {code_of(each.payload)}"
            if each.kind == HEADERS:
                answered = status_of(each.payload)
            if each.kind in (HEADERS, DATA) and each.flags & END_STREAM:
                return answered
        return "closed"


def outcome(service, octets: bytes, stream=1, **options) -> str:
    """What becomes of a stream when these frames come at once."""
    with HTTP2Connection(service, **options) as connection:
        connection.send(octets)
        try:
            return connection.outcome(stream)
        except TimeoutError:
            raise AssertionError(f"nothing has become of the stream after {PATIENCE} s") from None


def code_of(payload: bytes) -> str:
    return ERRORS[int.from_bytes(payload[:4], "big")]


# What RFC 7541 has for indices 8 to 14.
STATUSES = {0x80 | index: status for index, status in enumerate("200 204 206 304 400 404 500".split(), start=8)}
# RFC 7541 appendix B: the codes of digits.
DIGITS = {f"{code:05b}": str(digit) for digit, code in enumerate([0, 1, 2])}
DIGITS |= {f"{code:06b}": str(digit) for digit, code in enumerate(range(0x19, 0x20), start=3)}


def status_of(fields: bytes) -> str:
    """The status, which is the first field."""
    # Changes of the size of the table, section 6.3.
    fields = bytes(itertools.dropwhile(lambda octet: octet & 0xE0 == 0x20, fields))
    if fields[0] in STATUSES:
        return STATUSES[fields[0]]
    assert fields[0] & 0x0F == 8 or fields[0] == 0x48, fields
    length = fields[1] & 0x7F
    value = fields[2 : 2 + length]
    if not fields[1] & 0x80:
        return value.decode()
    status, code = "", ""
    for bit in "".join(f"{octet:08b}" for octet in value):
        code += bit
        if code in DIGITS:
            status, code = status + DIGITS[code], ""
    return status
