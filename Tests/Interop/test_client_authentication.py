"""Clients that prove who they are with a key, or with a secret that a person chose."""

import base64
import hashlib
import json
import subprocess
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from service import DEADLINE, RESOURCE

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
KEYS = {
    "RS256": lambda: RSAKey.generate_key(2048, {"kid": "k1"}),
    "PS256": lambda: RSAKey.generate_key(2048, {"kid": "k1"}),
    "ES256": lambda: ECKey.generate_key("P-256", {"kid": "k1"}),
    "EdDSA": lambda: OKPKey.generate_key("Ed25519", {"kid": "k1"}),
}


def claims(service, client_id="job", **changes):
    now = int(time.time())
    good = {"iss": client_id, "sub": client_id, "aud": service.issuer, "iat": now, "exp": now + 60, "jti": str(uuid.uuid4())}
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def ask(service, assertion, **form):
    form = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion, **form}
    return requests.post(
        service.token_endpoint, data={"grant_type": "client_credentials", **form}, timeout=DEADLINE
    )


def add_client(service, *options, id="job"):
    service.writ("clients", "add", id, "--scope", "a b", "--resource", RESOURCE, *options)


def write_key_set(service, *keys):
    path = service.folder / "keys.json"
    path.write_text(json.dumps({"keys": [key.as_dict(private=False) for key in keys]}))
    return path.name


class TestAssertions:
    @pytest.mark.parametrize("algorithm", KEYS)
    def test_joserfc(self, own_service, algorithm):
        key = KEYS[algorithm]()
        add_client(own_service, "--jwks", write_key_set(own_service, key))
        own_service.start()
        assertion = joserfc_jwt.encode(
            {"alg": algorithm, "kid": "k1"}, claims(own_service), key, algorithms=[algorithm]
        )
        answer = ask(own_service, assertion)
        assert answer.status_code == 200, answer.text
        assert jwt.decode(answer.json()["access_token"], options={"verify_signature": False})["sub"] == "job"
        # Once is enough.
        again = ask(own_service, assertion)
        assert (again.status_code, again.json()["error"]) == (401, "invalid_client")

    def test_authlib(self, own_service):
        key = KEYS["RS256"]()
        add_client(own_service, "--jwks", write_key_set(own_service, key))
        own_service.start()
        session = OAuth2Session(
            "job", key.as_pem(private=True).decode(), token_endpoint_auth_method="private_key_jwt", scope="a"
        )
        # Authlib's assertions last an hour unless told otherwise.
        session.register_client_auth_method(
            PrivateKeyJWT(own_service.token_endpoint, claims={"exp": int(time.time()) + 60}, headers={"kid": "k1"})
        )
        token = session.fetch_token(own_service.token_endpoint, grant_type="client_credentials")
        assert token["scope"] == "a"

    def test_the_command_line_with_a_key_of_openssl(self, own_service):
        folder = own_service.folder
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", "job.pem"], cwd=folder, check=True)
        subprocess.run(["openssl", "pkey", "-in", "job.pem", "-pubout", "-out", "job.pub"], cwd=folder, check=True)
        for name in ("job.pem", "job.pub"):
            (folder / name).chmod(0o600)
        add_client(own_service, "--jwks", "job.pub")
        own_service.start()
        request = ["token", "request", "--issuer", own_service.issuer, "--client-id", "job", "--private-key"]
        assert own_service.writ(*request, "job.pem").stdout.count(".") == 2
        # The public half is no key to sign with, and one that others can read is refused.
        assert "is not a usable private key" in own_service.writ(*request, "job.pub", status=1).stderr
        (folder / "job.pem").chmod(0o644)
        assert "chmod 600" in own_service.writ(*request, "job.pem", status=1).stderr

    def test_a_private_key_does_not_get_into_the_clients_file(self, own_service):
        path = own_service.folder / "private.json"
        path.write_text(json.dumps({"keys": [KEYS["ES256"]().as_dict(private=True)]}))
        result = own_service.writ("clients", "add", "job", "--jwks", path.name, status=1)
        assert "private half" in result.stderr
        assert "job" not in own_service.clients_file.read_text()

    def test_keys_behind_a_url_are_fetched_and_kept(self, own_service):
        first, second = KEYS["ES256"](), ECKey.generate_key("P-256", {"kid": "k2"})
        published, requests_seen = [first], []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                requests_seen.append(self.path)
                body = json.dumps({"keys": [key.as_dict(private=False) for key in published]}).encode()
                self.send_response(200 if published else 500)
                self.send_header("Content-Type", "application/jwk-set+json")
                self.send_header("Cache-Control", "max-age=600")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            add_client(own_service, "--jwks-uri", f"http://127.0.0.1:{server.server_port}/keys")
            own_service.start()

            def status(key):
                header = {"alg": "ES256", "kid": key.kid}
                return ask(own_service, joserfc_jwt.encode(header, claims(own_service), key)).status_code

            assert [status(first), status(first)] == [200, 200]
            assert len(requests_seen) == 1
            # An unknown kid is a reason to ask again only once in a while, whoever sends it.
            assert [status(second), status(second)] == [401, 401]
            assert len(requests_seen) <= 2
            # The set that there is stays good while its server fails.
            published.clear()
            assert status(first) == 200
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


class TestChosenSecrets:
    """Hashes as other servers made them."""

    HASHES = {
        "pbkdf2": "$pbkdf2-sha256$i=1000$"
        + "$".join(
            base64.b64encode(part).decode().rstrip("=")
            for part in (b"saltsalt", hashlib.pbkdf2_hmac("sha256", b"chosen", b"saltsalt", 1000, 32))
        ),
        "scrypt": "$scrypt$ln=10,r=8,p=1$"
        + "$".join(
            base64.b64encode(part).decode().rstrip("=")
            for part in (b"saltsalt", hashlib.scrypt(b"chosen", salt=b"saltsalt", n=1024, r=8, p=1, dklen=32))
        ),
        # Openwall's vector.
        "bcrypt": "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    }

    def test_they_are_accepted_and_wrong_ones_are_not(self, own_service):
        with own_service.clients_file.open("a") as file:
            for name, hash in self.HASHES.items():
                file.write(f"  - client_id: {name}\n    client_secrets: [{{hash: '{hash}'}}]\n")
        own_service.start()
        for name in self.HASHES:
            secret = "U*U" if name == "bcrypt" else "chosen"
            # Twice: the second time it is remembered.
            assert [own_service.request_token(name, secret).status_code for _ in range(2)] == [200, 200]
            assert own_service.request_token(name, secret + "x").status_code == 401
        listed = {client["client_id"]: client for client in json.loads(own_service.writ("clients", "list", "--json").stdout)}
        assert [secret["kind"] for secret in listed["bcrypt"]["client_secrets"]] == ["bcrypt"]


def test_a_secret_that_ends_soon_is_told(own_service):
    own_service.writ("clients", "rotate-secret", own_service.client_id, "--keep", "24h")
    text = own_service.clients_file.read_text()
    # Only the old secret is left, which ends in a day.
    lines = text.splitlines()
    first = next(number for number, line in enumerate(lines) if "hash:" in line)
    del lines[first]
    own_service.clients_file.write_text("\n".join(lines) + "\n")
    own_service.start()
    own_service.wait_for_log("The last secret of a client ends soon")
    metrics = requests.get(f"{own_service.management}/metrics", timeout=DEADLINE)
    assert metrics.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert 'writ_client_secret_expiry_timestamp_seconds{client_id="demo"}' in metrics.text
    assert "writ_clients 1" in metrics.text
