"""What the conformance suite of MCP asks of a resource server that accepts DPoP (SEP-1932), of demo-api with tokens of Writ.

The scenario is `auth/dpop-server-validation` of pull request 395 of github.com/modelcontextprotocol/conformance, which was not
merged in September 2026. Cases and tests have the names that the suite gives them. Those of a client, `auth/dpop` and
`auth/dpop-nonce`, look for what Writ and demo-api look for: see `TestService` in test_bound_tokens.py.
"""

import hashlib
import http.client
import re
import time
from contextlib import closing
from urllib.parse import urlsplit

import pytest
import requests
from joserfc.jwk import ECKey

from peers import register
from proofs import Prover, keyed_by, request_token
from service import DEADLINE, Service
from test_bound_tokens import api
from test_dpop import started
from tokens import encode_base64url, flip_one_bit

SCOPE = "site.read site.write"
ELSEWHERE = "https://other.example.com/mcp"
# The suite sends 303 seconds: what is further away than five minutes must be refused. The verifier allows less.
OUTSIDE_THE_WINDOW = 303


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    with Service(tmp_path_factory.mktemp("writ")) as service:
        yield started(service)


class Caller:
    """A client with a key, and the API that it calls."""

    def __init__(self, issuer, url):
        self.issuer, self.url = issuer, url
        self.key = ECKey.generate_key("P-256")
        self.prover = Prover(url, key=self.key)
        name = f"caller-{urlsplit(url).port}"
        self.client = name, register(issuer, name, scope=SCOPE, resources=[url, ELSEWHERE])
        self.nonce = None
        self.token = self.new_token(self.key)

    def new_token(self, key=None, resource=None):
        """Bound to the key, if there is one."""
        proof = Prover(self.issuer.token_endpoint, key=key).proof() if key else None
        answer = request_token(self.issuer, proof, self.client, resource=resource or self.url, scope=SCOPE)
        return answer.json()["access_token"]

    def claims(self, token=None, **changes):
        digest = encode_base64url(hashlib.sha256((token or self.token).encode()).digest())
        return {"ath": digest, "nonce": self.nonce, **changes}

    def proof(self, token=None, header={}, **changes):
        return self.prover.proof(header, **self.claims(token, **changes))

    def by_hand(self, sign, header):
        return self.prover.by_hand(sign, header, **self.claims())

    def call(self, *proofs, token=None, scheme="DPoP"):
        """Status and fields of the answer. Its nonce is that of the next proof."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=DEADLINE)
        with closing(connection):
            connection.putrequest("POST", urlsplit(self.url).path)
            connection.putheader("Content-Length", "0")
            if scheme:
                connection.putheader("Authorization", f"{scheme} {token or self.token}")
            for proof in proofs:
                connection.putheader("DPoP", proof)
            connection.endheaders()
            answer = connection.getresponse()
            answer.read()
            self.nonce = answer.headers["DPoP-Nonce"] or self.nonce
            return answer.status, answer.headers


def challenges(answer):
    """The challenge of each scheme, as its parameters. The answer must be 401."""
    status, fields = answer
    assert status == 401
    parts = re.split(r"(?:^|, )(Bearer|DPoP) ", fields["WWW-Authenticate"])
    return {scheme: dict(re.findall(r'([a-z_]+)="([^"]*)"', text)) for scheme, text in zip(parts[1::2], parts[2::2])}


# What each check of the suite sends, as one or more proofs, by the name of its case.
BROKEN_PROOFS = {
    "tampered-signature": lambda caller: [flip_one_bit(caller.proof(), "signature")],
    "missing-jti": lambda caller: [caller.proof(jti=None)],
    "wrong-typ": lambda caller: [caller.proof(header={"typ": "jwt"})],
    "htu-mismatch": lambda caller: [caller.proof(htu="https://wrong.example.com/mcp")],
    "htm-mismatch": lambda caller: [caller.proof(htm="GET")],
    "private-key-in-jwk": lambda caller: [caller.proof(header={"jwk": caller.key.as_dict(private=True)})],
    "wrong-ath": lambda caller: [caller.proof(ath="not-the-right-hash")],
    "duplicate-dpop-header": lambda caller: [caller.proof(), caller.proof()],
    "missing-htm": lambda caller: [caller.proof(htm=None)],
    "missing-htu": lambda caller: [caller.proof(htu=None)],
    "missing-iat": lambda caller: [caller.proof(iat=None)],
    "missing-jwk": lambda caller: [caller.proof(header={"jwk": None})],
    "ath-absent": lambda caller: [caller.proof(ath=None)],
    "malformed-not-a-jwt": lambda caller: ["this-is-not-a-jwt"],
    "iat-stale": lambda caller: [caller.proof(iat=int(time.time()) - OUTSIDE_THE_WINDOW)],
    "iat-future": lambda caller: [caller.proof(iat=int(time.time()) + OUTSIDE_THE_WINDOW)],
    "alg-none": lambda caller: [caller.by_hand(lambda text: b"", {"alg": "none"})],
    "alg-symmetric": lambda caller: [caller.by_hand(keyed_by(b"a secret of the client"), {"alg": "HS256"})],
}


@pytest.fixture(scope="module", params=["--require-dpop", "--nonces"])
def caller(issuer, request):
    with api(issuer.issuer, request.param, audience=None) as url:
        caller = Caller(issuer, url)
        if request.param == "--nonces":
            answer = challenges(caller.call(caller.proof()))
            assert answer["DPoP"]["error"] == "use_dpop_nonce" and caller.nonce
        yield caller


class TestDPoPServerValidation:
    """`auth/dpop-server-validation`, of a resource server. The names of its checks begin with `sep-1932-server-`."""

    def test_advertises_dpop(self, caller):
        challenge = challenges(caller.call(scheme=None))["DPoP"]
        assert "ES256" in challenge["algs"].split() and "error" not in challenge

    def test_prm_dpop_and_consistency(self, caller):
        """The default of `dpop_bound_access_tokens_required` is false: RFC 9728 section 2."""
        url = challenges(caller.call(scheme=None))["DPoP"]["resource_metadata"]
        document = requests.get(url, timeout=DEADLINE).json()
        assert document["resource"] == caller.url
        assert "ES256" in document["dpop_signing_alg_values_supported"]
        required = document.get("dpop_bound_access_tokens_required", False)
        status, _ = caller.call(token=caller.new_token(), scheme="Bearer")
        assert status == (401 if required else 200)

    def test_validate_proof(self, caller):
        assert caller.call(caller.proof())[0] == 200

    @pytest.mark.parametrize("case", BROKEN_PROOFS)
    def test_reject_401_and_error_code(self, caller, case):
        answer = challenges(caller.call(*BROKEN_PROOFS[case](caller)))
        assert answer["DPoP"]["error"] == "invalid_dpop_proof"
        assert caller.call(caller.proof())[0] == 200

    def test_bearer_scheme(self, caller):
        answer = challenges(caller.call(caller.proof(), scheme="Bearer"))
        assert "invalid_token" in [parameters.get("error") for parameters in answer.values()]

    def test_cnf_jkt_mismatch(self, caller):
        token = caller.new_token(ECKey.generate_key("P-256"))
        answer = challenges(caller.call(caller.proof(token), token=token))
        assert answer["DPoP"]["error"] == "invalid_dpop_proof"

    def test_audience_validation(self, caller):
        token = caller.new_token(caller.key, resource=ELSEWHERE)
        assert challenges(caller.call(caller.proof(token), token=token))["DPoP"]["error"] == "invalid_token"

    def test_nonce(self, caller):
        """A server need not ask for one; one that does, refuses others."""
        if caller.nonce:
            wrong = caller.proof(nonce="definitely-not-the-server-nonce")
            assert challenges(caller.call(wrong))["DPoP"]["error"] == "use_dpop_nonce"
        assert caller.call(caller.proof())[0] == 200
