"""Connections of HTTP/1: which stay and which end, and what becomes of those whose other side goes early."""

import os
import shutil
import subprocess
from contextlib import suppress

import pytest

from raw_http import (
    CHUNKED,
    CHUNKS,
    CLOSE,
    FORM,
    JWKS,
    KEEP,
    LENGTH,
    MEBIBYTE,
    PATIENCE,
    SMUGGLED,
    RawConnection,
    any_service,
    assert_serves,
    bounded_memory,
    fill,
    get,
    only_status,
    post,
    request,
    # A fixture, which any_service asks for.
    secure_service,
    statuses,
)
from service import DEADLINE, wait_until


def old(*fields) -> bytes:
    return get(*fields, version=b"HTTP/1.0", host=None)


# RFC 9112 section 9.3: after the first of these, the connection ends; what follows is no request any more.
LAST = {
    "close": get(CLOSE),
    "CLOSE": get(b"Connection: CLOSE"),
    "close, a": get(b"Connection: close, a"),
    "a, close": get(b"Connection: a, close"),
    "a; close": get(b"Connection: a", CLOSE),
    "close, keep-alive": get(b"Connection: close, keep-alive"),
    "HTTP/1.0": old(),
    "HTTP/1.0, close": old(CLOSE),
    "HTTP/1.0, close, keep-alive": old(b"Connection: close, keep-alive"),
    # Section 6.1: it may be answered, but its framing is taken for faulty.
    "HTTP/1.0, chunked": get(KEEP, CHUNKED, version=b"HTTP/1.0", body=b"0\r\n\r\n"),
}


class TestPersistence:
    @pytest.mark.parametrize("name", LAST)
    def test_the_connection_ends(self, service, name):
        status = only_status(service, LAST[name] + SMUGGLED)
        assert status == 200 or (name == "HTTP/1.0, chunked" and status == 400)
        assert_serves(service)

    @pytest.mark.parametrize("name", LAST)
    def test_the_connection_ends_without_another_request(self, service, name):
        status = only_status(service, LAST[name])
        assert status == 200 or (name == "HTTP/1.0, chunked" and status == 400)
        assert_serves(service)

    # It may end, but not before the answer, and not without a word where it was asked to stay (appendix C.2.2).
    @pytest.mark.parametrize("fields", [[KEEP], [b"Connection: Keep-Alive"], [KEEP, b"Keep-Alive: timeout=5"]], ids=len)
    def test_old_clients_may_ask_to_stay(self, service, fields):
        with RawConnection(service) as connection:
            connection.send(old(*fields))
            answer = connection.answer()
            assert answer.status == 200
            if answer.fields.get("connection", "").lower() == "keep-alive":
                connection.send(old())
                assert connection.answer().status == 200
            else:
                # The client cannot know that it stays, and waits for the end.
                assert connection.is_closed()
        assert_serves(service)

    def test_pipelining(self, service):
        """RFC 9112 section 9.3.2: answers come in the order of the requests."""
        missing, put = get(target=b"/nothing"), request(b"PUT", JWKS, b"Content-Length: 3", body=b"abc")
        requests = [get(), post(LENGTH), missing, put, post(LENGTH), get()] * 5
        expected = [200, 200, 404, 405, 200, 200] * 5
        assert statuses(service, b"".join(requests) + get(CLOSE)) == [*expected, 200]
        assert_serves(service)

    def test_a_pipeline_that_is_too_long(self, service):
        """Every answer is that of the request in its place; from the first one on that does not fit there are none."""
        count = 400
        numbered = [get(target=b"/%d" % number, host=b"Host: a") for number in range(1, count - 1)]
        numbered.append(get(CLOSE, target=b"/last", host=b"Host: a"))
        # The first answer takes longer, so that the others wait for it.
        first = get(target=b"/metrics")
        with RawConnection(service, listener="management") as connection:
            connection.send(first + b"".join(numbered))
            found = [answer.status for answer in connection.answers()]
        assert found[0] == 200
        assert len(found) == count or found[-1] == 429
        assert set(found[1:-1]) == {404}
        assert_serves(service)

    def test_a_refused_body_is_no_request(self, service):
        """One that is too large is skipped, or the connection ends behind its refusal."""
        body = get(target=b"/smuggled") * 1000
        octets = post(b"Content-Length: %d" % len(body), body=body) + get(CLOSE)
        assert statuses(service, octets) in ([413, 200], [413])
        assert_serves(service)

    def test_octet_by_octet(self, service):
        chunks = b"".join(b"1\r\n%c\r\n" % octet for octet in fill(service, FORM)) + b"0\r\n\r\n"
        with RawConnection(service) as connection:
            for octet in fill(service, post(LENGTH) + get() + post(CHUNKED, CLOSE, body=chunks)):
                assert connection.send(bytes([octet]))
            assert [answer.status for answer in connection.answers()] == [200, 200, 200]
        assert_serves(service)


