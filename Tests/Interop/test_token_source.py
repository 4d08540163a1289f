"""Programs in Swift that need tokens, and `writ token request`, which is built on the same library."""

import json
import subprocess
import uuid

import pytest
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from service import BINARY, DEADLINE, RESOURCE, assert_clear_error
from test_client_authentication import add_client, write_key_set
from test_client_authentication import claims as assertion_claims
from tokens import claims

PROGRAM = BINARY.parent / "TokenSourceProgram"
KEYS = {
    "RS256": lambda: RSAKey.generate_key(2048),
    "PS256": lambda: RSAKey.generate_key(2048),
    "ES256": lambda: ECKey.generate_key("P-256"),
    "Ed25519": lambda: OKPKey.generate_key("Ed25519"),
}


def run(service, *arguments, status=0):
    """The lines that the program prints: a token, and the status of a request if there is a URL."""
    if not PROGRAM.exists():
        pytest.skip(f"{PROGRAM.name} is built with the tests, and is not beside this binary")
    result = subprocess.run(
        [PROGRAM, *arguments], cwd=service.folder, capture_output=True, encoding="utf-8", timeout=DEADLINE)
    assert (result.returncode == 0) == (status == 0), result.stderr
    return result


def token(service, *arguments):
    return run(service, *arguments).stdout.splitlines()[0]


class TestProgram:
    @pytest.mark.parametrize("method", ["basic", "post"])
    def test_a_secret(self, service, method):
        issued = token(service, method, service.client_secret, service.issuer, service.client_id, "site.read")
        assert claims(issued)["client_id"] == service.client_id
        assert claims(issued)["scope"] == "site.read"

    def test_a_secret_in_a_file(self, service, tmp_path):
        (tmp_path / "secret").write_text(service.client_secret + "\n")
        issued = token(service, "secret-file", tmp_path / "secret", service.issuer, service.client_id)
        assert claims(issued)["aud"] == RESOURCE

    @pytest.mark.parametrize("algorithm", KEYS)
    def test_a_private_key(self, own_service, algorithm):
        key = KEYS[algorithm]()
        (own_service.folder / "key.pem").write_bytes(key.as_pem(private=True))
        (own_service.folder / "key.pub.pem").write_bytes(key.as_pem(private=False))
        add_client(own_service, "--jwks", "key.pub.pem")
        own_service.start()
        assert claims(token(own_service, algorithm, "key.pem", own_service.issuer, "job"))["client_id"] == "job"

    @pytest.mark.parametrize("client", ["job", ""])
    def test_a_token_of_the_platform_in_a_file(self, own_service, client):
        key = ECKey.generate_key("P-256", {"kid": "k1"})
        add_client(own_service, "--jwks", write_key_set(own_service, key))
        own_service.start()
        assertion = joserfc_jwt.encode({"alg": "ES256", "kid": "k1"}, assertion_claims(own_service), key)
        (own_service.folder / "token").write_text(assertion)
        issued = token(own_service, "assertion-file", "token", own_service.issuer, client)
        assert claims(issued)["client_id"] == "job"

    def test_a_wrong_secret(self, service):
        secret = f"wrong-{uuid.uuid4()}"
        result = run(service, "basic", secret, service.issuer, service.client_id, status=1)
        assert "invalid_client" in result.stderr
        assert secret not in result.stderr + result.stdout

    def test_a_request_with_the_token(self, service):
        arguments = "basic", service.client_secret, service.issuer, service.client_id, ""
        # The metadata needs no token, and no answer but 401 is a reason for a second request.
        [_, status] = run(service, *arguments, f"{service.issuer}/.well-known/oauth-authorization-server").stdout.splitlines()
        assert status.startswith("200")


class TestCommand:
    def test_an_audience_that_is_a_name(self, own_service):
        options = ("--resource", RESOURCE, "--audience", "rabbitmq", "--audience", "kafka", "--json")
        secret = json.loads(own_service.writ("clients", "add", "job", *options).stdout)["client_secret"]
        own_service.start()

        def request(*options, status=0):
            return own_service.writ(
                *("token", "request", "--issuer", own_service.issuer, "--client-id", "job", *options),
                environment={"WRIT_CLIENT_SECRET": secret}, status=status)

        assert claims(request("--audience", "rabbitmq").stdout)["aud"] == "rabbitmq"
        both = claims(request("--audience", "rabbitmq", "--audience", "kafka", "--resource", RESOURCE).stdout)["aud"]
        assert both == [RESOURCE, "rabbitmq", "kafka"]
        assert_clear_error(request("--audience", "other", status=1), "invalid_target")
        # RFC 8707 section 2: a name is no resource.
        assert_clear_error(request("--resource", "rabbitmq", status=1), "invalid_target")
