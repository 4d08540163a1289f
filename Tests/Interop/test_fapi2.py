"""`profile: fapi2`, FAPI 2.0 Security Profile.

The classes are named after the modules of the OpenID Foundation's conformance plan `fapi2-security-profile-final-test-plan` that
apply to `fapi_client_credentials_grant`, without their common prefix. What works at the authorization endpoint alone in that plan
is tried at the token endpoint here. Documentation/Conformance.md lists them.
"""

import hashlib
import re
import subprocess
import time

import pytest
import requests
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import ECKey, RSAKey

from authority import Authority
from binding_issuer import binding_issuer
from proofs import Prover
from service import DEADLINE, assert_clear_error, wait_until
from test_bound_tokens import api, ask, error, proof
from test_client_authentication import ASSERTION_TYPE, write_key_set
from test_client_authentication import claims as assertion_claims
from test_log import events
from test_mutual_tls import NAME, Clients, MutualService, thumbprint
from tokens import claims, encode_base64url, header

RESOURCE = "https://api.example.com"
CLIENT_ERRORS = {"invalid_client", "invalid_request"}


class Client:
    """A client with a key for its assertions and another for its proofs."""

    def __init__(self, service, client_id, key=None, algorithm="ES256"):
        self.service, self.id, self.algorithm = service, client_id, algorithm
        self.key = key or ECKey.generate_key("P-256", {"kid": f"{client_id}-1"})
        self.prover = Prover(service.token_endpoint)

    def add(self, *options):
        self.service.writ(
            *("clients", "add", self.id, "--scope", "site.read", "--resource", RESOURCE),
            *("--jwks", write_key_set(self.service, self.key), "--dpop-bound", *options),
        )
        return self

    def assertion(self, algorithm=None, key=None, **changes):
        content = assertion_claims(self.service, self.id, **{"nbf": int(time.time()), **changes})
        algorithm = algorithm or self.algorithm
        return joserfc_jwt.encode(
            {"alg": algorithm, "kid": self.key.kid}, content, key or self.key, algorithms=[algorithm]
        )

    def ask(self, assertion=True, proof=True, **form):
        if assertion:
            text = self.assertion() if assertion is True else assertion
            form = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": text, **form}
        headers = {"DPoP": self.prover.proof() if proof is True else proof} if proof else {}
        return requests.post(
            self.service.token_endpoint,
            data={"grant_type": "client_credentials", **form},
            headers=headers,
            verify=self.service.ca_file,
            timeout=DEADLINE,
        )


