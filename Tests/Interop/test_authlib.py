"""Authlib as the client, with secrets of every kind."""

import base64
import hashlib
from urllib.parse import quote_plus

import pytest
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session

from service import DEADLINE, SCOPE, Service

METHODS = ["client_secret_basic", "client_secret_post"]

# Authlib and requests do not form-encode Basic credentials as RFC 6749 section 2.3.1 says, and write them in Latin-1.
SECRETS = {
    "percent": "p@ss:w/ord+%&=é ~",
    # Form-decodes without complaint, into another secret.
    "looks-encoded": "a+b%41",
    "quotes": "\"single' and \\double",
}


def fetch_token(service, client_id, client_secret, method, **parameters):
    session = OAuth2Session(client_id, client_secret, token_endpoint_auth_method=method, default_timeout=DEADLINE)
    return session.fetch_token(service.token_endpoint, grant_type="client_credentials", **parameters)


@pytest.fixture(scope="module")
def awkward_service(tmp_path_factory):
    """A service whose clients file was written by hand."""
    with Service(tmp_path_factory.mktemp("writ")) as service:
        service.clients_file.write_text("clients:\n" + "".join(entry(*client) for client in SECRETS.items()))
        yield service.start()


def entry(client_id, secret):
    digest = base64.urlsafe_b64encode(hashlib.sha256(secret.encode()).digest()).rstrip(b"=").decode()
    return f"""
  - client_id: {client_id}
    client_name: A secret that someone made up
    client_secrets:
      - hash: "sha256:{digest}"
    scope: site.read
"""


@pytest.mark.parametrize("method", METHODS)
def test_obtains_a_token(service, method):
    token = fetch_token(service, service.client_id, service.client_secret, method)

    assert token["token_type"] == "Bearer"
    assert token["access_token"].count(".") == 2
    assert token["expires_in"] == 900
    assert token["scope"] == SCOPE
    assert "refresh_token" not in token
    assert not token.is_expired()


@pytest.mark.parametrize("method", METHODS)
def test_narrows_the_scope(service, method):
    token = fetch_token(service, service.client_id, service.client_secret, method, scope="site.read")

    assert token["scope"] == "site.read"


@pytest.mark.parametrize("method", METHODS)
def test_a_scope_beyond_the_clients_is_refused(service, method):
    with pytest.raises(OAuthError) as refusal:
        fetch_token(service, service.client_id, service.client_secret, method, scope="site.read site.admin")

    assert refusal.value.error == "invalid_scope"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("client_id", ["demo", "nobody"])
def test_a_wrong_secret_and_an_unknown_client_get_one_answer(service, method, client_id):
    with pytest.raises(OAuthError) as refusal:
        fetch_token(service, client_id, "not-the-secret", method)

    assert refusal.value.error == "invalid_client"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("client_id", SECRETS)
def test_a_secret_with_awkward_characters(awkward_service, client_id, method):
    token = fetch_token(awkward_service, client_id, SECRETS[client_id], method)

    assert token["scope"] == "site.read"


@pytest.mark.parametrize("form_encoded", [True, False])
@pytest.mark.parametrize("client_id", SECRETS)
def test_basic_credentials_in_utf_8(awkward_service, client_id, form_encoded):
    secret = quote_plus(SECRETS[client_id]) if form_encoded else SECRETS[client_id]
    answer = requests.post(
        awkward_service.token_endpoint,
        auth=(client_id.encode(), secret.encode()),
        data={"grant_type": "client_credentials"},
        timeout=DEADLINE,
    )

    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("client_id", SECRETS)
def test_basic_credentials_as_requests_writes_them(awkward_service, client_id):
    answer = requests.post(
        awkward_service.token_endpoint,
        auth=(client_id, SECRETS[client_id]),
        data={"grant_type": "client_credentials"},
        timeout=DEADLINE,
    )

    assert answer.status_code == 200, answer.text


def test_a_refused_basic_attempt_names_the_scheme(service):
    answer = requests.post(
        service.token_endpoint,
        auth=(service.client_id, "not-the-secret"),
        data={"grant_type": "client_credentials"},
        timeout=DEADLINE,
    )

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic")
    assert answer.json()["error"] == "invalid_client"
