"""Floods of frames of HTTP/2, and clients that give no room for answers: each costs little, and others are served."""

import pytest

from raw_http import assert_serves, bounded_memory, secure_service
from raw_http2 import (
    ACK,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    ERRORS,
    GET,
    GOAWAY,
    HEADER_TABLE_SIZE,
    HEADERS,
    INITIAL_WINDOW_SIZE,
    PADDED,
    PING,
    POST,
    PREFACE,
    PRIORITY,
    RST_STREAM,
    SETTINGS,
    HTTP2Connection,
    frame,
    get,
    headers,
    literal,
    outcome,
    post,
    request_fields,
    settings,
    status_of,
    window_update,
)


# ConnectionLimits.firstStreams: the streams of a connection whose client has not authenticated.
FIRST_STREAMS = 16


class TestWindows:
    """Section 6.9: not an octet more than the client has room for."""

    def test_of_nothing(self, secure_service):
        """As many answers as a client may ask for at once wait for room; then each is whole."""
        streams = range(1, 2 * FIRST_STREAMS, 2)
        small = PREFACE + settings((HEADER_TABLE_SIZE, 0), (INITIAL_WINDOW_SIZE, 0))
        with bounded_memory(secure_service, 24), HTTP2Connection(secure_service, small) as connection:
            connection.send(b"".join(headers(stream, GET) for stream in streams))
            lengths, waiting, ended = {}, set(streams), set()
            for each in connection.frames():
                assert each.kind not in (RST_STREAM, GOAWAY)
                if each.kind == DATA:
                    assert each.stream not in waiting or each.payload == b""
                    lengths[each.stream] = lengths.get(each.stream, 0) + len(each.payload)
                elif each.kind == HEADERS:
                    assert status_of(each.payload) == "200"
                    waiting.remove(each.stream)
                    if not waiting:
                        assert not any(lengths.values())
                        connection.send(window_update(0, 1 << 20) + b"".join(window_update(each, 8192) for each in streams))
                if each.kind == DATA and each.flags & END_STREAM:
                    ended.add(each.stream)
                if len(ended) == len(streams):
                    break
        assert ended == set(streams)
        assert len(set(lengths.values())) == 1 and lengths[1] > 100
        assert_serves(secure_service)

    def test_of_one_octet(self, secure_service):
        small = PREFACE + settings((HEADER_TABLE_SIZE, 0), (INITIAL_WINDOW_SIZE, 1))
        with HTTP2Connection(secure_service, small) as connection:
            connection.send(get())
            for each in connection.frames():
                assert each.kind not in (RST_STREAM, GOAWAY)
                if each.kind == DATA:
                    assert len(each.payload) <= 1
                    if each.flags & END_STREAM:
                        break
                    connection.send(window_update(1, 1))
            assert each.kind == DATA
        assert_serves(secure_service)


MANY = 5000
ODD = range(1, 2 * MANY, 2)
RESET = [frame(RST_STREAM, 0, stream, (8).to_bytes(4, "big")) for stream in ODD]
# Of a size that the table just takes; an octet each for every repetition.
LARGE_FIELD = literal(b"a", b"b" * 3900, 0x40)
FLOODS = {
    # CVE-2023-44487
    "rapid reset": b"".join(headers(stream, GET) + reset for stream, reset in zip(ODD, RESET)),
    "rapid reset, POST": b"".join(headers(stream, POST, END_HEADERS) + reset for stream, reset in zip(ODD, RESET)),
    # CVE-2025-8671: the client has the server reset its streams.
    "resets by window": b"".join(headers(stream, POST, END_HEADERS) + window_update(stream, 0) for stream in ODD),
    "resets by DATA": b"".join(headers(stream, GET) + frame(DATA, 0, stream, b"a") for stream in ODD),
    "resets by malformed requests": b"".join(headers(stream, request_fields(path=None)) for stream in ODD),
    "resets of one stream": get() + RESET[0] * MANY,
    # CVE-2024-27316 and its relatives
    "CONTINUATION, empty": headers(1, GET, END_STREAM) + frame(CONTINUATION, 0, 1) * 50_000,
    "CONTINUATION, octets": headers(1, GET, END_STREAM) + frame(CONTINUATION, 0, 1, b"a") * 50_000,
    "CONTINUATION, fields": headers(1, GET, END_STREAM) + frame(CONTINUATION, 0, 1, literal(b"a", bytes(16_000))) * 2000,
    # CVE-2019-9511 to 9518
    "SETTINGS": settings() * MANY,
    "SETTINGS, full": settings(*[(HEADER_TABLE_SIZE, 0)] * 2000) * 1000,
    "SETTINGS, ACK": frame(SETTINGS, ACK) * MANY,
    "PING": frame(PING, payload=bytes(8)) * MANY,
    "PING, ACK": frame(PING, ACK, payload=bytes(8)) * MANY,
    "PRIORITY": b"".join(frame(PRIORITY, 0, stream, bytes(5)) for stream in ODD),
    "DATA, empty": post(body=None) + frame(DATA, 0, 1) * MANY,
    "DATA, padding": post(body=None) + frame(DATA, PADDED, 1, b"\xff" + bytes(255)) * MANY,
    "GOAWAY": frame(GOAWAY, payload=bytes(8)) * MANY,
    "WINDOW_UPDATE": window_update(0, 1) * 10_000,
    "WINDOW_UPDATE, stream": post(body=None) + window_update(1, 1) * 10_000,
    "unknown frames": frame(0x55, payload=bytes(1000)) * 10_000,
    # More streams than there may be, none of which ends.
    "streams": b"".join(headers(stream, POST, END_HEADERS) for stream in ODD),
    # Twelve megabytes of fields in three kilobytes; and one in a frame of sixteen.
    "bomb": headers(1, GET + LARGE_FIELD) + headers(3, GET + b"\xbe" * 3000),
    "bombs": headers(1, GET + LARGE_FIELD) + b"".join(headers(stream, GET + b"\xbe" * 16_000) for stream in ODD[1:200]),
    "bombs of little": headers(1, GET + LARGE_FIELD) + b"".join(headers(each, GET + b"\xbe" * 3) for each in ODD[1:]),
    "many fields": headers(1, GET + literal(b"a", b"") * 4000),
    "table changes": headers(1, b"\x20" * 16_000 + GET),
}


@pytest.mark.parametrize("name", FLOODS)
def test_floods(secure_service, name):
    """Each ends the connection, or costs so little that the next request on it is answered as ever."""
    last = 0x7FFFFFFF
    with bounded_memory(secure_service, 24):
        found = outcome(secure_service, FLOODS[name] + headers(last, GET), stream=last)
    assert found in {"200", "closed", *(f"GOAWAY {code}" for code in ERRORS)}
    assert_serves(secure_service)


def test_many_floods_at_once(secure_service):
    """None of the clients reads what it is sent."""
    with bounded_memory(secure_service, 32):
        connections = [HTTP2Connection(secure_service) for _ in range(20)]
        for connection, name in zip(connections, ["rapid reset", "PING", "SETTINGS", "streams", "bombs"] * 4):
            connection.send(FLOODS[name])
            assert_serves(secure_service)
        for connection in connections:
            connection.socket.close()
    assert_serves(secure_service)