def good(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()


def assert_refused(answer, errors):
    """What every module asks of an error: RFC 6749 section 5.2, and 401 for invalid_client alone."""
    error = answer.json()
    assert error["error"] in errors, error
    assert answer.status_code == 400 or (answer.status_code, error["error"]) == (401, "invalid_client")
    assert answer.headers["Content-Type"] == "application/json"
    assert re.fullmatch(r"[\x20-\x21\x23-\x5B\x5D-\x7E]*", error["error_description"])


def change(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.fixture(scope="module")
def authority():
    return Authority()


@pytest.fixture(scope="module")
def clients():
    return Clients()


class ProfiledService(MutualService):
    """A service under the profile, with TLS."""

    def __init__(self, folder, authority, clients):
        super().__init__(folder, authority, clients)
        self.configuration = folder / "writ.yaml"
        change(self.configuration, "access_token:\n  algorithm: RS256\n", "profile: fapi2\naccess_token:\n  algorithm: ES256\n")
        (folder / "clients.yaml").write_text("clients: []\n")
        for file in (folder / "keys").glob("*.pem"):
            file.unlink()
        self.writ("keys", "generate")


@pytest.fixture(scope="module")
def service(authority, clients, tmp_path_factory):
    """Running, with two clients that have keys, one that has a certificate, and one that may refresh."""
    with ProfiledService(tmp_path_factory.mktemp("writ"), authority, clients) as service:
        service.first = Client(service, "first").add()
        service.second = Client(service, "second").add()
        rsa = RSAKey.generate_key(2048, {"kid": "rsa-1"})
        service.rsa = Client(service, "rsa", rsa, "PS256").add()
        service.refreshing = Client(service, "refreshing").add("--grant-type", "refresh_token")
        service.writ(
            *("clients", "add", "payments", "--scope", "site.read", "--resource", RESOURCE),
            *("--certificate-subject", f"san_dns={NAME}", "--certificate-bound"),
        )
        service.start()
        wait_until("the second of the start has passed", lambda: service.first.ask().status_code == 200)
        yield service


@pytest.fixture
def first(service):
    return service.first


@pytest.fixture
def profiled(authority, clients, tmp_path_factory):
    with ProfiledService(tmp_path_factory.mktemp("writ"), authority, clients) as service:
        yield service


class TestDiscoveryEndPointVerification:
    @pytest.mark.parametrize("name", ["oauth-authorization-server", "openid-configuration"])
    def test_the_metadata_has_what_the_profile_needs_and_nothing_that_it_forbids(self, service, name):
        answer = requests.get(f"{service.issuer}/.well-known/{name}", verify=service.ca_file, timeout=DEADLINE)
        assert answer.headers["Content-Type"] == "application/json"
        document = answer.json()
        assert document["issuer"] == service.issuer
        assert document["grant_types_supported"] == ["client_credentials", "refresh_token"]
        algorithms = ["PS256", "ES256", "EdDSA", "Ed25519"]
        for endpoint in ("token", "introspection"):
            methods = document[f"{endpoint}_endpoint_auth_methods_supported"]
            assert methods == ["private_key_jwt", "tls_client_auth"]
            assert document[f"{endpoint}_endpoint_auth_signing_alg_values_supported"] == algorithms
        assert document["dpop_signing_alg_values_supported"] == algorithms
        assert document["tls_client_certificate_bound_access_tokens"] is True
        assert document["mtls_endpoint_aliases"].keys() <= document.keys()
        # RS256 stands nowhere in it, nor a secret, nor plain http.
        for word in ("RS256", "ES384", "client_secret", "http://"):
            assert word not in answer.text

    def test_the_keys_are_for_the_profile(self, service):
        keys = requests.get(service.jwks_uri, verify=service.ca_file, timeout=DEADLINE).json()["keys"]
        assert {key["alg"] for key in keys} == {"ES256"}
        assert len({key["kid"] for key in keys}) == len(keys)


class TestHappyFlow:
    @pytest.mark.parametrize("name", ["first", "second", "rsa"])
    def test_private_key_jwt_and_dpop(self, service, name):
        client = getattr(service, name)
        answer = good(client.ask(scope="site.read"))
        assert answer["token_type"] == "DPoP" and 0 < answer["expires_in"] <= 3600
        # RFC 6749 section 4.4.3
        assert "refresh_token" not in answer
        token = answer["access_token"]
        assert header(token)["alg"] == "ES256"
        assert claims(token)["cnf"] == {"jkt": client.prover.thumbprint}

    def test_mutual_tls(self, service, clients):
        token = good(service.ask("payments", clients.payments))["access_token"]
        assert claims(token)["cnf"] == {"x5t#S256": thumbprint(clients.payments)}


class TestCheckDpopProofNbfExp:
    def test_nbf_and_exp_in_a_proof_are_no_reason_to_refuse_it(self, first):
        now = int(time.time())
        good(first.ask(proof=first.prover.proof(nbf=now)))
        good(first.ask(proof=first.prover.proof(exp=now + 300)))


class TestEnsureDpopproofWithIat:
    @pytest.mark.parametrize("seconds", [-10, 8])
    def test_seconds_before_or_after_succeeds(self, first, seconds):
        """A proof from before the start is refused, since it may have been used."""
        proof = lambda: first.prover.proof(iat=int(time.time()) + seconds)
        wait_until("the start is long enough ago", lambda: first.ask(proof=proof()).ok)
        good(first.ask(proof=proof()))


class TestEnsureClientIdInTokenEndpoint:
    def test_the_identifier_of_one_client_with_the_key_of_another(self, service):
        first, second = service.first, service.second
        stranger = first.assertion(iss=second.id, sub=second.id)
        assert_refused(first.ask(stranger, client_id=second.id), {"invalid_client", "invalid_grant"})
        assert_refused(first.ask(client_id=second.id), CLIENT_ERRORS)


class TestEnsureHolderOfKeyRequired:
    def test_no_proof(self, first):
        answer = first.ask(proof=None)
        assert_refused(answer, {"invalid_dpop_proof"})
        assert "DPoP-Nonce" not in answer.headers

    def test_no_certificate(self, service):
        assert_refused(service.ask("payments", None), {"invalid_client"})

    def test_a_nonce_is_asked_for_with_a_proof_alone(self, profiled):
        change(profiled.configuration, "profile: fapi2", "profile: fapi2\ndpop: { nonce: on }")
        profiled.writ("keys", "rotate", "--sealing")
        client = Client(profiled, "first").add()
        profiled.start()
        assert_refused(client.ask(proof=None), {"invalid_dpop_proof"})
        answer = client.ask()
        assert_refused(answer, {"use_dpop_nonce"})
        nonce = answer.headers["DPoP-Nonce"]
        wait_until("the second of the start has passed", lambda: client.ask(proof=client.prover.proof(nonce=nonce)).ok)


class TestEnsureSignedClientAssertionWithRS256Fails:
    def test_the_same_key_with_rs256(self, service):
        client = service.rsa
        answer = client.ask(client.assertion(algorithm="RS256"))
        assert_refused(answer, {"invalid_client"})
        wait_until("it is logged", lambda: events(service, "Refused")[-1]["cause"] == "assertion_algorithm")
        good(client.ask(client.assertion(algorithm="PS256")))


class TestEnsureClientAssertionInTokenEndpoint:
    def test_an_identifier_alone(self, first):
        assert_refused(first.ask(assertion=None, client_id="first"), CLIENT_ERRORS)

    def test_a_secret_in_its_place(self, first):
        assert_refused(first.ask(assertion=None, client_id="first", client_secret="secret"), CLIENT_ERRORS)


class TestClientAssertions:
    """ensure-client-assertion-with-exp-is-5-minutes-in-past-fails, -with-wrong-aud-fails, -with-no-sub-fails, and what the plan
    tries at the PAR endpoint."""

    @pytest.mark.parametrize(
        "changes",
        [
            lambda issuer, now: {"exp": now - 300, "iat": now - 360, "nbf": now - 360},
            lambda issuer, now: {"aud": "https://fapidev-rs.authlete.net/api/userinfo"},
            lambda issuer, now: {"sub": None},
            lambda issuer, now: {"aud": f"{issuer}/oauth2/token"},
            lambda issuer, now: {"aud": [issuer]},
            lambda issuer, now: {"aud": [issuer, "https://other.example.com"]},
            lambda issuer, now: {"iat": now + 62, "nbf": now + 62, "exp": now + 122},
        ],
        ids=["expired", "wrong-aud", "no-sub", "token-endpoint", "array-of-one", "array", "62-seconds-ahead"],
    )
    def test_refused(self, first, service, changes):
        assertion = first.assertion(**changes(service.issuer, int(time.time())))
        assert_refused(first.ask(assertion), CLIENT_ERRORS)

    def test_8_seconds_in_the_future_is_accepted(self, first):
        now = int(time.time())
        good(first.ask(first.assertion(iat=now + 8, nbf=now + 8)))

    def test_a_p_384_key_is_no_key_of_the_profile(self, service):
        key = ECKey.generate_key("P-384", {"kid": "k"})
        result = service.writ("clients", "add", "p384", "--jwks", write_key_set(service, key), "--dpop-bound", status=1)
        assert_clear_error(result, "jwks", "profile fapi2")


class TestDpopNegativeTests:
    """At the token endpoint, which takes the same proofs as a resource server."""

    def test_rs256(self, first):
        prover = Prover(first.service.token_endpoint, "RS256")
        assert_refused(first.ask(proof=prover.proof()), {"invalid_dpop_proof"})
        prover = Prover(first.service.token_endpoint, "PS256", prover.key)
        good(first.ask(proof=prover.proof()))

    @pytest.mark.parametrize("algorithm, status", [("PS256", 200), ("ES384", 400), ("Ed25519", 200), ("EdDSA", 200)])
    def test_algorithms(self, first, algorithm, status):
        assert first.ask(proof=Prover(first.service.token_endpoint, algorithm).proof()).status_code == status

    def test_a_proof_twice(self, first):
        proof = first.prover.proof()
        good(first.ask(proof=proof))
        assert_refused(first.ask(proof=proof), {"invalid_dpop_proof"})


class TestRefreshToken:
    def test_it_is_not_rotated_and_stays_good(self, service):
        client = service.refreshing
        token = good(client.ask())["refresh_token"]
        assert re.fullmatch(r"[\x20-\x7E]+", token)
        form = {"grant_type": "refresh_token", "refresh_token": token}
        for _ in range(2):
            answer = good(client.ask(**form))
            assert "refresh_token" not in answer and answer["token_type"] == "DPoP"

    def test_it_is_good_with_authentication_and_proof_alone(self, service):
        client = service.refreshing
        form = {"grant_type": "refresh_token", "refresh_token": good(client.ask())["refresh_token"]}
        assert_refused(client.ask(assertion=None, client_id=client.id, **form), CLIENT_ERRORS | {"invalid_grant"})
        assert_refused(client.ask(proof=None, **form), {"invalid_dpop_proof"})
        assert_refused(service.first.ask(**form), {"invalid_grant", "unauthorized_client"})


@pytest.fixture(scope="module")
def bound():
    """The URL of an API, the key of a client, and its token."""
    key = ECKey.generate_key("P-256")
    with binding_issuer() as issuer, api(issuer, "--require-dpop") as url:
        yield url, key, issuer.token(cnf={"jkt": key.thumbprint()})


class TestResourceServer:
    """What the modules ask of a resource server, of demo-api: section 5.3.4."""

    def test_happy_flow_with_a_date(self, bound):
        url, key, token = bound
        answer = ask(url, token, proofs=[proof(key, token, url)])
        assert answer.status_code == 200 and answer.headers["Date"].endswith("GMT")

    @pytest.mark.parametrize("scheme", ["dpOp", "DPOP", "dpop"])
    def test_access_token_type_header_case_sensitivity(self, bound, scheme):
        url, key, token = bound
        assert ask(url, token, scheme, [proof(key, token, url)]).status_code == 200

    def test_a_token_in_the_query_is_none(self, bound):
        url, key, token = bound
        answer = requests.get(f"{url}?access_token={token}", headers={"DPoP": proof(key, token, url)}, timeout=DEADLINE)
        assert answer.status_code == 401 and "error=" not in answer.headers["WWW-Authenticate"]

    def test_times_in_a_proof(self, bound):
        url, key, token = bound
        now = int(time.time())
        for times in [{"iat": now - 10}, {"iat": now + 8}, {"nbf": now}, {"exp": now + 300}]:
            assert ask(url, token, proofs=[proof(key, token, url, **times)]).status_code == 200

    @pytest.mark.parametrize(
        "changes",
        [{"htm": "PUT"}, {"htu": "https://example.com/"}, {"ath": "x"}, {"ath": None}, {"jti": None}, {"htm": None},
         {"htu": None}, {"iat": None}, {"iat": 1}, {"iat": 4102444800}],
        ids=str,
    )
    def test_dpop_negative_tests(self, bound, changes):
        url, key, token = bound
        claims = {"htm": "GET", "ath": encode_base64url(hashlib.sha256(token.encode()).digest()), **changes}
        assert error(ask(url, token, proofs=[Prover(url, key=key).proof(**claims)])) == "invalid_dpop_proof"

    def test_spellings_of_one_url(self, bound):
        url, key, token = bound
        for target in [url.replace("http:", "HTTP:"), f"{url}?a=b#c"]:
            assert ask(url, token, proofs=[proof(key, token, target)]).status_code == 200


class TestTransport:
    """Section 5.2: TLS 1.2 or later, and of TLS 1.2 the suites of BCP 195."""

    @pytest.mark.parametrize("option", ["-tls1", "-tls1_1"])
    def test_old_versions(self, service, option):
        result = service.openssl(option, "-cipher", "ALL:@SECLEVEL=0")
        assert "Cipher is (NONE)" in result.stdout

    def test_suites_of_tls_1_2(self, service):
        names = subprocess.run(
            ["openssl", "ciphers", "-tls1_2", "-s", "ALL:@SECLEVEL=0"], capture_output=True, encoding="utf-8", check=True
        ).stdout.strip().split(":")
        accepted = {
            name for name in names if f"Cipher is {name}" in service.openssl("-tls1_2", "-cipher", f"{name}:@SECLEVEL=0").stdout
        }
        # RFC 9325 section 4.2, and ChaCha20-Poly1305, which the plan allows.
        assert accepted and all(re.fullmatch(r"ECDHE-.*-(AES(128|256)-GCM-SHA\d+|CHACHA20-POLY1305)", name) for name in accepted)


class TestLoading:
    """What the profile forbids keeps the service from starting, or the client out."""

    def check(self, service, status=1):
        return service.writ("config", "check", status=status)

    def test_a_configuration_as_it_was_before(self, own_service):
        text = (own_service.folder / "writ.yaml").read_text()
        (own_service.folder / "writ.yaml").write_text(text + "profile: fapi2\n")
        result = self.check(own_service)
        for words in [
            "issuer is http, which profile fapi2 forbids", "access_token.algorithm is RS256", "ES256", "PS256",
            "client_secrets is set, which profile fapi2 forbids", "the client would have bearer tokens",
        ]:
            assert words in result.stderr, result.stderr
        result = own_service.writ("serve", status=1)
        assert "profile fapi2" in result.stderr

    def test_a_good_configuration(self, profiled):
        Client(profiled, "first").add()
        assert not self.check(profiled, status=0).stderr

    def test_each_thing_alone(self, profiled):
        Client(profiled, "first").add()
        writ, clients = profiled.folder / "writ.yaml", profiled.folder / "clients.yaml"
        text, entries = writ.read_text(), clients.read_text()
        for pair, words in [
            (("algorithm: ES256", "algorithm: RS256"), "ES256"),
            (("algorithm: ES256", "algorithm: ES384"), "access_token.algorithm is ES384"),
            (("  lifetime: 15m", "  lifetime: 2h"), "access_token.lifetime"),
            (("profile: fapi2", "profile: fapi2\nclient_assertion: { audience: either }"), "client_assertion.audience"),
            (("profile: fapi2", "profile: fapi2\nreplay: { url: \"valkey://127.0.0.1\" }"), "replay.url"),
        ]:
            change(writ, *pair)
            assert words in self.check(profiled).stderr
            writ.write_text(text)
        for pair, words in [
            (("dpop_bound_access_tokens: true", "dpop_bound_access_tokens: false"), "bearer tokens"),
            (("dpop_bound_access_tokens: true", "dpop_bound_access_tokens: true\n    access_token_lifetime: 2h"), "over an hour"),
        ]:
            change(clients, *pair)
            assert words in self.check(profiled).stderr
            clients.write_text(entries)
        (profiled.folder / "issuers.yaml").write_text("issuers:\n  - name: github\n    issuer: https://token.example.com\n")
        assert "no authentication of a client" in self.check(profiled).stderr

    def test_no_command_adds_a_client_that_is_forbidden(self, profiled):
        before = (profiled.folder / "clients.yaml").read_text()
        result = profiled.writ("clients", "add", "job", "--scope", "a", status=1)
        assert_clear_error(result, "a secret", "profile fapi2", "--jwks")
        key = ECKey.generate_key("P-256", {"kid": "k"})
        result = profiled.writ("clients", "add", "job", "--jwks", write_key_set(profiled, key), status=1)
        assert_clear_error(result, "bearer tokens", "profile fapi2", "--dpop-bound")
        assert "writ_cs_" not in result.stdout and (profiled.folder / "clients.yaml").read_text() == before

    @pytest.mark.parametrize("algorithm", ["RS256", "ES384"])
    def test_no_command_makes_a_key_that_is_forbidden(self, profiled, algorithm):
        result = profiled.writ("keys", "generate", "--algorithm", algorithm, status=1)
        assert_clear_error(result, f"--algorithm is {algorithm}", "profile fapi2", "ES256 or PS256")
        assert [file.name for file in (profiled.folder / "keys").glob("*.pem")] == ["es256.pem"]

    def test_tokens_from_before_the_profile_are_inactive(self, profiled, clients):
        """A bearer token, which was good until the restart."""
        change(profiled.configuration, "profile: fapi2\n", "")
        job = Client(profiled, "job").add()
        profiled.writ("clients", "add", "payments", "--certificate-subject", f"san_dns={NAME}", "--introspect")
        profiled.start()
        token = good(profiled.ask("payments", clients.payments))["access_token"]
        wait_until("the second of the start has passed", lambda: job.ask().ok)
        bound = good(job.ask())["access_token"]
        profiled.stop()
        change(profiled.configuration, "access_token:", "profile: fapi2\naccess_token:")
        change(profiled.clients_file, "tls_client_auth_san_dns", "dpop_bound_access_tokens: true\n    tls_client_auth_san_dns")
        profiled.start()

        def is_active(token):
            answer = requests.post(
                f"{profiled.issuer}/oauth2/introspect", data={"client_id": "payments", "token": token},
                cert=profiled.files(clients.payments), verify=profiled.ca_file, timeout=DEADLINE)
            return good(answer)["active"]

        assert is_active(bound) and not is_active(token)

    def test_tokens_of_a_client_stay_bound_when_a_setting_changes(self, profiled, clients):
        """The registration keeps its last form, and what it rested on is gone."""
        bound = "  algorithm: ES256\n  certificate_bound: on\n"
        change(profiled.configuration, "  algorithm: ES256\n", bound)
        profiled.writ("clients", "add", "payments", "--certificate-subject", f"san_dns={NAME}")
        profiled.start()
        good(profiled.ask("payments", clients.payments))
        change(profiled.configuration, bound, "  algorithm: ES256\n")
        profiled.process.send_signal(1)
        profiled.wait_for_log("bearer tokens")
        wait_until("it counts", lambda: not profiled.ask("payments", clients.payments).ok)
        assert_refused(profiled.ask("payments", clients.payments), {"invalid_dpop_proof"})
