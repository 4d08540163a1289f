"""Introspection with Authlib as the resource server, and JWT answers that PyJWT verifies."""

import json

import jwt
import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session

from service import DEADLINE, SCOPE

JWT_ANSWER = "application/token-introspection+jwt"


@pytest.fixture
def running(own_service):
    def add(name, *arguments):
        answer = json.loads(own_service.writ("clients", "add", name, *arguments, "--json").stdout)
        return answer["client_id"], answer["client_secret"]

    own_service.inspector = add("api", "--introspect")
    own_service.nightly = add("nightly", "--scope", SCOPE, "--grant-type", "refresh_token")
    return own_service.start()


@pytest.fixture
def metadata(running):
    return requests.get(f"{running.issuer}/.well-known/oauth-authorization-server", timeout=DEADLINE).json()


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_a_resource_server_asks(running, metadata, method):
    session = OAuth2Session(*running.inspector, token_endpoint_auth_method=method, default_timeout=DEADLINE)
    answer = running.request_token(*running.nightly).json()

    def introspect(token, hint=None):
        response = session.introspect_token(metadata["introspection_endpoint"], token=token, token_type_hint=hint)
        assert response.headers["Cache-Control"] == "no-store"
        return response.json()

    access = introspect(answer["access_token"], "access_token")
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert access == {"active": True, "token_type": "Bearer", **claims}

    refresh = introspect(answer["refresh_token"], "refresh_token")
    assert refresh["active"] is True
    assert refresh["client_id"] == "nightly"
    assert refresh["exp"] - refresh["iat"] == 30 * 86400
    assert refresh["token_type"] == "N_A"

    assert introspect(answer["access_token"] + "A") == {"active": False}
    assert introspect(answer["refresh_token"][:-1]) == {"active": False}


def test_the_answer_can_be_a_jwt(running, metadata):
    answer = requests.post(
        metadata["introspection_endpoint"],
        data={"token": running.access_token()},
        auth=running.inspector,
        headers={"Accept": JWT_ANSWER},
        timeout=DEADLINE,
    )
    assert answer.headers["Content-Type"] == JWT_ANSWER
    assert jwt.get_unverified_header(answer.text)["typ"] == "token-introspection+jwt"
    key = jwt.PyJWKClient(running.jwks_uri).get_signing_key_from_jwt(answer.text)
    assert metadata["introspection_signing_alg_values_supported"] == ["RS256"]
    claims = jwt.decode(answer.text, key, algorithms=["RS256"], audience="api", issuer=running.issuer)
    assert set(claims) == {"iss", "aud", "iat", "token_introspection"}
    assert claims["token_introspection"]["active"] is True
    # It is no access token, though the same key has signed it.
    refusal = running.writ(
        *("token", "verify", "--issuer", running.issuer, "--audience", running.issuer, "--jwks", running.jwks_uri),
        input=answer.text,
        status=1,
    )
    assert "its type is not the expected one" in refusal.stderr


def test_others_may_not_ask(running, metadata):
    answer = requests.post(
        metadata["introspection_endpoint"], data={"token": "a"}, auth=running.nightly, timeout=DEADLINE
    )
    assert (answer.status_code, answer.json()["error"]) == (403, "unauthorized_client")
