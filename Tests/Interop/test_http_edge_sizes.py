"""Bodies that are no form, and requests of HTTP/1 that are larger than any: refused, and never kept whole."""

import json
import threading

import pytest

from raw_http import (
    CHUNKED,
    CHUNKS,
    CLOSE,
    JWKS,
    MEBIBYTE,
    RawConnection,
    assert_serves,
    bounded_memory,
    get,
    post,
    statuses,
)


@pytest.mark.parametrize("body", [b"a=\0", b"a=\xff\xfe", b"a=%ff", b"a=%00", b"a=%", b"a=%zz", b"\xef\xbb\xbf"], ids=ascii)
def test_bodies_that_are_no_form(service, body):
    """RFC 6749 section 5.2: the endpoint says what is wrong, in its own words."""
    with RawConnection(service) as connection:
        connection.send(post(CLOSE, b"Content-Length: %d" % len(body), body=body))
        answer = connection.answer()
        assert connection.is_closed()
    assert (answer.status, json.loads(answer.body)["error"]) == (400, "invalid_request")
    assert_serves(service)


# RFC 9110 section 8.6, RFC 9112 section 7.1: large numbers are no small ones.
@pytest.mark.parametrize(
    "octets",
    [
        post(b"Content-Length: 18446744073709551615", body=b"a" * 20_000),
        post(b"Content-Length: 9223372036854775808", body=b"a" * 20_000),
        post(b"Content-Length: 9223372036854775807", body=b""),
        post(CHUNKED, body=b"ffffffffffffffff\r\n" + b"a" * 20_000),
        post(CHUNKED, body=b"8000000000000000\r\n" + b"a" * 20_000),
    ],
    ids=["length 2^64-1", "length 2^63", "length 2^63-1", "chunk 2^64-1", "chunk 2^63"],
)
def test_lengths_beyond_measure(service, octets):
    with RawConnection(service) as connection:
        connection.send(octets)
        assert connection.answer().status in (413, 400)
    assert_serves(service)


# Of requests that are too large, and what may be answered; nothing where the connection may just be closed.
LARGE = {
    # RFC 6585 section 5, RFC 9112 section 5
    "1 MiB of fields": (get(CLOSE, *(b"A%d: %s" % (number, b"a" * 1000) for number in range(1024))), {431, 400}),
    "10,000 fields": (get(CLOSE, *[b"a: b"] * 10_000), {431, 400}),
    "field of 70 KiB": (get(CLOSE, b"A: " + b"a" * 71_680), {431, 400}),
    "field of 1 MiB": (get(CLOSE, b"A: " + b"a" * MEBIBYTE), {431, 400}),
    "name of 1 MiB": (get(CLOSE, b"a" * MEBIBYTE + b": a"), {431, 400}),
    "trailers of 1 MiB": (post(CHUNKED, CLOSE, body=CHUNKS[:-2] + b"A: " + b"a" * MEBIBYTE + b"\r\n\r\n"), {431, 400}),
    # RFC 9112 section 3 has 414.
    "target of 100 KiB": (get(CLOSE, target=b"/" + b"a" * 102_400), {414, 431, 400}),
    "query of 1 MiB": (get(CLOSE, target=JWKS + b"?" + b"a" * MEBIBYTE), {414, 431, 400}),
    # RFC 9110 section 15.5.14
    "100,000 parameters": (post(CLOSE, b"Content-Length: 400000", body=b"a=b&" * 100_000), {413}),
    "100,000 parameters, chunked": (post(CLOSE, CHUNKED, body=b"61a80\r\n%s\r\n0\r\n\r\n" % (b"a=b&" * 100_000)), {413}),
    "100,000 chunks": (post(CLOSE, CHUNKED, body=b"1\r\na\r\n" * 100_000 + b"0\r\n\r\n"), {413, 400}),
    # As many as fit.
    "4,000 parameters": (post(CLOSE, b"Content-Length: 16000", body=b"a=b&" * 4000), {400}),
}


@pytest.mark.parametrize("name", LARGE)
def test_large(service, name):
    octets, expected = LARGE[name]
    with bounded_memory(service, 24):
        found = statuses(service, octets)
    assert len(found) <= 1 and set(found) <= expected
    assert_serves(service)


def test_many_large_at_once(service):
    """40 MiB, of which no more than the heads that fit may ever be in memory."""
    octets, _ = LARGE["field of 1 MiB"]
    with bounded_memory(service, 24):
        threads = [threading.Thread(target=statuses, args=(service, octets)) for _ in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert_serves(service)
