"""requests-oauthlib as the client: the backend application flow of its documentation."""

import pytest
from oauthlib.oauth2 import BackendApplicationClient
from oauthlib.oauth2.rfc6749.errors import InvalidClientError, InvalidScopeError
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from service import DEADLINE, SCOPE


def fetch_token(service, method, secret=None, scope=None):
    session = OAuth2Session(client=BackendApplicationClient(client_id=service.client_id, scope=scope))
    secret = secret or service.client_secret
    if method == "basic":
        credentials = {"auth": HTTPBasicAuth(service.client_id, secret)}
    else:
        credentials = {"include_client_id": True, "client_secret": secret}
    return session.fetch_token(service.token_endpoint, timeout=DEADLINE, **credentials)


@pytest.fixture(params=["basic", "post"])
def method(request):
    return request.param


def test_obtains_a_token(service, method):
    token = fetch_token(service, method)

    assert token["token_type"] == "Bearer"
    assert token["access_token"].count(".") == 2
    assert token["expires_in"] == 900
    assert token["scope"] == SCOPE.split()


def test_narrows_the_scope(service, method):
    token = fetch_token(service, method, scope=["site.documentation"])

    assert token["scope"] == ["site.documentation"]


def test_a_wrong_secret_is_refused(service, method):
    with pytest.raises(InvalidClientError):
        fetch_token(service, method, secret="not-the-secret")


def test_a_scope_beyond_the_clients_is_refused(service, method):
    with pytest.raises(InvalidScopeError):
        fetch_token(service, method, scope=["site.admin"])
