"""Tokens that are bound to a key, from a program that needs them to an API that checks them: RFC 9449 and RFC 8705."""

import hashlib
import json
import socket
import subprocess
import time
from contextlib import contextmanager

import pytest
import requests
from joserfc.jwk import ECKey

from authority import Authority
from binding_issuer import AUDIENCE, binding_issuer
from proofs import Prover, refusal, request_token
from service import BINARY, DEADLINE, clean_environment, free_addresses, wait_until
from tokens import claims, encode_base64url

PROGRAM = BINARY.parent / "TokenSourceProgram"
API = BINARY.parent / "demo-api"


def run(program, *arguments, folder, input="", status=0):
    if not program.exists():
        pytest.skip(f"{program.name} is not beside this binary")
    result = subprocess.run(
        [program, *arguments], cwd=folder, input=input, capture_output=True, encoding="utf-8", timeout=DEADLINE,
        env=clean_environment({}))
    assert (result.returncode == 0) == (status == 0), result.stderr
    return result


def writ(folder, *arguments, **options):
    return run(BINARY, *arguments, folder=folder, **options)


def has_ipv6():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@contextmanager
def api(issuer, *options, host="127.0.0.1", audience=AUDIENCE):
    """The URL of the page of an API for the tokens of an issuer: an identifier, or what has one.

    With `None` for an audience, that of the tokens is this URL.
    """
    if not API.exists():
        pytest.skip(f"{API.name} is not beside this binary")
    (address,) = free_addresses(1)
    port = address.rpartition(":")[2]
    origin = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    process = subprocess.Popen(
        [API, "--issuer", getattr(issuer, "identifier", issuer), "--audience", audience or f"{origin}/site", "--host", host,
         "--port", port, *options],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=clean_environment({}))

    def is_ready():
        try:
            return requests.get(f"{origin}/ready", timeout=DEADLINE).ok
        except requests.ConnectionError:
            return False

    try:
        wait_until("the API is ready", is_ready)
        yield f"{origin}/site"
    finally:
        process.terminate()
        process.wait(DEADLINE)


def proof(key, token, url, method="GET", **claims):
    """As a client without Writ makes it."""
    digest = encode_base64url(hashlib.sha256(token.encode()).digest())
    return Prover(url, key=key).proof(htm=method, ath=digest, **claims)


def ask(url, token, scheme="DPoP", proofs=()):
    fields = {"Authorization": f"{scheme} {token}"}
    if proofs:
        fields["DPoP"] = proofs[0]
    return requests.get(url, headers=fields, timeout=DEADLINE)


def error(answer):
    assert answer.status_code == 401
    return answer.headers["WWW-Authenticate"].partition('error="')[2].partition('"')[0]


def write_secret(folder):
    (folder / "secret.txt").write_text("secret")
    (folder / "secret.txt").chmod(0o600)


@pytest.fixture
def key(tmp_path):
    key = ECKey.generate_key("P-256")
    (tmp_path / "dpop.pem").write_bytes(key.as_pem(private=True))
    (tmp_path / "dpop.pem").chmod(0o600)
    write_secret(tmp_path)
    return key


def request(folder, issuer, *options, **more):
    return writ(
        folder, "token", "request", "--issuer", issuer.identifier, "--client-id", "job", "--secret-file", "secret.txt",
        *options, **more)


