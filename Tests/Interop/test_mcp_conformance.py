"""What the conformance suite of MCP asks of an authorization server. test_mcp_dpop.py has what it asks of a resource server.

The scenarios are those of github.com/modelcontextprotocol/conformance: `auth/client-credentials-jwt` and
`auth/client-credentials-basic` (SEP-1046) of its main branch, and `dpop` (SEP-1932) of its pull request 396, which was not merged
in September 2026. Tests have the names of the suite's checks. The suite gets its tokens for codes, which Writ does not issue;
here each is one of `client_credentials`.
"""

import json
import time

import pytest
import requests
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import ECKey

from peers import register
from proofs import Prover, request_token
from service import DEADLINE, RESOURCE, Service
from test_client_authentication import ASSERTION_TYPE
from test_client_authentication import claims as assertion_claims
from test_dpop import started
from tokens import claims, flip_one_bit

ELSEWHERE = "https://other.example.com/mcp"


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    with Service(tmp_path_factory.mktemp("writ")) as service:
        yield started(service)


@pytest.fixture(scope="module")
def metadata(issuer):
    answer = requests.get(f"{issuer.issuer}/.well-known/oauth-authorization-server", timeout=DEADLINE)
    assert answer.headers["Content-Type"] == "application/json"
    return answer.json()


def outcome(answer):
    return answer.status_code, answer.json().get("error")


@pytest.fixture(scope="module")
def key(issuer):
    """That of the client `keyed`."""
    key = ECKey.generate_key("P-256", {"kid": "k1"})
    register(issuer, "keyed", scope="a", resources=[RESOURCE], jwks={"keys": [key.as_dict(private=False)]})
    return key


class TestClientCredentialsJWT:
    """`auth/client-credentials-jwt`"""

    def ask(self, issuer, key, type=ASSERTION_TYPE, grant="client_credentials", **changes):
        content = assertion_claims(issuer, "keyed", **changes)
        assertion = joserfc_jwt.encode({"alg": "ES256", "kid": "k1"}, content, key, algorithms=["ES256"])
        form = {"grant_type": grant, "client_assertion_type": type, "client_assertion": assertion}
        return requests.post(issuer.token_endpoint, data=form, timeout=DEADLINE)

    def test_the_metadata_names_the_method_and_the_algorithms(self, metadata):
        assert "private_key_jwt" in metadata["token_endpoint_auth_methods_supported"]
        assert "ES256" in metadata["token_endpoint_auth_signing_alg_values_supported"]
        assert "client_credentials" in metadata["grant_types_supported"]

    def test_client_credentials_jwt_verified(self, issuer, key):
        """The client is named by the assertion alone, whose audience is the issuer."""
        answer = self.ask(issuer, key)
        assert claims(answer.json()["access_token"])["client_id"] == "keyed"

    @pytest.mark.parametrize("changes", [
        {"iss": "another"}, {"sub": "another"}, {"aud": ELSEWHERE}, {"exp": int(time.time()) - 60},
        {"type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"},
    ], ids=["jwt-iss", "jwt-sub", "jwt-aud", "jwt-exp", "assertion-type"])
    def test_another_assertion_is_refused(self, issuer, key, changes):
        assert outcome(self.ask(issuer, key, **changes)) == (401, "invalid_client")

    def test_an_assertion_by_another_key_is_refused(self, issuer, key):
        assert outcome(self.ask(issuer, ECKey.generate_key("P-256"))) == (401, "invalid_client")

    def test_client_credentials_grant_type(self, issuer, key):
        assert outcome(self.ask(issuer, key, grant="authorization_code")) == (400, "unsupported_grant_type")


class TestClientCredentialsBasic:
    """`auth/client-credentials-basic`"""

    def ask(self, issuer, secret, grant="client_credentials"):
        credentials = issuer.client_id, secret
        return requests.post(issuer.token_endpoint, data={"grant_type": grant}, auth=credentials, timeout=DEADLINE)

    def test_client_credentials_basic_auth(self, issuer, metadata):
        assert "client_secret_basic" in metadata["token_endpoint_auth_methods_supported"]
        assert self.ask(issuer, issuer.client_secret).status_code == 200
        assert outcome(self.ask(issuer, "a secret that is wrong")) == (401, "invalid_client")

    def test_client_credentials_grant_type(self, issuer):
        assert outcome(self.ask(issuer, issuer.client_secret, "password")) == (400, "unsupported_grant_type")


class TestDPoP:
    """`dpop`, of an authorization server. The names of its checks begin with `sep-1932-as-`."""

    def test_metadata_alg_values_and_no_none_alg(self, metadata):
        algorithms = metadata["dpop_signing_alg_values_supported"]
        assert "ES256" in algorithms
        assert not [each for each in algorithms if each.lower() == "none" or each.upper().startswith("HS")]

    def test_token_binding(self, issuer):
        prover = Prover(issuer.token_endpoint)
        answer = request_token(issuer, prover.proof()).json()
        assert answer["token_type"] == "DPoP"
        assert claims(answer["access_token"])["cnf"] == {"jkt": prover.thumbprint}

    def test_rejects_invalid_proof(self, issuer):
        prover = Prover(issuer.token_endpoint)
        for proof in (flip_one_bit(prover.proof(), "signature"), prover.proof(htu="https://dpop-negative.invalid/not-the-token-endpoint")):
            assert outcome(request_token(issuer, proof)) == (400, "invalid_dpop_proof")

    def test_dpop_bound_enforcement(self, own_service):
        """The suite leaves it out, since it registers no client of its own."""
        secret = json.loads(own_service.writ("clients", "add", "bound", "--dpop-bound", "--json").stdout)["client_secret"]
        own_service.start()
        assert outcome(request_token(own_service, client=("bound", secret))) == (400, "invalid_dpop_proof")
        prover = Prover(own_service.token_endpoint)
        assert request_token(own_service, prover.proof(), client=("bound", secret)).json()["token_type"] == "DPoP"

    def test_nonce(self, own_service):
        own_service.start(WRIT_DPOP_NONCE="on")
        prover = Prover(own_service.token_endpoint)
        challenge = request_token(own_service, prover.proof())
        assert outcome(challenge) == (400, "use_dpop_nonce")
        nonce = challenge.headers["DPoP-Nonce"]
        assert outcome(request_token(own_service, prover.proof(nonce=f"{nonce}-wrong"))) == (400, "use_dpop_nonce")
        assert request_token(own_service, prover.proof(nonce=nonce)).json()["token_type"] == "DPoP"
