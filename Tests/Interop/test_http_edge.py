"""Requests of HTTP/1 as no library sends them: what has two meanings is refused, and never becomes a second request."""

import pytest

from raw_http import (
    CHUNKED,
    CHUNKS,
    CLOSE,
    JWKS,
    LENGTH,
    SMUGGLED,
    any_service,
    assert_serves,
    get,
    only_status,
    post,
    request,
    # A fixture, which any_service asks for.
    secure_service,
    statuses,
)

# What is to be refused with 400; RFC 9112 unless another is named. After it comes what must not be a request.
REFUSED = {
    # Section 6.3, 3: may be refused; else the connection must be closed all the same.
    "length, chunked": post(LENGTH, CHUNKED, body=CHUNKS),
    "chunked, length": post(CHUNKED, LENGTH, body=CHUNKS),
    "short length, chunked": post(b"Content-Length: 4", CHUNKED, body=b"0\r\n\r\n"),
    # Section 6.3, 5
    "two lengths": post(LENGTH, b"Content-Length: 5"),
    "list of lengths": post(b"Content-Length: $LENGTH, 5"),
    # RFC 9110 section 8.6: nothing but digits.
    "negative length": post(b"Content-Length: -1"),
    "signed length": post(b"Content-Length: +$LENGTH"),
    "length with space": post(b"Content-Length: 1 94"),
    "hexadecimal length": post(b"Content-Length: 0x$HEX"),
    "decimal length": post(b"Content-Length: $LENGTH.0"),
    "no length": post(b"Content-Length:"),
    "vertical tab, length": post(b"Content-Length: \x0b$LENGTH"),
    "length 2^64": post(b"Content-Length: 18446744073709551616"),
    # Section 6.3, 4: the length cannot be told where chunked is not last.
    "chunked, identity": post(b"Transfer-Encoding: chunked, identity", body=CHUNKS),
    "chunked; identity": post(CHUNKED, b"Transfer-Encoding: identity", body=CHUNKS),
    "identity": post(b"Transfer-Encoding: identity", LENGTH),
    "xchunked": post(b"Transfer-Encoding: xchunked", body=CHUNKS),
    "quoted chunked": post(b'Transfer-Encoding: "chunked"', body=CHUNKS),
    "vertical tab, chunked": post(b"Transfer-Encoding: \x0bchunked", body=CHUNKS),
    "no coding": post(b"Transfer-Encoding:", body=CHUNKS),
    "no coding, length": post(b"Transfer-Encoding:", LENGTH),
    "empty list of codings": post(b"Transfer-Encoding: ,", body=CHUNKS),
    # Section 7: not more than once.
    "chunked twice": post(b"Transfer-Encoding: chunked, chunked", body=CHUNKS),
    "chunked, chunked": post(CHUNKED, CHUNKED, body=CHUNKS),
    # Section 7.1
    "chunk size 2^68": post(CHUNKED, body=b"fffffffffffffffff\r\n$FORM\r\n0\r\n\r\n"),
    "negative chunk": post(CHUNKED, body=b"-1\r\n$FORM\r\n0\r\n\r\n"),
    "signed chunk": post(CHUNKED, body=b"+" + CHUNKS),
    "0x chunk": post(CHUNKED, body=b"0x" + CHUNKS),
    "garbage chunk": post(CHUNKED, body=b"zz\r\n$FORM\r\n0\r\n\r\n"),
    "no chunk size": post(CHUNKED, body=b"\r\n$FORM\r\n0\r\n\r\n"),
    "space, chunk size": post(CHUNKED, body=b" " + CHUNKS),
    "chunk size, LF": post(CHUNKED, body=CHUNKS.replace(b"$HEX\r\n", b"$HEX\n")),
    "chunk, LF": post(CHUNKED, body=CHUNKS.replace(b"$FORM\r\n", b"$FORM\n")),
    "chunk, no end": post(CHUNKED, body=CHUNKS.replace(b"$FORM\r\n", b"$FORM")),
    "chunk too long": post(CHUNKED, body=CHUNKS.replace(b"$FORM", b"$FORM+")),
    "extension, LF": post(CHUNKED, body=CHUNKS.replace(b"$HEX", b"$HEX;a\nb")),
    # Section 5.2: folding may be refused.
    "folded field": get(b"A: b\r\n c"),
    "tab-folded field": get(b"A: b\r\n\tc"),
    "folded first field": get(host=b" A: b\r\nHost: localhost"),
    "folded length": post(b"Content-Length:\r\n $LENGTH"),
    "folded coding": post(b"Transfer-Encoding:\r\n chunked", body=CHUNKS),
    # Section 2.2: a line may end in LF alone, but proxies are not of one mind about it. A CR alone ends nothing.
    "LF everywhere": get().replace(b"\r\n", b"\n"),
    "LF, field": get(b"A: b\nC: d"),
    "LF, request line": get().replace(b"1.1\r\n", b"1.1\n"),
    "CR, field": get(b"A: b\rC: d"),
    "CR CR LF": get(b"A: b\r"),
    # Section 5.1: no space there.
    "space, colon": get(b"A : b"),
    "tab, colon": get(b"A\t: b"),
    "length, space, colon": post(b"Content-Length : $LENGTH"),
    "coding, space, colon": post(b"Transfer-Encoding : chunked", LENGTH),
    # RFC 9110 section 5.1: a token.
    "space in name": get(b"A B: c"),
    "NUL in name": get(b"A\0B: c"),
    "UTF-8 in name": get("Ä: b".encode()),
    "parenthesis in name": get(b"A(B): c"),
    "no name": get(b": b"),
    "no colon": get(b"A"),
    # RFC 9110 section 5.5: no NUL, CR, LF; others may be refused.
    "NUL in value": get(b"A: b\0c"),
    "control in value": get(b"A: b\x01c"),
    "DEL in value": get(b"A: b\x7fc"),
    # Section 3.2: a host, and one alone.
    "no host": get(host=None),
    "no host, POST": post(LENGTH, host=None),
    "no host, absolute": get(host=None, target=b"http://localhost" + JWKS),
    "two hosts": get(b"Host: example.com"),
    "same host twice": get(b"Host: localhost"),
    "host with space": get(host=b"Host: a b"),
    "host with user": get(host=b"Host: a@b"),
    "host with path": get(host=b"Host: a/b"),
    "list of hosts": get(host=b"Host: a, b"),
    "host with odd port": get(host=b"Host: a:b"),
    # Section 3.2: what is no target.
    "NUL in target": get(target=b"/\0"),
    "control in target": get(target=b"/\x01"),
    "DEL in target": get(target=b"/\x7f"),
    "UTF-8 in target": get(target="/ä".encode()),
    "no UTF-8 in target": get(target=b"/\xff\xfe"),
    "space in target": get(target=b"/a b"),
    "tab in target": get(target=b"/a\tb"),
    "no target": get(target=b""),
    "relative target": get(target=b"jwks.json"),
    "authority-form": get(target=b"localhost:80"),
    # Section 3.1
    "empty method": get(method=b""),
    "NUL in method": get(method=b"G\0T"),
    "space, method": get(method=b" GET"),
    # Neither.
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "words": b"hello world\r\n\r\n",
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(any_service, name):
    assert statuses(any_service, REFUSED[name] + SMUGGLED) == [400]
    assert_serves(any_service)


# What may be refused otherwise, or with these: the first is what we prefer.
ALSO_REFUSED = {
    # RFC 9112 section 6.1: a coding that is not understood.
    "gzip, chunked": (post(b"Transfer-Encoding: gzip, chunked", body=CHUNKS), {501, 400}),
    "identity, chunked": (post(b"Transfer-Encoding: identity, chunked", body=CHUNKS), {501, 400}),
    "identity; chunked": (post(b"Transfer-Encoding: identity", CHUNKED, body=CHUNKS), {501, 400}),
    # RFC 9110 section 9.1: methods are told by case; one that is not known should get 501.
    "unknown method": (get(method=b"FOO"), {501, 405, 400}),
    "lower-case method": (get(method=b"get"), {501, 405, 400}),
    "odd method": (get(method=b"G@T"), {501, 405, 400}),
    "method of 100 KiB": (get(method=b"G" * 102_400), {501, 400}),
    # RFC 9110 section 15.6.6, RFC 9112 section 2.3: one digit each, after HTTP.
    "HTTP/2.0": (get(version=b"HTTP/2.0"), {505, 400}),
    "HTTP/2.0 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {505, 400}),
    "HTTP/0.9": (get(version=b"HTTP/0.9"), {505, 400}),
    "HTTP/0.9, simple": (b"GET /.well-known/jwks.json\r\n\r\n", {505, 400}),
    "HTTP/1.10": (get(version=b"HTTP/1.10"), {400, 505}),
    "HTTP/01.1": (get(version=b"HTTP/01.1"), {400, 505}),
    "HTTP/1": (get(version=b"HTTP/1"), {400, 505}),
    "http/1.1": (get(version=b"http/1.1"), {400, 505}),
    "HTTP/1.1x": (get(version=b"HTTP/1.1x"), {400, 505}),
    # The parser knows it as well, and nothing behind it tells them apart: an answer of HTTP/1.1 is one.
    "RTSP/1.0": (get(CLOSE, version=b"RTSP/1.0"), {200, 400, 505}),
    "ICE/1.0": (get(version=b"ICE/1.0"), {400, 505}),
}


@pytest.mark.parametrize("name", ALSO_REFUSED)
def test_refused_in_one_way_or_another(any_service, name):
    octets, expected = ALSO_REFUSED[name]
    assert only_status(any_service, octets + SMUGGLED) in expected
    assert_serves(any_service)


# What has one meaning; the statuses are those that it may have.
UNDERSTOOD = {
    "plain": (post(LENGTH, CLOSE), {200}),
    "chunks": (post(CHUNKED, CLOSE, body=CHUNKS), {200}),
    # RFC 9112 section 6.3, 5
    "equal lengths": (post(LENGTH, LENGTH, CLOSE), {200, 400}),
    "list of equal lengths": (post(b"Content-Length: $LENGTH, $LENGTH", CLOSE), {200, 400}),
    # RFC 9110 sections 5.5 and 8.6
    "length, zeros": (post(b"Content-Length: 000$LENGTH", CLOSE), {200}),
    "length, spaces": (post(b"Content-Length:   $LENGTH  ", CLOSE), {200}),
    "length, tabs": (post(b"Content-Length:\t$LENGTH\t", CLOSE), {200, 400}),
    # RFC 9112 section 7
    "CHUNKED": (post(b"Transfer-Encoding: CHUNKED", CLOSE, body=CHUNKS), {200}),
    "chunked, space": (post(CHUNKED + b" ", CLOSE, body=CHUNKS), {200}),
    # RFC 9110 section 5.6.1.2: empty elements of lists are skipped.
    "empty, chunked": (post(b"Transfer-Encoding: , chunked", CLOSE, body=CHUNKS), {200, 400}),
    # RFC 9112 section 7.1.1: extensions are ignored, up to a limit.
    "extension": (post(CHUNKED, CLOSE, body=CHUNKS.replace(b"$HEX", b'$HEX;a=b;c="d;e"')), {200}),
    "extension of 100 KiB": (post(CHUNKED, CLOSE, body=CHUNKS.replace(b"$HEX", b"$HEX;" + b"a" * 102_400)), {200, 400}),
    "chunk size, zeros": (post(CHUNKED, CLOSE, body=b"000" + CHUNKS), {200}),
    # RFC 9112 section 7.1.2: trailers are dropped; never are they framing, routing or authentication (RFC 9110 6.5.1).
    "trailer": (post(CHUNKED, CLOSE, body=CHUNKS[:-2] + b"A: b\r\n\r\n"), {200}),
    "trailer with length": (post(CHUNKED, CLOSE, body=CHUNKS[:-2] + b"Content-Length: 5\r\n\r\n"), {200, 400}),
    "trailer with coding": (post(CHUNKED, CLOSE, body=CHUNKS[:-2] + b"Transfer-Encoding: chunked\r\n\r\n"), {200, 400}),
    "trailer with host": (post(CHUNKED, CLOSE, body=CHUNKS[:-2] + b"Host: example.com\r\n\r\n"), {200, 400}),
    "trailer with credentials": (
        post(CHUNKED, CLOSE, body=b"1d\r\ngrant_type=client_credentials\r\n0\r\nAuthorization: Basic YTpi\r\n\r\n"),
        {401},
    ),
    # RFC 9112 section 2.2: an empty line before the request is ignored.
    "empty line": (b"\r\n" + get(CLOSE), {200}),
    # RFC 9112 section 3: space may be taken for one SP.
    "two spaces": (get(CLOSE, version=b" HTTP/1.1"), {200, 400}),
    # RFC 9110 section 2.5: a higher minor version should be taken for 1.1.
    "HTTP/1.2": (get(CLOSE, version=b"HTTP/1.2"), {200, 505, 400}),
    "HTTP/1.0, no host": (get(host=None, version=b"HTTP/1.0"), {200}),
    # RFC 9112 section 3.2: the host is empty where the target has none.
    "empty host": (get(CLOSE, host=b"Host:"), {200, 400}),
    "host with port": (get(CLOSE, host=b"Host: [::1]:8080"), {200}),
    # RFC 9112 section 3.2.2: taken, and better than what Host says.
    "absolute": (get(CLOSE, target=b"http://localhost" + JWKS), {200}),
    "absolute, query": (get(CLOSE, target=b"HTTP://localhost:80" + JWKS + b"?a=b"), {200}),
    "absolute, another host": (get(CLOSE, target=b"http://example.com" + JWKS), {200, 421}),
    "absolute POST": (post(LENGTH, CLOSE, target=b"http://localhost/oauth2/token"), {200}),
    "absolute, no path": (get(CLOSE, target=b"http://localhost"), {404}),
    # RFC 9112 section 3.2: no fragment there.
    "fragment": (get(CLOSE, target=JWKS + b"#a"), {400, 404}),
    "%00": (get(CLOSE, target=b"/%00"), {400, 404}),
    "%zz": (get(CLOSE, target=b"/%zz"), {400, 404}),
    "dots": (get(CLOSE, target=b"/a/.." + JWKS), {200, 400, 404}),
    # RFC 9110 section 5.5: opaque.
    "no UTF-8 in value": (get(CLOSE, b"A: \xff\xfe"), {200}),
    "empty value": (get(CLOSE, b"A:"), {200}),
    "tab in value": (get(CLOSE, b"A: b\tc"), {200}),
    "no UTF-8 in credentials": (post(LENGTH, CLOSE, b"Authorization: Basic \xff\xfe"), {400, 401}),
    # RFC 9110 section 14.2: a range may be ignored, and one that asks for too much should be.
    "range": (get(CLOSE, b"Range: bytes=" + b",".join(b"0-%d" % end for end in range(1000))), {200, 416}),
}


@pytest.mark.parametrize("name", UNDERSTOOD)
def test_understood(any_service, name):
    octets, expected = UNDERSTOOD[name]
    assert only_status(any_service, octets) in expected
    assert_serves(any_service)


@pytest.mark.parametrize(
    "octets",
    [
        get(CHUNKED, body=b"zz\r\n"),
        get(b"Transfer-Encoding: identity"),
        get(b"Transfer-Encoding: ,"),
        request(b"PUT", b"/oauth2/token", CHUNKED, body=b"zz\r\n"),
    ],
    ids=["GET, garbage chunk", "GET, identity", "GET, empty list of codings", "PUT, garbage chunk"],
)
def test_one_answer_though_nobody_needs_the_body(any_service, octets):
    """RFC 9110 section 15: a request has one final answer; a second one would be taken for that of the next request."""
    assert only_status(any_service, octets + SMUGGLED) in (200, 400, 405, 501)
    assert_serves(any_service)
