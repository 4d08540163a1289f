"""The command line as a script uses it."""

import hmac
import json
import subprocess
import time

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from service import BINARY, RESOURCE, SCOPE, assert_clear_error, clean_environment
from tokens import PARTS, claims, encode_base64url, flip_one_bit, header


def verify(service, token, audience=RESOURCE, issuer=None, jwks=None, leeway=None, status=0):
    return service.writ(
        *("token", "verify", "--issuer", issuer or service.issuer, "--audience", audience),
        *("--jwks", jwks or service.jwks_uri),
        *(("--leeway", leeway) if leeway else ()),
        input=token,
        status=status,
    )


def request(service, *arguments, status=0, **options):
    return service.writ(
        *("token", "request", "--issuer", service.issuer, "--client-id", service.client_id),
        *arguments,
        status=status,
        **options,
    )


@pytest.fixture(scope="module")
def token(service):
    return service.access_token()


@pytest.fixture(scope="module")
def private_key(service):
    """The service's own key, for tokens that it would never issue."""
    [file] = service.folder.glob("keys/*.pem")
    return RSAKey.import_key(file.read_text())


@pytest.fixture
def sign(token, private_key):
    """A token like the real one but for the changes."""

    def sign(change_header=None, **change_claims):
        changed = {**header(token), **(change_header or {})}
        return jwt.encode(changed, {**claims(token), **change_claims}, private_key)

    return sign


class TestInit:
    def test_says_what_a_program_needs(self, own_service):
        assert set(own_service.initial) == {
            "client_id", "client_secret", "scope", "resources", "issuer", "config", "curl",
        }
        assert own_service.initial["client_id"] == "demo"
        assert own_service.initial["scope"] == SCOPE

    def test_does_not_write_the_secret_anywhere(self, own_service):
        for file in own_service.folder.rglob("*"):
            assert file.is_dir() or own_service.client_secret not in file.read_text()

    def test_keeps_an_existing_configuration(self, own_service):
        before = {file: file.read_text() for file in own_service.folder.rglob("*") if file.is_file()}

        assert_clear_error(own_service.writ("init", ".", status=1), "writ.yaml")

        assert before == {file: file.read_text() for file in own_service.folder.rglob("*") if file.is_file()}

    @pytest.mark.parametrize("path", ["", "/tenant", "/a;b", "/a&b'c", "/$(a)"])
    def test_the_lines_that_it_shows_are_one_command_each(self, tmp_path, path):
        issuer = f"http://127.0.0.1:8099{path}"
        result = subprocess.run(
            [BINARY, "init", tmp_path / "new", "--issuer", issuer], env=clean_environment({}), capture_output=True, encoding="utf-8"
        )
        assert result.returncode == 0, result.stderr
        lines = [line.strip() for line in result.stdout.splitlines() if line.startswith("  ")]
        request = ["writ", "token", "request", "--issuer", issuer, "--client-id", "demo"]
        curl = ["curl", "--user", "demo", "--data", "grant_type=client_credentials", f"{issuer}/oauth2/token"]
        # What a shell makes of each line.
        for line, words in zip(lines, [request, curl], strict=True):
            shown = subprocess.run(["bash", "-c", f"show() {{ printf '%s\\n' \"$@\"; }}; show {line}"], capture_output=True, encoding="utf-8")
            assert shown.stdout.splitlines() == words

    def test_what_it_writes_passes_the_check(self, own_service):
        own_service.writ("config", "check")


