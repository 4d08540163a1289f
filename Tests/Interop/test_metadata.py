"""The metadata documents as Authlib reads them, and what the configuration adds to them."""

import pytest
import requests
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oidc.discovery import OpenIDProviderMetadata

from service import DEADLINE, Service, assert_clear_error

OPENID = {"subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"]}


def document(service, name="oauth-authorization-server"):
    return requests.get(f"{service.issuer}/.well-known/{name}", timeout=DEADLINE).json()


def secure(document):
    """Authlib asks for https in every URL; that is the one rule a loopback issuer breaks."""
    return {
        name: value.replace("http://", "https://") if isinstance(value, str) else value
        for name, value in document.items()
    }


def test_authlib_validates_it(service):
    AuthorizationServerMetadata(secure(document(service))).validate()


def test_the_openid_document_has_what_openid_requires_besides(service):
    plain, openid = document(service), document(service, "openid-configuration")
    assert openid == {**plain, **OPENID}


@pytest.fixture(scope="module")
def extended(tmp_path_factory):
    """A service whose metadata has members of the operator's, and an authorization endpoint that refuses."""
    with Service(tmp_path_factory.mktemp("writ")) as service:
        with (service.folder / "writ.yaml").open("a") as file:
            file.write("authorization_endpoint: refuse\nmetadata:\n  scopes_supported: [site.read]\n  x: { n: 7, t: '7' }\n")
        yield service.start()


def test_members_are_added_to_both_documents(extended):
    for name in ("oauth-authorization-server", "openid-configuration"):
        assert document(extended, name)["scopes_supported"] == ["site.read"]
        assert document(extended, name)["x"] == {"n": 7, "t": "7"}
    # Now it is complete by OpenID's rules too, but for the scheme.
    OpenIDProviderMetadata(secure(document(extended, "openid-configuration"))).validate()


def test_no_member_is_shadowed(extended):
    environment = {"WRIT_METADATA": '{"jwks_uri": "https://evil.example"}'}
    refusal = extended.writ("config", "check", "--running", environment=environment, status=1)
    assert_clear_error(refusal, "WRIT_METADATA", "jwks_uri", "own")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_authorization_endpoint_refuses(extended, method):
    endpoint = document(extended)["authorization_endpoint"]
    assert endpoint == f"{extended.issuer}/oauth2/authorize"
    parameters = {"response_type": "code", "client_id": "demo", "redirect_uri": "https://evil.example/", "state": "<i>s"}
    form = {"params" if method == "GET" else "data": parameters}
    for accept, media_type in (("*/*", "application/json"), ("text/html,*/*;q=0.8", "text/html; charset=utf-8")):
        answer = requests.request(
            method, endpoint, **form, headers={"Accept": accept}, allow_redirects=False, timeout=DEADLINE
        )
        assert (answer.status_code, answer.headers["Content-Type"]) == (400, media_type)
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Location" not in answer.headers
        assert "unsupported_response_type" in answer.text
        for value in ("evil", "demo", "<i>s"):
            assert value not in answer.text
    assert requests.request(method, endpoint, timeout=DEADLINE, **form).json()["error"] == "unsupported_response_type"


def test_without_the_setting_there_is_no_authorization_endpoint(service):
    assert "authorization_endpoint" not in document(service)
    assert requests.get(f"{service.issuer}/oauth2/authorize", timeout=DEADLINE).status_code == 404


@pytest.mark.parametrize("path", ["jwks.json", "oauth-authorization-server", "openid-configuration"])
def test_a_page_of_any_origin_may_read_the_documents(service, path):
    """The CORS protocol of the Fetch Standard, as a browser speaks it for a request with fields of its own."""
    url = f"{service.issuer}/.well-known/{path}"
    fields = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "mcp-protocol-version"}
    preflight = requests.options(url, headers={"Origin": "https://app.example", **fields}, timeout=DEADLINE)
    assert (preflight.status_code, preflight.content) == (204, b"")
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert "GET" in preflight.headers["Access-Control-Allow-Methods"]
    assert preflight.headers["Access-Control-Allow-Headers"] == "*"
    assert int(preflight.headers["Access-Control-Max-Age"]) > 0
    answer = requests.get(url, headers={"Origin": "https://app.example"}, timeout=DEADLINE)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("path", ["/oauth2/token", "/oauth2/introspect"])
def test_no_page_may_use_the_endpoints_for_clients(service, path):
    fields = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    preflight = requests.options(service.issuer + path, headers=fields, timeout=DEADLINE)
    assert preflight.status_code == 405
    assert not [name for name in preflight.headers if name.lower().startswith("access-control-")]
