"""What operators write into clients.yaml, and what other programs write there: what it means, and what is said about it."""

import base64
import hashlib
import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
import pytest
import requests
from joserfc.jwk import ECKey, OKPKey, RSAKey

from service import DEADLINE, wait_until
from test_client_authentication import ask, claims

SECRET = "written by hand"
HASH = "sha256:" + base64.urlsafe_b64encode(hashlib.sha256(SECRET.encode()).digest()).rstrip(b"=").decode()
SALT = b"saltsaltsaltsalt"


def base64_text(octets):
    return base64.b64encode(octets).rstrip(b"=").decode()


# The hash of the empty secret, by which a client without a secret would authenticate.
EMPTY = "$pbkdf2-sha256$i=1000$" + base64_text(SALT) + "$" + base64_text(hashlib.pbkdf2_hmac("sha256", b"", SALT, 1000, 32))
ENCRYPTION = {**ECKey.generate_key("P-256").as_dict(private=False), "use": "enc", "kid": "enc-1"}

CLIENTS = f"""\
clients:
  - client_id: "urn:example:a"   # with a colon
    client_name: null
    client_secrets:
      - hash: "{HASH}"   # set in March
    scope: >
      site.read
      site.documentation
    claims: {{ admin: False, level: 0x1F, code: !!str 0123, none: Null, word: yes }}
  - client_id: empty
    client_secrets: [{{hash: "{EMPTY}"}}]
"""


@pytest.fixture
def written(own_service):
    own_service.clients_file.write_text(CLIENTS)
    return own_service


def set_of(service, *keys):
    path = service.folder / "set.json"
    path.write_text(json.dumps({"keys": [key if isinstance(key, dict) else key.as_dict(private=False) for key in keys]}))
    return path.name


class TestWarnings:
    def test_of_clients_are_in_the_check_and_in_the_log_with_each_load(self, written):
        check = written.writ("config", "check").stderr
        for text in ("clients.yaml:2: client_id has a colon", "clients.yaml:11: client_secrets has a PBKDF2 hash"):
            assert text in check
        written.start()
        assert len(written.wait_for_log("client_id has a colon")) == 1
        written.reload()
        wait_until("the warning is logged again", lambda: written.log.count("client_id has a colon") == 2)

    def test_a_colon_is_told_when_the_client_is_added(self, own_service):
        result = own_service.writ("clients", "add", "urn:example:b")
        assert "warning: client_id has a colon" in result.stderr
        assert "warning" not in own_service.writ("clients", "add", "plain").stderr

    def test_keys_that_are_skipped_are_named_when_the_client_is_added(self, own_service):
        key = ECKey.generate_key("P-256", {"kid": "k1"})
        result = own_service.writ("clients", "add", "job", "--jwks", set_of(own_service, ENCRYPTION, key))
        assert 'has a key that is skipped: key 1 (kid "enc-1"): use is not sig' in result.stderr
        own_service.start()
        assertion = jwt.encode(claims(own_service), key.as_pem(private=True), "ES256", {"kid": "k1"})
        assert ask(own_service, assertion).status_code == 200

    @pytest.mark.parametrize("keys, reason", [
        ([ENCRYPTION], "has no key that can be used"),
        ([{**OKPKey.generate_key("Ed25519").as_dict(private=False), "x": "AQ" + "A" * 41}], "small order"),
        ([{**RSAKey.generate_key(2048).as_dict(private=False), "e": "AQ"}], "n or e is out of range"),
    ])  # fmt: skip
    def test_a_set_that_proves_nothing_is_refused(self, own_service, keys, reason):
        result = own_service.writ("clients", "add", "job", "--jwks", set_of(own_service, *keys), status=1)
        assert reason in result.stderr

    def test_a_file_with_two_keys_is_refused(self, own_service):
        pems = [ECKey.generate_key("P-256").as_pem(private=False).decode() for _ in range(2)]
        (own_service.folder / "two.pem").write_text("".join(pems))
        result = own_service.writ("clients", "add", "job", "--jwks", "two.pem", status=1)
        assert "more than one PEM block" in result.stderr

    def test_a_key_that_is_restricted_to_pss(self, own_service):
        """openssl makes such keys for PS256."""
        folder = own_service.folder
        options = [f"rsa_pss_keygen_{name}" for name in ("md:sha256", "mgf1_md:sha256", "saltlen:32")]
        arguments = [argument for option in options for argument in ("-pkeyopt", option)]
        subprocess.run(["openssl", "genpkey", "-algorithm", "RSA-PSS", *arguments, "-out", "pss.pem"], cwd=folder, check=True)
        subprocess.run(["openssl", "pkey", "-in", "pss.pem", "-pubout", "-out", "pss.pub"], cwd=folder, check=True)
        own_service.writ("clients", "add", "job", "--jwks", "pss.pub")
        assert '"alg":"PS256"' in own_service.clients_file.read_text()
        own_service.start()
        padding = [argument for option in ("rsa_padding_mode:pss", "rsa_pss_saltlen:32") for argument in ("-sigopt", option)]
        for algorithm, status in (("PS256", 200), ("RS256", 401)):
            parts = [{"alg": algorithm}, claims(own_service)]
            signed = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
            signature = subprocess.run(
                ["openssl", "dgst", "-sha256", "-sign", "pss.pem", *padding],
                cwd=folder, input=signed, check=True, capture_output=True,
            ).stdout  # fmt: skip
            assertion = signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")
            assert ask(own_service, assertion.decode()).status_code == status