class TestRequest:
    def test_a_pipeline_ends_with_the_claims(self, service):
        result = service.shell(
            f"writ token request --issuer {service.issuer} --client-id {service.client_id}"
            f" | writ token verify --issuer {service.issuer} --audience {RESOURCE} --jwks {service.jwks_uri}",
            environment={"WRIT_CLIENT_SECRET": service.client_secret},
        )

        assert result.returncode == 0, result.stderr
        verified = json.loads(result.stdout)
        assert verified["iss"] == service.issuer
        assert verified["aud"] == RESOURCE
        assert verified["client_id"] == service.client_id
        assert verified["scope"] == SCOPE

    def test_the_secret_from_a_file(self, service, tmp_path):
        file = tmp_path / "secret"
        file.write_text(service.client_secret + "\n")
        file.chmod(0o600)

        token = request(service, "--secret-file", str(file)).stdout

        assert claims(token)["client_id"] == service.client_id

    def test_the_secret_from_standard_input(self, service):
        token = request(service, input=service.client_secret + "\n").stdout

        assert claims(token)["client_id"] == service.client_id

    def test_the_whole_answer(self, service):
        answer = request(
            service, "--json", "--scope", "site.read", "--resource", RESOURCE, input=service.client_secret
        ).stdout

        assert json.loads(answer)["scope"] == "site.read"
        assert json.loads(answer)["expires_in"] == 900

    def test_a_wrong_secret(self, service):
        result = request(service, input="not-the-secret", status=1)

        assert_clear_error(result, "invalid_client")
        assert "not-the-secret" not in result.stderr

    def test_a_resource_that_is_not_the_clients(self, service):
        result = request(service, "--resource", "https://other.example.com", input=service.client_secret, status=1)

        assert_clear_error(result, "invalid_target")

    def test_inspect_shows_header_and_claims(self, service):
        token = service.access_token()

        shown = json.loads(service.writ("token", "inspect", input=token).stdout)

        assert shown["header"] == header(token)
        assert shown["claims"] == claims(token)

    def test_usage(self, service):
        assert_clear_error(service.writ("keys", "list", "--no-such-option", status=64), "--no-such-option")


class TestVerify:
    def test_a_token_signed_here_is_as_good_as_the_real_one(self, service, sign):
        verify(service, sign())

    def test_keys_from_a_file(self, service, token, tmp_path):
        file = tmp_path / "jwks.json"
        file.write_text(service.writ("keys", "export").stdout)

        assert json.loads(verify(service, token, jwks=str(file)).stdout) == claims(token)

    def test_the_token_may_end_with_a_new_line(self, service, token):
        verify(service, token + "\n")

    def test_another_audience(self, service, token):
        assert_clear_error(verify(service, token, audience="https://other.example.com", status=1), "audience")

    def test_another_issuer(self, service, token):
        assert_clear_error(verify(service, token, issuer="https://tokens.example.com", status=1), "issuer")

    def test_an_expired_token(self, service, sign):
        now = int(time.time())

        assert_clear_error(verify(service, sign(iat=now - 4500, exp=now - 3600), status=1), "expired")

    def test_the_leeway(self, service, sign):
        now = int(time.time())
        token = sign(iat=now - 900, exp=now - 10)

        verify(service, token, leeway="120s")
        assert_clear_error(verify(service, token, leeway="0s", status=1), "expired")

    @pytest.mark.parametrize("part", PARTS)
    def test_one_flipped_bit(self, service, token, part):
        assert_clear_error(verify(service, flip_one_bit(token, part), status=1))

    def test_a_token_of_another_type(self, service, sign):
        """RFC 9068 section 4: an ID token, say, is no access token."""
        assert_clear_error(verify(service, sign({"typ": "JWT"}), status=1))

    def test_an_unsigned_token(self, service, token):
        forged = encode_base64url(json.dumps({**header(token), "alg": "none"}).encode())

        assert_clear_error(verify(service, f"{forged}.{token.split('.')[1]}.", status=1))

    def test_a_token_signed_with_the_public_key_as_a_secret(self, service, token):
        """RFC 8725 section 2.1. By hand, as joserfc does not lend itself to it."""
        public = service.writ("keys", "export", "--pem").stdout
        forged = encode_base64url(json.dumps({**header(token), "alg": "HS256"}).encode())
        signed = f"{forged}.{token.split('.')[1]}"
        signature = encode_base64url(hmac.digest(public.encode(), signed.encode(), "sha256"))

        assert_clear_error(verify(service, f"{signed}.{signature}", status=1))

    @pytest.mark.parametrize("token", ["", "token", "a.b.c", "a.b.c.d.e", "é.é.é", "e30.e30.e30"])
    def test_no_token_at_all(self, service, token):
        assert_clear_error(verify(service, token, status=1))
