"""Revoked tokens at demo-api and `writ token verify`: an issuer of Python makes the Status Lists, with Python's zlib."""

import json
import time
import zlib
from contextlib import contextmanager

import jwt
import pytest
import requests

from oidc_issuer import platform
from service import DEADLINE, wait_until
from test_bound_tokens import api, error, writ
from tokens import encode_base64url

AUDIENCE = "https://api.example.com"
PATH = "/status-lists/1"
ENTRIES = 1 << 20


class Lists:
    """A list of an issuer, which is served at PATH with a `ttl` of a second."""

    def __init__(self, issuer):
        self.issuer, self.revoked, self.status, self.requests = issuer, set(), 200, 0
        self.uri = issuer.identifier + PATH
        issuer.answers[PATH] = self.answer

    def answer(self, handler):
        self.requests += 1
        assert handler.headers["Accept"] == "application/statuslist+jwt"
        handler.reply(self.token().encode(), self.status, **{"Content-Type": "application/statuslist+jwt"})

    def token(self, **changes):
        octets = bytearray(ENTRIES // 8)
        for index in self.revoked:
            octets[index // 8] |= 1 << index % 8
        now = int(time.time())
        claims = {
            "sub": self.uri, "iat": now, "exp": now + 600, "ttl": 1,
            "status_list": {"bits": 1, "lst": encode_base64url(zlib.compress(bytes(octets), 9))}, **changes,
        }
        key = self.issuer.keys[0]
        header = {"typ": "statuslist+jwt", "kid": key.kid}
        return jwt.encode(claims, key.as_pem(private=True), self.issuer.algorithm, header)

    def access_token(self, index, uri=None):
        status = {} if index is None else {"status": {"status_list": {"idx": index, "uri": uri or self.uri}}}
        return self.issuer.token(AUDIENCE, {"typ": "at+jwt"}, client_id="pod", scope="site.read", **status)


@contextmanager
def listing(*options):
    with platform() as issuer, api(issuer, *options, audience=AUDIENCE) as url:
        yield Lists(issuer), url


def ask(url, token):
    return requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=DEADLINE)


def test_a_token_that_is_revoked_is_refused_and_no_other():
    with listing("--status-lists", "required") as (lists, url):
        mine, others = lists.access_token(123_456), lists.access_token(123_457)
        assert ask(url, mine).status_code == ask(url, others).status_code == 200
        assert lists.requests == 1
        lists.revoked.add(123_456)
        wait_until("the token is refused", lambda: ask(url, mine).status_code == 401)
        assert error(ask(url, mine)) == "invalid_token"
        assert ask(url, others).status_code == 200


@pytest.mark.parametrize("mode", ["required", "tolerating"])
def test_what_says_nothing_of_a_token_does_not_accept_it(mode):
    with listing("--status-lists", mode) as (lists, url):
        assert ask(url, lists.access_token(None)).status_code == 200
        assert error(ask(url, lists.access_token(ENTRIES))) == "invalid_token"
        assert error(ask(url, lists.access_token(0, lists.uri + "2"))) == "invalid_token"
        assert error(ask(url, lists.access_token(0, "https://example.com" + PATH))) == "invalid_token"
        assert error(ask(url, lists.access_token(-1))) == "invalid_token"


@pytest.mark.parametrize("mode", ["required", "tolerating"])
def test_a_server_that_never_gave_a_list_is_an_outage(mode):
    with listing("--status-lists", mode) as (lists, url):
        lists.status = 500
        answer = ask(url, lists.access_token(0))
        assert answer.status_code == 503 and "Retry-After" in answer.headers


def test_a_list_is_tolerated_while_its_server_is_down():
    with listing("--status-lists", "tolerating") as (lists, url):
        token = lists.access_token(0)
        assert ask(url, token).status_code == 200
        lists.status = 500
        known = lists.requests
        wait_until("the list is asked for again", lambda: ask(url, token).status_code == 200 and lists.requests > known)
        assert ask(url, token).status_code == 200


def test_a_stale_list_is_no_list_where_one_is_required():
    with listing("--status-lists", "required") as (lists, url):
        token = lists.access_token(0)
        assert ask(url, token).status_code == 200
        lists.status = 500
        wait_until("the token is not accepted", lambda: ask(url, token).status_code == 503)
        lists.status = 200
        wait_until("the token is accepted", lambda: ask(url, token).status_code == 200)


def test_without_the_option_no_list_is_fetched():
    with listing() as (lists, url):
        lists.revoked.add(0)
        assert ask(url, lists.access_token(0)).status_code == 200
        assert lists.requests == 0


class TestTokenVerify:
    def verify(self, folder, lists, token, *options, status=0):
        return writ(
            folder, "token", "verify", "--issuer", lists.issuer.identifier, "--audience", AUDIENCE, *options, input=token,
            status=status)

    def test_the_list_of_a_token_decides(self, tmp_path):
        with platform() as issuer:
            lists = Lists(issuer)
            lists.revoked.add(7)
            assert json.loads(self.verify(tmp_path, lists, lists.access_token(8)).stdout)["client_id"] == "pod"
            refused = self.verify(tmp_path, lists, lists.access_token(7), status=1)
            assert "it was revoked" in refused.stderr and "--ignore-status-list" in refused.stderr
            assert refused.stdout == ""
            lists.status = 503
            unknown = self.verify(tmp_path, lists, lists.access_token(8), status=1)
            assert "status list is not available: the answer has status 503" in unknown.stderr
            assert unknown.stdout == ""

    def test_nothing_is_fetched_for_a_file_of_keys_or_if_the_list_is_ignored(self, tmp_path):
        with platform() as issuer:
            lists = Lists(issuer)
            lists.revoked.add(7)
            (tmp_path / "jwks.json").write_text(json.dumps(issuer.key_set()))
            for options in (["--jwks", "jwks.json"], ["--ignore-status-list"]):
                verified = self.verify(tmp_path, lists, lists.access_token(7), *options)
                assert "status list was not looked at" in verified.stderr
            assert lists.requests == 0
            self.verify(tmp_path, lists, lists.access_token(7), "--jwks", issuer.jwks_uri, status=1)
            assert lists.requests == 1