class TestExpect:
    """RFC 9110 section 10.1.1: who waits for 100 gets it, or a final answer, and does not wait in vain."""

    EXPECT = b"Expect: 100-continue"

    def first_answer(self, connection):
        try:
            return connection.answer()
        except TimeoutError:
            pytest.fail(f"a client that waits for 100 (Continue) has waited {PATIENCE} s in vain")

    def test_continue(self, service):
        with RawConnection(service) as connection:
            connection.send(fill(service, post(LENGTH, self.EXPECT, CLOSE, body=b"")))
            assert self.first_answer(connection).status == 100
            connection.send(fill(service, FORM))
            assert [answer.status for answer in connection.answers()] == [200]
        assert_serves(service)

    @pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl")
    def test_curl(self, service):
        result = subprocess.run(
            ["curl", "--silent", "--http1.1", "--header", "Expect: 100-continue", "--expect100-timeout", "10"]
            + ["--data-binary", "@-", "--output", os.devnull, "--write-out", "%{response_code} %{time_total}"]
            + [service.token_endpoint],
            input=fill(service, FORM),
            capture_output=True,
            timeout=DEADLINE,
            check=True,
        )
        status, seconds = result.stdout.split()
        assert status == b"200"
        assert float(seconds) < PATIENCE, "curl waited in vain for 100 (Continue)"

    # What can be refused by the head alone is, whether or not the body is asked for.
    @pytest.mark.parametrize(
        "octets, status",
        [
            (post(b"Content-Length: 100000", EXPECT, body=b""), 413),
            (get(b"Content-Length: 100000", EXPECT, method=b"PUT"), 405),
            (post(b"Content-Length: 100000", EXPECT, target=b"/nothing", body=b""), 404),
        ],
        ids=["too large", "method", "path"],
    )
    def test_refusals_come_at_once(self, service, octets, status):
        with RawConnection(service) as connection:
            connection.send(octets)
            answer = self.first_answer(connection)
            if answer.status == 100:
                answer = self.first_answer(connection)
            assert answer.status == status
        assert_serves(service)

    def test_no_interim_answer_for_old_clients(self, service):
        """They would take it for the final one."""
        with RawConnection(service) as connection:
            connection.send(fill(service, post(LENGTH, self.EXPECT, KEEP, version=b"HTTP/1.0")))
            assert connection.answer().status == 200
        assert_serves(service)

    def test_one_that_nobody_knows(self, service):
        """It may be refused, or ignored."""
        assert only_status(service, post(LENGTH, b"Expect: 200-ok", CLOSE)) in (417, 200)
        assert_serves(service)