class TestPrograms:
    @pytest.mark.parametrize("nonce", [None, "a-nonce"])
    @pytest.mark.parametrize("options", [(), ("--require-dpop",), ("--nonces",)])
    def test_a_program_with_a_key_reaches_the_api(self, tmp_path, nonce, options):
        with binding_issuer() as issuer, api(issuer, *options) as url:
            issuer.nonce = nonce
            result = run(PROGRAM, "basic", "secret", issuer.identifier, "job", "", url, "dpop", folder=tmp_path)
            token, status = result.stdout.splitlines()
            assert status.startswith("200")
            assert len(issuer.seen) == (2 if nonce else 1)
            # It is of no use to a thief.
            assert error(ask(url, token)) == "invalid_dpop_proof"
            if "--require-dpop" not in options:
                assert error(ask(url, token, "Bearer")) == "invalid_token"
            assert error(ask(url, token, proofs=[proof(ECKey.generate_key("P-256"), token, url)])) == "invalid_dpop_proof"

    def test_an_api_that_requires_bound_tokens_refuses_others(self, tmp_path):
        with binding_issuer() as issuer, api(issuer, "--require-dpop") as url:
            answer = ask(url, issuer.token(), "Bearer")
            assert error(answer) == "invalid_token" and answer.headers["WWW-Authenticate"].startswith("DPoP ")
            assert error(ask(url, issuer.token())) == "invalid_token"

    def test_an_issuer_that_knows_no_dpop_is_an_error(self, tmp_path):
        with binding_issuer() as issuer:
            issuer.type = "Bearer"
            result = run(PROGRAM, "basic", "secret", issuer.identifier, "job", "", "", "dpop", folder=tmp_path, status=1)
            assert "another type" in result.stderr and not result.stdout


class TestAPI:
    def test_a_proof_is_good_once_and_for_one_request(self, key):
        with binding_issuer() as issuer, api(issuer) as url:
            token = issuer.token(cnf={"jkt": key.thumbprint()})
            good = proof(key, token, url)
            assert ask(url, token, proofs=[good]).status_code == 200
            assert error(ask(url, token, proofs=[good])) == "invalid_dpop_proof"
            other = issuer.token(cnf={"jkt": key.thumbprint()})
            for bad in [
                proof(key, token, url, "POST"), proof(key, token, f"{url}/x"), proof(key, other, url),
                proof(key, token, url, iat=int(time.time()) - 120), proof(key, token, url, iat=int(time.time()) + 120),
            ]:
                assert error(ask(url, token, proofs=[bad])) == "invalid_dpop_proof"

    def test_the_public_url_is_a_setting_and_host_is_not_believed(self, key):
        public = "https://api.example.com"
        with binding_issuer() as issuer, api(issuer, "--public-url", public) as url:
            token = issuer.token(cnf={"jkt": key.thumbprint()})
            assert error(ask(url, token, proofs=[proof(key, token, url)])) == "invalid_dpop_proof"
            stolen = proof(key, token, "https://other.example.com/site")
            fields = {"Authorization": f"DPoP {token}", "DPoP": stolen, "Host": "other.example.com"}
            assert error(requests.get(url, headers=fields, timeout=DEADLINE)) == "invalid_dpop_proof"
            assert ask(url, token, proofs=[proof(key, token, f"{public}/site")]).status_code == 200

    @pytest.mark.skipif(not has_ipv6(), reason="there is no ::1")
    def test_the_default_public_url_has_an_ipv6_address_in_brackets(self, key):
        with binding_issuer() as issuer, api(issuer, host="::1") as url:
            token = issuer.token(cnf={"jkt": key.thumbprint()})
            assert ask(url, token, proofs=[proof(key, token, url)]).status_code == 200

    def test_a_nonce_is_asked_for_and_accepted(self, key):
        with binding_issuer() as issuer, api(issuer, "--nonces") as url:
            token = issuer.token(cnf={"jkt": key.thumbprint()})
            answer = ask(url, token, proofs=[proof(key, token, url)])
            assert error(answer) == "use_dpop_nonce"
            nonce = answer.headers["DPoP-Nonce"]
            assert ask(url, token, proofs=[proof(key, token, url, nonce=nonce)]).status_code == 200
            assert error(ask(url, token, proofs=[proof(key, token, url, nonce=nonce + "A")])) == "use_dpop_nonce"

    def test_the_metadata_names_the_algorithms(self):
        with binding_issuer() as issuer, api(issuer, "--require-dpop") as url:
            metadata = requests.get(
                url.replace("/site", "/.well-known/oauth-protected-resource"), timeout=DEADLINE).json()
            assert "ES256" in metadata["dpop_signing_alg_values_supported"]
            assert metadata["dpop_bound_access_tokens_required"] is True