class TestValues:
    def test_are_those_of_the_core_schema(self, written):
        written.start()
        answer = written.request_token("urn:example:a", SECRET)
        assert answer.json()["scope"] == "site.read site.documentation"
        token = jwt.decode(answer.json()["access_token"], options={"verify_signature": False})
        own = {name: token[name] for name in ("admin", "level", "code", "none", "word")}
        assert own == {"admin": False, "level": 31, "code": "0123", "none": None, "word": "yes"}

    def test_the_empty_secret_is_nobodys(self, written):
        written.start()
        answer = requests.post(
            written.token_endpoint, data={"grant_type": "client_credentials"}, auth=("empty", ""), timeout=DEADLINE
        )
        assert answer.status_code == 401
        digest = "sha256:" + base64.urlsafe_b64encode(hashlib.sha256(b"").digest()).rstrip(b"=").decode()
        written.clients_file.write_text(CLIENTS.replace(EMPTY, digest))
        assert "the hash of the empty secret" in written.writ("config", "check", "--running", status=1).stderr

    @pytest.mark.parametrize("mark", ["\u0085", "\u2028", "\u2029", "\r"])
    @pytest.mark.parametrize("name", ["clients.yaml", "writ.yaml"])
    def test_line_breaks_that_editors_do_not_show_are_refused(self, own_service, mark, name):
        path = own_service.folder / name
        with path.open("a", newline="") as file:
            file.write(f"# a{mark}refresh_tokens_not_before: 2026-01-01T00:00:00Z\n")
        assert "has a line break that editors do not show" in own_service.writ("config", "check", status=1).stderr


class TestEdits:
    def test_keep_comments_and_line_ends(self, written):
        written.clients_file.write_bytes(CLIENTS.replace("\n", "\r\n").encode())
        written.writ("clients", "rotate-secret", "urn:example:a", "--keep", "24h")
        written.writ("clients", "add", "third", "--scope", "site.read")
        written.writ("clients", "remove", "empty")
        text = written.clients_file.read_bytes().decode()
        assert text.count("\n") == text.count("\r\n") and "\r\n" in text
        assert f'- hash: "{HASH}"   # set in March\r\n' in text and "# with a colon\r\n" in text
        written.writ("config", "check")


@pytest.fixture
def key_server():
    """A server of key sets, whose set a test changes."""
    published = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "application/jwk-set+json")
            self.end_headers()
            self.wfile.write(json.dumps({"keys": published}).encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/keys", published
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("changes, reason", [
    ({"use": "enc"}, "use is not sig"),
    ({"d": "AQAB"}, "it contains its private half, which only its owner may have"),
])  # fmt: skip
def test_keys_that_are_skipped_behind_a_url_are_logged(own_service, key_server, changes, reason):
    url, published = key_server
    key = ECKey.generate_key("P-256", {"kid": "k1"})
    published.append({**key.as_dict(private=False), **changes})
    own_service.writ("clients", "add", "job", "--jwks-uri", url)
    own_service.start()
    for _ in range(3):
        assertion = jwt.encode(claims(own_service), key.as_pem(private=True), "ES256", {"kid": "k1"})
        assert ask(own_service, assertion).status_code == 401
    lines = [json.loads(line) for line in own_service.wait_for_log('"reasons"')]
    assert [(line["url"], line["reasons"], line["usable"]) for line in lines] == [(url, [f'key 1 (kid "k1"): {reason}'], 0)]
