"""Client libraries with their defaults: Authlib, idpyoidc and MSAL, with the settings that Documentation/Clients.md names for them."""

import datetime

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from joserfc.jwk import RSAKey

from authority import Authority, name
from peers import configure, register
from service import DEADLINE, RESOURCE, Service
from test_tls import SecureService
from tokens import claims

SCOPE = "site.read site.write"


def public(key):
    return {"keys": [key.as_dict(private=False)]}


@pytest.fixture(scope="module")
def patient_service(tmp_path_factory):
    """It takes assertions that live for an hour, more than once."""
    with Service(tmp_path_factory.mktemp("writ")) as service:
        configure(service, "client_assertion: { longest_lifetime: 1h, single_use: false }")
        yield service.start()


def test_authlib_with_an_assertion_of_an_hour(patient_service):
    key = RSAKey.generate_key(2048, {"kid": "k1"})
    register(patient_service, "authlib", jwks=public(key), resources=[RESOURCE], scope=SCOPE)
    session = OAuth2Session("authlib", key.as_pem(private=True).decode(), token_endpoint_auth_method="private_key_jwt")
    session.register_client_auth_method(PrivateKeyJWT(patient_service.token_endpoint))
    token = session.fetch_token(patient_service.token_endpoint, grant_type="client_credentials")
    assert claims(token["access_token"])["client_id"] == "authlib"


def test_idpyoidc_with_an_assertion_of_ten_minutes(patient_service):
    pytest.importorskip("idpyoidc")
    from cryptojwt.jwk.rsa import RSAKey as CryptoJWTKey
    from cryptojwt.key_bundle import KeyBundle
    from cryptojwt.key_jar import KeyJar
    from idpyoidc.client.oauth2 import Client
    from idpyoidc.client.oauth2.client_credentials import CCAccessTokenRequest

    key = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"})
    register(patient_service, "idpyoidc", jwks=public(key), resources=[RESOURCE], scope=SCOPE)
    bundle = KeyBundle()
    bundle.append(CryptoJWTKey(**key.as_dict(private=True)))
    keys = KeyJar()
    keys.add_kb("", bundle)
    metadata = requests.get(f"{patient_service.issuer}/.well-known/openid-configuration", timeout=DEADLINE).json()
    client = Client(
        config={
            "client_id": "idpyoidc",
            "base_url": "http://localhost",
            "client_authn_methods": ["private_key_jwt"],
            "provider_info": metadata,
        },
        keyjar=keys,
        services={"client_credentials": {"class": CCAccessTokenRequest}},
    )
    client.get_service("client_credentials").endpoint = metadata["token_endpoint"]
    scope = {"scope": "site.read"}
    answer = client.do_request("client_credentials", authn_method="private_key_jwt", request_args=scope)
    assert claims(answer["access_token"])["client_id"] == "idpyoidc"


class TenantService(SecureService):
    """With an issuer that has a path: MSAL insists on one."""

    def __init__(self, folder):
        super().__init__(folder, Authority())
        issuer = f"{self.issuer}/tenant"
        configuration = folder / "writ.yaml"
        configuration.write_text(configuration.read_text().replace(self.issuer, issuer, 1))
        self.issuer, self.token_endpoint = issuer, f"{issuer}/oauth2/token"


@pytest.fixture(scope="module")
def tenant_service(tmp_path_factory):
    with TenantService(tmp_path_factory.mktemp("writ")) as service:
        configure(
            service,
            "authorization_endpoint: refuse",
            "client_assertion: { longest_lifetime: 10m, single_use: false }",
        )
        yield service.start()


def msal_client(service, client_id, credential):
    msal = pytest.importorskip("msal")
    session = requests.Session()
    # A variable of the environment would count for more than the next line.
    session.trust_env = False
    session.verify = str(service.ca_file)
    return msal.ConfidentialClientApplication(
        client_id, client_credential=credential, oidc_authority=service.issuer, http_client=session
    )


def check_msal(client, client_id):
    for scope in SCOPE.split(" "):
        # A token for each scope; the second time the same assertion.
        answer = client.acquire_token_for_client(scopes=[scope])
        assert "access_token" in answer, answer
        assert claims(answer["access_token"])["scope"] == scope
        assert claims(answer["access_token"])["client_id"] == client_id
    assert client.acquire_token_for_client(scopes=[scope])["token_source"] == "cache"


def test_msal_with_a_secret(tenant_service):
    secret = register(tenant_service, "msal", resources=[RESOURCE], scope=SCOPE)
    check_msal(msal_client(tenant_service, "msal", secret), "msal")


@pytest.mark.parametrize("algorithm", ["PS256", "RS256"])
def test_msal_with_a_certificate(tenant_service, algorithm):
    """It signs with RS256 if it is given a fingerprint of SHA-1, else with PS256."""
    key = RSAKey.generate_key(2048)
    client_id = f"msal-{algorithm.lower()}"
    register(tenant_service, client_id, jwks=public(key), resources=[RESOURCE], scope=SCOPE)
    private = serialization.load_pem_private_key(key.as_pem(private=True), None)
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name("msal"))
        .issuer_name(name("msal"))
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(private, hashes.SHA256())
    )
    credential = {
        "private_key": key.as_pem(private=True).decode(),
        "public_certificate": certificate.public_bytes(serialization.Encoding.PEM).decode(),
    }
    if algorithm == "RS256":
        credential["thumbprint"] = certificate.fingerprint(hashes.SHA1()).hex()
    check_msal(msal_client(tenant_service, client_id, credential), client_id)
