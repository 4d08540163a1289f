"""Frames and requests of HTTP/2 as no library sends them, and floods of them. Sections are those of RFC 9113."""

import pytest

from raw_http import FORM, JWKS, PATIENCE, assert_serves, fill, secure_service
from raw_http2 import (
    ACK,
    CONTINUATION,
    DATA,
    ENABLE_PUSH,
    END_HEADERS,
    END_STREAM,
    GET,
    GOAWAY,
    HEADERS,
    INITIAL_WINDOW_SIZE,
    MAX_FRAME_SIZE,
    PADDED,
    PING,
    POST,
    PREFACE,
    PRIORITY,
    PUSH_PROMISE,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    WITH_PRIORITY,
    HTTP2Connection,
    block,
    frame,
    get,
    headers,
    outcome,
    post,
    request_fields,
    settings,
    status_of,
    window_update,
)

NOTHING = (0).to_bytes(4, "big")


def credentials_length(difference=0) -> bytes:
    return b"%d" % (len("grant_type=client_credentials") + difference)


def stream_error(code: str) -> set[str]:
    """Section 5.4.2: it may be taken for an error of the connection."""
    return {f"RST_STREAM {code}", f"GOAWAY {code}"}


def connection_error(*codes: str) -> set[str]:
    """Section 5.4.1: GOAWAY should come before the end, but need not arrive."""
    return {*(f"GOAWAY {code}" for code in codes), "closed"}