class TestService:
    """The same with the issuer of Writ."""

    @pytest.fixture
    def bound(self, service, key, tmp_path):
        """The options of requests for bound tokens, once the service accepts proofs: those of its first second may be used."""
        prover = Prover(service.token_endpoint, key=key)
        wait_until("proofs are accepted", lambda: request_token(service, prover.proof()).status_code == 200)
        (tmp_path / "secret.txt").write_text(service.client_secret)
        return "--issuer", service.issuer, "--client-id", service.client_id, "--secret-file", "secret.txt"

    def test_a_program_reaches_the_api(self, service, bound, tmp_path):
        with api(service.issuer, "--require-dpop", "--nonces") as url:
            arguments = "basic", service.client_secret, service.issuer, service.client_id, "site.read", url, "dpop"
            token, status = run(PROGRAM, *arguments, folder=tmp_path).stdout.splitlines()
            assert status.startswith("200")
            assert list(claims(token)["cnf"]) == ["jkt"]
            assert error(ask(url, token, proofs=[proof(ECKey.generate_key("P-256"), token, url)])) == "invalid_dpop_proof"

    def test_the_command_line_reaches_the_api(self, service, bound, key, tmp_path):
        with api(service.issuer) as url:
            token = writ(tmp_path, "token", "request", *bound, "--dpop-key", "dpop.pem").stdout.strip()
            assert claims(token)["cnf"] == {"jkt": key.thumbprint()}
            made = writ(tmp_path, "token", "proof", "--dpop-key", "dpop.pem", "--url", url, input=token).stdout.strip()
            assert ask(url, token, proofs=[made]).status_code == 200
            assert error(ask(url, token, "Bearer")) == "invalid_token"
            assert error(ask(url, token, proofs=[made])) == "invalid_dpop_proof"

    def test_a_program_answers_the_nonces_of_issuer_and_api(self, own_service, tmp_path):
        own_service.start(WRIT_DPOP_NONCE="on")
        assert refusal(request_token(own_service, Prover(own_service.token_endpoint).proof()))[1] == "use_dpop_nonce"
        with api(own_service.issuer, "--require-dpop", "--nonces") as url:
            arguments = "basic", own_service.client_secret, own_service.issuer, own_service.client_id, "site.read", url, "dpop"
            token, status = run(PROGRAM, *arguments, folder=tmp_path).stdout.splitlines()
            assert status.startswith("200") and list(claims(token)["cnf"]) == ["jkt"]
        (tmp_path / "secret.txt").write_text(own_service.client_secret)
        (tmp_path / "secret.txt").chmod(0o600)
        options = "--issuer", own_service.issuer, "--client-id", own_service.client_id, "--secret-file", "secret.txt", "--dpop"
        assert list(claims(writ(tmp_path, "token", "request", *options).stdout.strip())["cnf"]) == ["jkt"]

    def test_a_proof_for_the_issuer_is_none_for_an_api(self, service, bound, key, tmp_path):
        with api(service.issuer, "--public-url", service.issuer) as url:
            token = writ(tmp_path, "token", "request", *bound, "--dpop-key", "dpop.pem").stdout.strip()
            assert error(ask(url, token, proofs=[Prover(service.token_endpoint, key=key).proof()])) == "invalid_dpop_proof"

    def test_a_proof_for_an_api_is_none_for_the_issuer(self, service, bound, key):
        made = proof(key, "a token", "https://api.example.com/site", "POST")
        assert refusal(request_token(service, made))[1] == "invalid_dpop_proof"