H2C = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__")
WEBSOCKET = (
    *(b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13"),
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
UPGRADES = {
    "h2c": get(*H2C),
    "websocket": get(*WEBSOCKET),
    "POST, h2c": post(*H2C, b"Content-Length: 3", body=b"a=b"),
    "CONNECT": get(method=b"CONNECT", target=b"example.com:443"),
}


class TestUpgrades:
    """RFC 9110 sections 7.8 and 9.3.6: nothing is switched to, so what follows is HTTP, or the connection ends."""

    @pytest.mark.parametrize("name", UPGRADES)
    def test_the_next_request_is_answered(self, any_service, name):
        with RawConnection(any_service) as connection:
            connection.send(UPGRADES[name])
            answer = connection.answer()
            assert answer.status != 101 and (name != "CONNECT" or answer.status >= 400)
            # As clients do that took the answer for an answer: Java's keep the connection.
            connection.send(get(CLOSE))
            try:
                last = connection.answer()
            except TimeoutError:
                pytest.fail("the connection stays, and the request after the upgrade gets no answer")
            assert last is None or last.status == 200
        assert_serves(any_service)

    @pytest.mark.parametrize("name", UPGRADES)
    def test_nothing_is_kept_of_what_follows(self, any_service, name):
        self.follow(any_service, UPGRADES[name])

    @pytest.mark.parametrize("name", UPGRADES)
    def test_nothing_is_kept_at_the_management_listener(self, service, name):
        self.follow(service, UPGRADES[name], listener="management")

    def follow(self, service, octets, **options):
        """Sends 64 MiB behind a request."""
        with bounded_memory(service, 24), RawConnection(service, **options) as connection:
            connection.send(octets)
            connection.answer()
            # It may end the connection, or read no more.
            with suppress(TimeoutError):
                for _ in range(64):
                    if not connection.send(b"a" * MEBIBYTE):
                        break
        assert_serves(service)


# RFC 9112 section 8: requests that are not whole, for tokens that nobody may be given for them.
INCOMPLETE = {
    "line": b"POST /oauth2/to",
    "head": post(LENGTH, body=b"")[:-2],
    "body": post(b"Content-Length: 1000"),
    "chunks": post(CHUNKED, body=CHUNKS.removesuffix(b"0\r\n\r\n")),
    "chunk": post(CHUNKED, body=b"ff0\r\n$FORM"),
    "trailers": post(CHUNKED, body=CHUNKS.removesuffix(b"\r\n") + b"A: b\r\n"),
}


class TestDepartures:
    def test_a_client_that_has_said_all(self, service):
        """Who only shuts down his sending side still waits for the answer."""
        with RawConnection(service) as connection:
            connection.send(fill(service, post(LENGTH)))
            connection.end()
            assert [answer.status for answer in connection.answers()] == [200]
        assert_serves(service)

    @pytest.mark.parametrize("name", INCOMPLETE)
    def test_half_closed_too_early(self, service, name):
        with RawConnection(service) as connection:
            connection.send(fill(service, INCOMPLETE[name]))
            connection.end()
            assert [answer.status for answer in connection.answers()] in ([], [400])
        assert_serves(service)

    @pytest.mark.parametrize("moment", [*INCOMPLETE, "before the answer", "within answers"])
    def test_resets(self, service, moment):
        octets = {**INCOMPLETE, "before the answer": post(LENGTH), "within answers": get() * 500}[moment]
        files = f"/proc/{service.process.pid}/fd"
        if not os.access(files, os.R_OK):
            pytest.skip("only root may count the service's files")
        # The lines of earlier requests are in the log when that of the last one is.
        last = service.request_token().headers["X-Request-Id"]
        service.wait_for_log(last)
        before, logged = len(os.listdir(files)), len(service.log)
        for _ in range(20):
            connection = RawConnection(service, receive_buffer=2048)
            # Of many requests as many as go: who does not read is not read.
            connection.socket.send(fill(service, octets))
            if moment == "within answers":
                assert connection.answer().status == 200
            connection.reset()
        wait_until("the connections are gone", lambda: len(os.listdir(files)) <= before)
        if moment in INCOMPLETE:
            assert "Token issued" not in service.log[logged:]
        assert_serves(service)