# Section 8.1.1: a stream error, before which there may be an answer.
MALFORMED = {
    # Section 8.2.2: fields of the connection.
    "transfer-encoding": get((b"transfer-encoding", b"chunked")),
    "connection": get((b"connection", b"close")),
    "keep-alive": get((b"keep-alive", b"timeout=5")),
    "proxy-connection": get((b"proxy-connection", b"keep-alive")),
    "upgrade": get((b"upgrade", b"h2c")),
    "te": get((b"te", b"gzip")),
    # Section 8.2, 8.2.1
    "upper case": get((b"A", b"b")),
    "space in name": get((b"a b", b"c")),
    "colon in name": get((b"a:b", b"c")),
    "NUL in name": get((b"a\0b", b"c")),
    "NUL in value": get((b"a", b"b\0c")),
    "CR in value": get((b"a", b"b\rc")),
    "LF in value": get((b"a", b"b\nc")),
    "CR LF in value": get((b"a", b"b\r\nc: d")),
    # Section 8.3: pseudo-header fields once, first, and no others.
    "no fields": headers(1, b""),
    "no method": get(method=None),
    "no scheme": get(scheme=None),
    "no path": get(path=None),
    "two methods": headers(1, block((b":method", b"GET")) + GET),
    "two paths": headers(1, block((b":path", b"/a")) + GET),
    "two schemes": headers(1, block((b":scheme", b"https")) + GET),
    "two authorities": headers(1, block((b":authority", b"localhost")) + GET),
    "path after a field": headers(1, request_fields(path=None) + block((b"a", b"b"), (b":path", JWKS))),
    "unknown": headers(1, block((b":a", b"b")) + GET),
    "status": headers(1, block((b":status", b"200")) + GET),
    # RFC 8441 section 3: not without the setting.
    "protocol": headers(1, block((b":protocol", b"websocket")) + request_fields(b"CONNECT")),
    # Section 8.5: CONNECT has neither scheme nor path.
    "CONNECT with path": get(method=b"CONNECT"),
    # Section 8.3.1
    "empty path": get(path=b""),
    "space in path": get(path=b"/a b"),
    "NUL in path": get(path=b"/\0"),
    "CR LF in path": get(path=b"/ HTTP/1.1\r\na: b"),
    "absolute path": get(path=b"https://localhost" + JWKS),
    "space in scheme": get(scheme=b"a b"),
    "space in authority": get(authority=b"a b"),
    "space in method": get(method=b"GET /a"),
    "empty method": get(method=b""),
    # Section 8.1.1: content-length is the length of what comes.
    "shorter": post((b"content-length", credentials_length(+1))),
    "longer": post((b"content-length", credentials_length(-1))),
    "negative": post((b"content-length", b"-1")),
    "signed": post((b"content-length", b"+" + credentials_length())),
    "two lengths": post((b"content-length", credentials_length()), (b"content-length", b"5")),
    "no body": get((b"content-length", b"5")),
    # Section 8.1: trailers end the stream, and have no pseudo-header fields.
    "trailers with path": post(body=None) + headers(1, block((b":path", b"/"))),
    "trailers without end": post(body=None) + headers(1, block((b"a", b"b")), END_HEADERS),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_requests(secure_service, name):
    # Where the stream is reset without an error, there was no answer either.
    assert outcome(secure_service, MALFORMED[name]) in stream_error("PROTOCOL_ERROR") | {"RST_STREAM CANCEL", "400"}
    assert_serves(secure_service)


# What is taken for a request, or may be.
UNDERSTOOD = {
    "GET": (get(), {"200"}),
    "POST": (post((b"content-length", credentials_length())), {"401"}),
    "trailers": (post(body=None) + headers(1, block((b"a", b"b"))), {"400"}),
    # RFC 9110 section 6.5.1: trailers authenticate nobody.
    "credentials in trailers": (
        post(body=None)
        + frame(DATA, 0, 1, b"grant_type=client_credentials")
        + headers(1, block((b"authorization", b"Basic YTpi"))),
        {"401"},
    ),
    "te: trailers": (get((b"te", b"trailers")), {"200"}),
    "HEAD": (get(method=b"HEAD"), {"200"}),
    "OPTIONS": (get(method=b"OPTIONS"), {"204"}),
    "TRACE": (get(method=b"TRACE"), {"405", "501"}),
    "unknown method": (get(method=b"FOO"), {"405", "501"}),
    "CONNECT": (headers(1, block((b":method", b"CONNECT"), (b":authority", b"a:80"))), {"400", "404", "405", "501"}),
    # Section 8.3.1: these are not what a path is.
    "relative path": (get(path=b"jwks.json"), {"400", "404", *stream_error("PROTOCOL_ERROR")}),
    "asterisk": (get(path=b"*"), {"400", "404", *stream_error("PROTOCOL_ERROR")}),
    "fragment": (get(path=JWKS + b"#a"), {"400", "404", *stream_error("PROTOCOL_ERROR")}),
    "no UTF-8 in path": (get(path=b"/\xff"), {"400"}),
    "mark behind the path": (get(path=JWKS + b"/\xcc\x81"), {"400"}),
    "Kelvin sign in path": (get(path=b"/.well-\xe2\x84\xaanown/jwks.json"), {"400"}),
    "path of 15,000": (get(path=b"/" + b"a" * 15_000), {"404", "414", "431"}),
    "no authority": (get(authority=None), {"200", "400"}),
    "host": (get((b"host", b"localhost"), authority=None), {"200"}),
    "another host": (get((b"host", b"example.com")), {"200", "400", "421", *stream_error("PROTOCOL_ERROR")}),
    "another scheme": (get(scheme=b"ftp"), {"200", "400", "421"}),
    # Section 8.2.1: other controls may be refused.
    "control in value": (get((b"a", b"b\x01c")), {"200", "400", *stream_error("PROTOCOL_ERROR")}),
    "no UTF-8 in value": (get((b"a", b"\xff\xfe")), {"200"}),
    "no UTF-8 in credentials": (post((b"authorization", b"Basic \xff\xfe")), {"400", "401"}),
    "too large": (post(body=None) + frame(DATA, 0, 1, bytes(9000)) + frame(DATA, END_STREAM, 1, bytes(9000)), {"413"}),
    # Sections 4.1 and 5.5: what is not known is ignored, and so is the reserved bit.
    "unknown frame": (frame(0x55, 0xFF, 7, b"a") + get(), {"200"}),
    "unknown setting": (settings((0x99, 5)) + get(), {"200"}),
    "reserved bit": (headers(0x80000001, GET), {"200"}),
    # Section 6.10
    "continuation": (headers(1, GET[:9], END_STREAM) + frame(CONTINUATION, END_HEADERS, 1, GET[9:]), {"200"}),
    # Section 6.8: who says goodbye still gets what he asked for.
    "GOAWAY before": (frame(GOAWAY, payload=bytes(8)) + get(), {"200"}),
    "GOAWAY after": (get() + frame(GOAWAY, payload=bytes(8)), {"200"}),
}


@pytest.mark.parametrize("name", UNDERSTOOD)
def test_understood(secure_service, name):
    octets, expected = UNDERSTOOD[name]
    assert outcome(secure_service, octets) in expected
    assert_serves(secure_service)


ON_ITSELF = (1).to_bytes(4, "big") + b"\x10"
ERRONEOUS = {
    # Section 5.1.1
    "even stream": (headers(2, GET), connection_error("PROTOCOL_ERROR")),
    "stream 0": (headers(0, GET), connection_error("PROTOCOL_ERROR")),
    "lower stream": (headers(5, POST, END_HEADERS) + headers(3, GET), connection_error("PROTOCOL_ERROR")),
    # Section 5.1: a stream that its client has ended; or trailers that are malformed.
    "stream again": (headers(1, GET) * 2, stream_error("STREAM_CLOSED") | stream_error("PROTOCOL_ERROR")),
    "DATA after the end": (get() + frame(DATA, 0, 1, b"a"), stream_error("STREAM_CLOSED")),
    "DATA, idle": (frame(DATA, END_STREAM, 1, b"a"), connection_error("PROTOCOL_ERROR", "STREAM_CLOSED")),
    "RST_STREAM, idle": (frame(RST_STREAM, 0, 1, NOTHING), connection_error("PROTOCOL_ERROR")),
    "WINDOW_UPDATE, idle": (window_update(1, 1), connection_error("PROTOCOL_ERROR")),
    # Sections 6.1, 6.2
    "DATA, stream 0": (frame(DATA, END_STREAM, 0, b"a"), connection_error("PROTOCOL_ERROR")),
    "padding beyond DATA": (post(body=None) + frame(DATA, PADDED, 1, b"\x04abc"), connection_error("PROTOCOL_ERROR")),
    "padding beyond HEADERS": (headers(1, b"\xff" + GET, 5 | PADDED), connection_error("PROTOCOL_ERROR")),
    # Section 4.2
    "DATA of 16,385": (post(body=bytes(16_385)), stream_error("FRAME_SIZE_ERROR") | {"closed"}),
    "HEADERS of 17,000": (get((b"a", b"b" * 17_000)), connection_error("FRAME_SIZE_ERROR")),
    "unknown frame of 20,000": (frame(0x55, payload=bytes(20_000)), connection_error("FRAME_SIZE_ERROR")),
    "head of a frame of 2^24-1": (b"\xff\xff\xff" + bytes([DATA, 0, 0, 0, 0, 1]), connection_error("FRAME_SIZE_ERROR")),
    # Section 6.3, and section 5.3.1 of RFC 7540: priorities may be ignored, errors in them too.
    "PRIORITY on itself": (frame(PRIORITY, 0, 1, ON_ITSELF) + get(), stream_error("PROTOCOL_ERROR") | {"200"}),
    "HEADERS on themselves": (
        headers(1, ON_ITSELF + GET, END_STREAM | END_HEADERS | WITH_PRIORITY),
        stream_error("PROTOCOL_ERROR") | {"200"},
    ),
    "PRIORITY of 4": (frame(PRIORITY, 0, 1, bytes(4)), stream_error("FRAME_SIZE_ERROR")),
    "PRIORITY, stream 0": (frame(PRIORITY, 0, 0, bytes(5)), connection_error("PROTOCOL_ERROR")),
    # Section 6.4
    "RST_STREAM, stream 0": (frame(RST_STREAM, payload=NOTHING), connection_error("PROTOCOL_ERROR")),
    "RST_STREAM of 3": (post(body=None) + frame(RST_STREAM, 0, 1, bytes(3)), connection_error("FRAME_SIZE_ERROR")),
    # Section 6.5
    "SETTINGS, stream 1": (frame(SETTINGS, 0, 1), connection_error("PROTOCOL_ERROR")),
    "SETTINGS of 5": (frame(SETTINGS, payload=bytes(5)), connection_error("FRAME_SIZE_ERROR")),
    "ACK of 6": (frame(SETTINGS, ACK, payload=bytes(6)), connection_error("FRAME_SIZE_ERROR")),
    "push 2": (settings((ENABLE_PUSH, 2)), connection_error("PROTOCOL_ERROR")),
    "window of 2^31": (settings((INITIAL_WINDOW_SIZE, 1 << 31)), connection_error("FLOW_CONTROL_ERROR")),
    "frames of 100": (settings((MAX_FRAME_SIZE, 100)), connection_error("PROTOCOL_ERROR")),
    "frames of 2^24": (settings((MAX_FRAME_SIZE, 1 << 24)), connection_error("PROTOCOL_ERROR")),
    # Section 8.4
    "PUSH_PROMISE": (frame(PUSH_PROMISE, END_HEADERS, 1, (2).to_bytes(4, "big") + GET), connection_error("PROTOCOL_ERROR")),
    # Section 6.7
    "PING of 7": (frame(PING, payload=bytes(7)), connection_error("FRAME_SIZE_ERROR")),
    "PING, stream 1": (frame(PING, 0, 1, bytes(8)), connection_error("PROTOCOL_ERROR")),
    # Section 6.8
    "GOAWAY, stream 1": (frame(GOAWAY, 0, 1, bytes(8)), connection_error("PROTOCOL_ERROR")),
    "GOAWAY of 4": (frame(GOAWAY, payload=bytes(4)), connection_error("FRAME_SIZE_ERROR")),
    # Section 6.9
    "window of nothing": (window_update(0, 0), connection_error("PROTOCOL_ERROR")),
    "window of nothing, stream": (post(body=None) + window_update(1, 0), stream_error("PROTOCOL_ERROR")),
    "WINDOW_UPDATE of 3": (frame(WINDOW_UPDATE, payload=bytes(3)), connection_error("FRAME_SIZE_ERROR")),
    "window overflow": (window_update(0, 0x7FFFFFFF), connection_error("FLOW_CONTROL_ERROR")),
    "window overflow, stream": (post(body=None) + window_update(1, 0x7FFFFFFF), stream_error("FLOW_CONTROL_ERROR")),
    # Section 6.9.2
    "window overflow, settings": (
        post(body=None) + window_update(1, 0x7FFF0000) + settings((INITIAL_WINDOW_SIZE, 1 << 20)),
        connection_error("FLOW_CONTROL_ERROR"),
    ),
    # Section 6.10: nothing may come between.
    "CONTINUATION, idle": (frame(CONTINUATION, END_HEADERS, 1, GET), connection_error("PROTOCOL_ERROR")),
    "CONTINUATION, another stream": (
        headers(1, GET, END_STREAM) + frame(CONTINUATION, END_HEADERS, 3),
        connection_error("PROTOCOL_ERROR"),
    ),
    "PING within HEADERS": (headers(1, GET, END_STREAM) + frame(PING, payload=bytes(8)), connection_error("PROTOCOL_ERROR")),
    # Section 4.3, RFC 7541 sections 2.3.3, 4.2, 5.1, 5.2 and 6.1
    "index 0": (headers(1, b"\x80"), connection_error("COMPRESSION_ERROR")),
    "index beyond the table": (headers(1, b"\xff\xff\xff\x0f"), connection_error("COMPRESSION_ERROR")),
    "endless integer": (headers(1, b"\xff" * 100), connection_error("COMPRESSION_ERROR")),
    "half a field": (headers(1, GET + b"\x00\x7f"), connection_error("COMPRESSION_ERROR")),
    "EOS in Huffman": (headers(1, GET + b"\x00\x01a\x84\xff\xff\xff\xff"), connection_error("COMPRESSION_ERROR")),
    "table too large": (headers(1, b"\x3f\xff\xff\xff\x0f" + GET), connection_error("COMPRESSION_ERROR")),
    "table change too late": (headers(1, GET + b"\x20"), connection_error("COMPRESSION_ERROR")),
}


@pytest.mark.parametrize("name", ERRONEOUS)
def test_erroneous_frames(secure_service, name):
    octets, expected = ERRONEOUS[name]
    assert outcome(secure_service, octets) in expected
    assert_serves(secure_service)


# Section 3.4: the preface, of which SETTINGS are a part.
@pytest.mark.parametrize(
    "initial",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        PREFACE + get(),
        PREFACE + frame(SETTINGS, ACK),
        b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
    ],
    ids=["HTTP/1.1", "HEADERS first", "ACK first", "another preface"],
)
def test_erroneous_beginnings(secure_service, initial):
    assert outcome(secure_service, b"", initial=initial) in connection_error("PROTOCOL_ERROR")
    assert_serves(secure_service)


def test_a_stream_that_has_had_its_answer(secure_service):
    """Sections 5.1 and 5.1.1: its identifier is used up."""
    with HTTP2Connection(secure_service) as connection:
        connection.send(get())
        assert connection.outcome() == "200"
        connection.send(get())
        assert connection.outcome() in connection_error("PROTOCOL_ERROR", "STREAM_CLOSED") | {"RST_STREAM STREAM_CLOSED"}
    assert_serves(secure_service)


def test_expectations(secure_service):
    """RFC 9110 section 10.1.1: who waits for 100 gets it, or a final answer."""
    form = fill(secure_service, FORM)
    with HTTP2Connection(secure_service) as connection:
        connection.send(post((b"expect", b"100-continue"), (b"content-length", b"%d" % len(form)), body=None))
        try:
            assert next(status_of(each.payload) for each in connection.frames() if each.kind == HEADERS) == "100"
        except TimeoutError:
            pytest.fail(f"a client that waits for 100 (Continue) has waited {PATIENCE} s in vain")
        connection.send(frame(DATA, END_STREAM, 1, form))
        assert connection.outcome() == "200"
    assert_serves(secure_service)