class TestCommandLine:
    def test_a_token_is_bound_to_the_key_of_a_file(self, tmp_path, key):
        with binding_issuer() as issuer, api(issuer) as url:
            issuer.nonce = "a-nonce"
            result = request(tmp_path, issuer, "--dpop-key", "dpop.pem")
            token = result.stdout.strip()
            assert claims(token)["cnf"]["jkt"] == key.thumbprint()
            assert key.thumbprint() in result.stderr and "openssl" not in result.stderr
            made = writ(tmp_path, "token", "proof", "--dpop-key", "dpop.pem", "--url", url, input=token).stdout.strip()
            (tmp_path / "proof.txt").write_text(made + "\n")
            checked = writ(
                tmp_path, "token", "verify", "--issuer", issuer.identifier, "--audience", AUDIENCE, "--proof", "proof.txt",
                "--method", "GET", "--url", url, input=token)
            assert json.loads(checked.stdout)["client_id"] == "job"
            assert ask(url, token, proofs=[made]).status_code == 200

    def test_a_bound_token_is_refused_without_its_proof(self, tmp_path, key):
        with binding_issuer() as issuer:
            token = issuer.token(cnf={"jkt": key.thumbprint()})
            verify = "token", "verify", "--issuer", issuer.identifier, "--audience", AUDIENCE
            result = writ(tmp_path, *verify, input=token, status=1)
            assert "bound to a key" in result.stderr and "--proof" in result.stderr
            (tmp_path / "proof.txt").write_text(proof(key, token, "https://api.example.com/a"))
            sent = "--proof", "proof.txt", "--method", "GET", "--url"
            result = writ(tmp_path, *verify, *sent, "https://api.example.com/b", input=token, status=1)
            assert "htu is another URL" in result.stderr
            result = writ(tmp_path, *verify, "--proof", "proof.txt", input=token, status=64)
            assert "belong together" in result.stderr
            writ(tmp_path, *verify, *sent, "https://api.example.com/a", input=token)

    def test_a_proof_by_another_key_than_that_of_the_token_is_warned_about(self, tmp_path, key):
        with binding_issuer() as issuer:
            token = issuer.token(cnf={"jkt": ECKey.generate_key("P-256").thumbprint()})
        make = "token", "proof", "--dpop-key", "dpop.pem", "--url", "https://api.example.com/a"
        result = writ(tmp_path, *make, input=token)
        assert result.stderr.startswith("warning: ") and "another key" in result.stderr
        assert key.thumbprint() in result.stderr and result.stdout.count(".") == 2
        result = writ(tmp_path, *make, input="a token that is no JWT")
        assert result.stdout and not result.stderr

    def test_a_key_that_is_gone_is_said_to_be_gone(self, tmp_path, key):
        with binding_issuer() as issuer:
            result = request(tmp_path, issuer, "--dpop")
            assert "token_type is DPoP" in result.stderr and "openssl genpkey" in result.stderr
            answer = json.loads(request(tmp_path, issuer, "--dpop", "--json").stdout)
            assert answer["token_type"] == "DPoP"
            issuer.type = "Bearer"
            for options in [("--dpop",), ("--dpop", "--json")]:
                result = request(tmp_path, issuer, *options, status=1)
                assert "another type" in result.stderr and not result.stdout

    def test_inspect_shows_what_a_token_is_bound_to(self, tmp_path, key):
        with binding_issuer() as issuer:
            token = issuer.token(cnf={"jkt": key.thumbprint()})
        assert json.loads(writ(tmp_path, "token", "inspect", token).stdout)["claims"]["cnf"] == {"jkt": key.thumbprint()}


