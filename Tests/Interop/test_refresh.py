"""Refresh tokens: libraries that refresh by themselves, over restarts, key rotations and replicas."""

import json
import time
from datetime import datetime, timezone

import jwt
import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from oauthlib.oauth2 import BackendApplicationClient
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session as RequestsSession

from service import DEADLINE, SCOPE, wait_until


class AuthlibPeer:
    """Authlib's session, which refreshes a token that has expired before it sends a request."""

    def __init__(self, service, client):
        self.service = service
        self.session = AuthlibSession(*client, token_endpoint=service.token_endpoint, default_timeout=DEADLINE)
        self.session.fetch_token(service.token_endpoint, grant_type="client_credentials")

    @property
    def token(self):
        return self.session.token

    def use(self):
        """A request with a token that the library takes for expired; any resource will do."""
        self.session.token = {**self.session.token, "expires_at": int(time.time()) - 60}
        assert self.session.get(self.service.jwks_uri).ok


class RequestsPeer:
    """requests-oauthlib's, which does so when it is given the URL."""

    def __init__(self, service, client):
        self.service = service
        self.token = None
        self.session = RequestsSession(
            client=BackendApplicationClient(client_id=client[0]),
            auto_refresh_url=service.token_endpoint,
            auto_refresh_kwargs={"client_id": client[0], "client_secret": client[1]},
            token_updater=self.update,
        )
        auth = HTTPBasicAuth(*client)
        self.update(self.session.fetch_token(service.token_endpoint, auth=auth, timeout=DEADLINE))

    def update(self, token):
        self.token = token

    def use(self):
        self.session.token = {**self.token, "expires_at": time.time() - 60}
        assert self.session.get(self.service.jwks_uri, timeout=DEADLINE).ok


def add(service, name):
    """Identifier and secret of a new client that may refresh."""
    arguments = "clients", "add", name, "--grant-type", "refresh_token", "--scope", SCOPE, "--json"
    answer = json.loads(service.writ(*arguments).stdout)
    return answer["client_id"], answer["client_secret"]


@pytest.fixture
def client(own_service):
    return add(own_service, "nightly")


@pytest.fixture
def running(own_service, client):
    return own_service.start()


def refresh(endpoint, client, token, **form):
    form = {"grant_type": "refresh_token", "refresh_token": token, **form}
    return requests.post(endpoint, auth=client, data=form, timeout=DEADLINE)


def first_refresh_token(service, client):
    return service.request_token(*client).json()["refresh_token"]


@pytest.mark.parametrize("peer", [AuthlibPeer, RequestsPeer])
def test_a_library_refreshes_by_itself(running, client, peer):
    """Across a restart and a rotation of the sealing key, of which it notices nothing."""
    peer = peer(running, client)
    seen = {peer.token["refresh_token"]}
    assert peer.token["refresh_token"].startswith("writ_rt_")
    assert len(peer.token["refresh_token"]) < 400

    def refreshed():
        peer.use()
        assert peer.token["refresh_token"] not in seen
        seen.add(peer.token["refresh_token"])
        claims = jwt.decode(peer.token["access_token"], options={"verify_signature": False})
        assert claims["client_id"] == client[0]
        assert claims["scope"] == SCOPE

    refreshed()
    refreshed()
    running.stop()
    running.start()
    refreshed()
    new = json.loads(running.writ("keys", "rotate", "--sealing", "--now", "--json").stdout)["kid"]
    # A service that is started anew does not hold back what was not announced: the new key seals, the old one opens.
    running.stop()
    running.start()
    refreshed()
    keys = {key["kid"]: key["state"] for key in json.loads(running.writ("keys", "list", "--json").stdout)}
    assert keys[new] == "signing"
    refreshed()


def test_a_token_of_one_replica_is_refreshed_at_the_other(running, client):
    with running.replica() as other:
        first = first_refresh_token(running, client)
        there = refresh(f"{other}/oauth2/token", client, first)
        assert there.status_code == 200, there.text
        back = refresh(running.token_endpoint, client, there.json()["refresh_token"])
        assert back.status_code == 200, back.text


class TestEnding:
    """What ends refresh tokens that are out, while the service runs."""

    def refuses(self, service, client, token, error="invalid_grant"):
        answer = refresh(service.token_endpoint, client, token)
        return answer.status_code >= 400 and answer.json()["error"] == error

    def test_a_retired_sealing_key_ends_what_it_sealed(self, running, client):
        token = first_refresh_token(running, client)
        keys = json.loads(running.writ("keys", "list", "--json").stdout)
        kid = next(key["kid"] for key in keys if key["alg"] == "XAES-256-GCM")
        replacement = json.loads(running.writ("keys", "retire", kid, "--json").stdout)["replacement"]
        assert replacement
        wait_until("the token is refused", lambda: self.refuses(running, client, token))
        assert refresh(running.token_endpoint, client, first_refresh_token(running, client)).status_code == 200

    @pytest.mark.parametrize("place", ["client", "all"])
    def test_not_before_ends_what_is_older(self, running, client, place):
        token = first_refresh_token(running, client)
        text = running.clients_file.read_text()
        # A moment that lies ahead waits, and does not bring back what an earlier one has revoked.
        soon = datetime.fromtimestamp(int(time.time()) + 1, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        line = f"refresh_tokens_not_before: [2999-01-01T00:00:00Z, {soon}]\n"
        if place == "all":
            text = line + text
        else:
            text = text.replace("  - client_id: nightly\n", f"  - client_id: nightly\n    {line}")
        running.clients_file.write_text(text)
        wait_until("the token is refused", lambda: self.refuses(running, client, token))
        assert refresh(running.token_endpoint, client, first_refresh_token(running, client)).status_code == 200

    def test_a_removed_client_has_none(self, running, client):
        token = first_refresh_token(running, client)
        running.writ("clients", "remove", client[0])
        wait_until("the client is gone", lambda: self.refuses(running, client, token, "invalid_client"))

    def test_a_withdrawn_scope_is_missing_from_what_comes_next(self, running, client):
        token = first_refresh_token(running, client)
        text = running.clients_file.read_text()
        entry = text.index("client_id: nightly")
        running.clients_file.write_text(text[:entry] + text[entry:].replace(SCOPE, "site.read"))
        wait_until(
            "the scope is gone",
            lambda: refresh(running.token_endpoint, client, token).json().get("scope") == "site.read",
        )


def test_a_stolen_token_is_of_no_use_to_another_client(own_service, client):
    thief = add(own_service, "thief")
    running = own_service.start()
    token = first_refresh_token(running, client)
    answer = refresh(running.token_endpoint, thief, token)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert refresh(running.token_endpoint, ("nobody", "x"), token).status_code == 401
    assert refresh(running.token_endpoint, client, token).status_code == 200