class TestCertificates:
    @pytest.fixture
    def parts(self, tmp_path):
        """An authority, an issuer that asks for certificates, and the files of a client."""
        authority = Authority()
        (tmp_path / "ca.pem").write_bytes(authority.root_pem)
        write_secret(tmp_path)
        # A certificate that signs itself is its own authority.
        for name in ["client", "other"]:
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
                 "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem"],
                cwd=tmp_path, check=True, capture_output=True, timeout=DEADLINE)
            (tmp_path / f"{name}.key").chmod(0o600)
        clients = "".join((tmp_path / f"{name}.pem").read_text() for name in ["client", "other"])
        (tmp_path / "server").mkdir()
        with binding_issuer(authority.issue(), clients, tmp_path / "server") as issuer:
            yield tmp_path, issuer

    OPTIONS = "--certificate", "client.pem", "--private-key", "client.key"

    def request(self, folder, issuer, *options, **more):
        common = "token", "request", "--issuer", issuer.identifier, "--client-id", "job", "--ca-file", "ca.pem"
        return writ(folder, *common, *options, **more)

    def test_the_certificate_is_the_credential_and_binds_the_token(self, parts):
        folder, issuer = parts
        token = self.request(folder, issuer, *self.OPTIONS).stdout.strip()
        assert issuer.seen == [{"grant_type": "client_credentials", "client_id": "job"}]
        verify = "token", "verify", "--issuer", issuer.identifier, "--audience", AUDIENCE, "--ca-file", "ca.pem"
        assert json.loads(writ(folder, *verify, "--certificate", "client.pem", input=token).stdout)["client_id"] == "job"
        for options in [(), ("--certificate", "other.pem")]:
            result = writ(folder, *verify, *options, input=token, status=1)
            assert "client certificate" in result.stderr and "--certificate" in result.stderr

    def test_a_token_that_is_not_bound_to_a_certificate_is_refused_with_one(self, parts, key):
        folder, issuer = parts
        url = "https://api.example.com/a"
        verify = "token", "verify", "--issuer", issuer.identifier, "--audience", AUDIENCE, "--ca-file", "ca.pem"
        bound = issuer.token(cnf={"jkt": key.thumbprint()})
        (folder / "proof.txt").write_text(proof(key, bound, url))
        sent = "--proof", "proof.txt", "--method", "GET", "--url", url
        writ(folder, *verify, *sent, input=bound)
        for token, options in [(issuer.token(), ()), (bound, sent)]:
            result = writ(folder, *verify, *options, "--certificate", "client.pem", input=token, status=1)
            assert "not bound to a key as it must be" in result.stderr and "inspect" in result.stderr

    def test_the_certificate_beside_another_credential(self, parts):
        folder, issuer = parts
        token = self.request(folder, issuer, *self.OPTIONS, "--secret-file", "secret.txt", "--dpop").stdout.strip()
        assert sorted(claims(token)["cnf"]) == ["jkt", "x5t#S256"]

    def test_without_a_certificate_none_is_shown(self, parts):
        folder, issuer = parts
        token = self.request(folder, issuer, "--secret-file", "secret.txt").stdout.strip()
        assert claims(token)["cnf"] == {}

    def test_a_pair_that_is_none_is_refused_before_anything_is_sent(self, parts):
        folder, issuer = parts
        for certificate, private_key, words in [
            ("client.pem", "other.key", "is not the key of the certificate"),
            ("client.key", "client.key", "private key, not a certificate"),
            ("missing.pem", "client.key", "missing.pem"), ("client.pem", "client.pem", "client.pem"),
        ]:
            options = "--certificate", certificate, "--private-key", private_key
            result = self.request(folder, issuer, *options, status=1)
            assert words in result.stderr, result.stderr
        assert "--private-key" in self.request(folder, issuer, "--certificate", "client.pem", status=1).stderr
        assert not issuer.seen

    def test_the_alias_of_the_metadata_counts_for_a_client_with_a_certificate(self, parts):
        folder, issuer = parts
        issuer.aliases = {"token_endpoint": f"{issuer.identifier}/mtls/token"}
        self.request(folder, issuer, *self.OPTIONS)
        issuer.aliases = {"token_endpoint": "http://tokens.example.com/token"}
        result = self.request(folder, issuer, *self.OPTIONS, status=1)
        assert "https" in result.stderr
        self.request(folder, issuer, "--secret-file", "secret.txt")

    def test_a_program_with_a_certificate(self, parts):
        folder, issuer = parts
        (folder / "both.pem").write_text((folder / "client.pem").read_text() + (folder / "client.key").read_text())
        result = run(
            PROGRAM, "certificate", "both.pem", issuer.identifier, "job", "", "", "", "ca.pem", folder=folder)
        assert "x5t#S256" in claims(result.stdout.strip())["cnf"]
