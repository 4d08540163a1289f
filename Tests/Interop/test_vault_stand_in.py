"""The stand-in for Vault answers as OpenBao does; the other tests of keys in Vault rest on that."""

import base64
import json
import secrets
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from authority import Authority
from peers import needs, program
from service import DEADLINE, free_addresses
from vault_stand_in import vault

MESSAGE = b"header.payload"
SIGNS = {"rsa-2048": "sha2-256", "ecdsa-p256": "sha2-256", "ecdsa-p384": "sha2-384", "ed25519": None}


class Server:
    """A server with a root token, and an engine at `transit`."""

    def __init__(self, origin, token, **options):
        self.origin, self.token, self.options = origin, token, options

    def send(self, method, path, body=None, token=None, **fields):
        fields = {"X-Vault-Token": token or self.token, "X-Vault-Request": "true", **fields}
        return requests.request(
            method, f"{self.origin}/v1/{path}", json=body, headers=fields, timeout=DEADLINE, allow_redirects=False, **self.options
        )


@contextmanager
def stand_in(folder):
    with vault() as running:
        yield Server(running.origin, "root")


@contextmanager
def openbao(folder):
    address, root = free_addresses(1)[0], secrets.token_hex(16)
    options = ["-dev-no-store-token", f"-dev-root-token-id={root}", f"-dev-listen-address={address}"]
    server = Server(f"http://{address}", root)

    def is_there():
        try:
            return server.send("GET", "sys/health").ok
        except requests.ConnectionError:
            return False

    with program(folder, ["bao", "server", "-dev", *options], is_there):
        assert server.send("POST", "sys/mounts/transit", {"type": "transit"}).status_code == 204
        assert server.send("POST", "sys/auth/kubernetes", {"type": "kubernetes"}).status_code == 204
        yield server


@pytest.fixture(scope="module", params=[stand_in, pytest.param(openbao, marks=needs("bao"))])
def server(request, tmp_path_factory):
    with request.param(tmp_path_factory.mktemp("vault")) as server:
        yield server


def load(text):
    return load_pem_public_key(text.encode()) if text.startswith("-----") else Ed25519PublicKey.from_public_bytes(
        base64.b64decode(text)
    )


def digest(hash, octets):
    state = hashes.Hash(hash)
    state.update(octets)
    return state.finalize()


def check(public_key, type, text, pss=False):
    prefix, version, encoded = text.split(":")
    assert prefix == "vault"
    if type == "ed25519":
        return public_key.verify(base64.b64decode(encoded), MESSAGE)
    if type.startswith("rsa"):
        scheme = padding.PSS(padding.MGF1(hashes.SHA256()), 32) if pss else padding.PKCS1v15()
        return public_key.verify(base64.b64decode(encoded), MESSAGE, scheme, hashes.SHA256())
    octets = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    half = len(octets) // 2
    der = encode_dss_signature(int.from_bytes(octets[:half], "big"), int.from_bytes(octets[half:], "big"))
    public_key.verify(der, MESSAGE, ec.ECDSA(hashes.SHA256() if half == 32 else hashes.SHA384()))


def shape(value):
    """The types of a JSON value, with the names of its members."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    return type(value).__name__


def question(type, version, **members):
    hash = {"sha2-256": hashes.SHA256(), "sha2-384": hashes.SHA384(), None: None}[SIGNS[type]]
    body = {"key_version": version, "input": base64.b64encode(digest(hash, MESSAGE) if hash else MESSAGE).decode(), **members}
    if hash:
        body["prehashed"] = True
    if type.startswith("rsa"):
        body = {"signature_algorithm": "pkcs1v15", **body}
    if type.startswith("ecdsa"):
        body["marshaling_algorithm"] = "jws"
    return body


@pytest.mark.parametrize("type", SIGNS)
def test_makes_rotates_and_signs(server, type):
    path = f"transit/keys/all.of-{type}"
    made = server.send("POST", path, {"type": type, "exportable": False, "allow_plaintext_backup": False})
    assert made.status_code == 200
    # A key that is there stays as it is.
    assert server.send("POST", path, {"type": "aes256-gcm96"}).json()["data"] == made.json()["data"]
    assert server.send("POST", f"{path}/rotate").json()["data"]["latest_version"] == 2
    data = server.send("GET", path).json()["data"]
    assert data["keys"]["1"] == made.json()["data"]["keys"]["1"]
    assert (data["type"], data["exportable"], data["allow_plaintext_backup"]) == (type, False, False)
    sign = f"transit/sign/all.of-{type}" + (f"/{SIGNS[type]}" if SIGNS[type] else "")
    for version in (1, 2):
        answer = server.send("POST", sign, question(type, version)).json()["data"]
        assert answer["signature"].startswith(f"vault:v{version}:")
        check(load(data["keys"][str(version)]["public_key"]), type, answer["signature"])
    if type.startswith("rsa"):
        members = {"signature_algorithm": "pss", "salt_length": "hash"}
        answer = server.send("POST", sign, question(type, 2, **members)).json()["data"]
        check(load(data["keys"]["2"]["public_key"]), type, answer["signature"], pss=True)


def answers(server):
    """Statuses, and the texts or shapes of answers, to requests that are right and wrong."""
    send = server.send
    for name, type in [("shape", "ecdsa-p256"), ("cipher", "aes256-gcm96"), ("pair", "rsa-2048"), ("edwards", "ed25519")]:
        send("POST", f"transit/keys/{name}", {"type": type})
    send("POST", "transit/keys/old", {"type": "ed25519"})
    send("POST", "transit/keys/old/rotate")
    send("POST", "transit/keys/old/config", {"min_decryption_version": 2, "min_encryption_version": 2})
    send("POST", "transit/keys/derived", {"type": "ed25519", "derived": True})
    requests = [
        ("GET", "transit/keys/shape", None), ("GET", "transit/keys/cipher", None), ("GET", "transit/keys/edwards", None),
        ("GET", "transit/keys/old", None), ("GET", "transit/keys/none", None), ("GET", "elsewhere/keys/none", None),
        ("GET", "transit/nothing/none", None), ("POST", "transit/keys/-none", {"type": "ed25519"}),
        ("POST", "transit/sign/none/sha2-256", {"input": "AAAA"}), ("POST", "transit/sign/cipher", {"input": "AAAA"}),
        ("POST", "transit/sign/shape/sha2-256", question("ecdsa-p256", 1)),
        ("POST", "transit/sign/shape/sha2-256", question("ecdsa-p256", 9)),
        ("POST", "transit/sign/shape/sha9", question("ecdsa-p256", 1)),
        ("POST", "transit/sign/shape/sha2-256", {**question("ecdsa-p256", 1), "marshaling_algorithm": "x"}),
        ("POST", "transit/sign/pair/sha2-256", {**question("rsa-2048", 1), "input": "AAAA"}),
        ("POST", "transit/sign/old", question("ed25519", 1)), ("POST", "transit/sign/old", question("ed25519", 2)),
        ("DELETE", "transit/keys/shape", None),
        ("POST", "auth/kubernetes-none/login", {"role": "x", "jwt": "y"}),
    ]
    for method, path, body in requests:
        answer = send(method, path, body)
        value = answer.json() if answer.content else None
        yield (method, path, json.dumps(body)), answer.status_code, value if "errors" in (value or {}) else shape(value)
    for path in ("transit/keys/shape", "transit/keys/none", "elsewhere/x"):
        answer = send("GET", path, token="wrong")
        yield path, answer.status_code, answer.json()


@needs("bao")
def test_answers_as_openbao_does(tmp_path):
    with stand_in(tmp_path) as ours, openbao(tmp_path) as theirs:
        for own, other in zip(answers(ours), answers(theirs), strict=True):
            assert own == other


def test_refuses_an_unknown_role(server):
    assert server.send("POST", "auth/kubernetes/login", {"role": "x", "jwt": "y"}).json()["errors"] == ['invalid role name "x"']


@pytest.fixture
def running():
    with vault() as running:
        running.make_key("writ", "ed25519")
        yield running


def ask(running, **options):
    return Server(running.origin, "root", **options).send("POST", "transit/sign/writ", question("ed25519", 1))


def test_tokens_and_logins(running):
    running.add_account("writ", "eyJ.account")
    running.set_lease(60)
    server = Server(running.origin, "root")
    assert server.send("POST", "auth/kubernetes/login", {"role": "writ", "jwt": "other"}).status_code == 403
    auth = server.send("POST", "auth/kubernetes/login", {"role": "writ", "jwt": "eyJ.account"}).json()["auth"]
    assert auth["lease_duration"] == 60
    assert server.send("GET", "transit/keys/writ", token=auth["client_token"]).ok
    running.add_token("narrow", ["transit/keys/writ", "transit/sign/writ/*"])
    assert server.send("GET", "transit/keys/writ", token="narrow").ok
    assert server.send("POST", "transit/keys/writ/rotate", token="narrow").status_code == 403
    running.revoke_tokens()
    assert server.send("GET", "transit/keys/writ", token=auth["client_token"]).status_code == 403


def test_behaves_badly_as_often_as_asked(running):
    key = running.key("writ").public_key()
    for behaviour, status in [("sealed", 503), ("standby", 473), ("denied", 403), ("redirect", 307), ("garbage", 200)]:
        running.behave(behaviour, times=1)
        assert ask(running).status_code == status
        check(key, "ed25519", ask(running).json()["data"]["signature"])
    running.behave("wrong-key", times=1)
    with pytest.raises(InvalidSignature):
        check(key, "ed25519", ask(running).json()["data"]["signature"])
    running.behave("wrong-version", times=1)
    assert ask(running).json()["data"]["signature"].startswith("vault:v2:")
    running.behave("too-large", times=1)
    assert len(ask(running).content) > 1 << 20
    for behaviour in ("half", "close"):
        running.behave(behaviour, times=1)
        with pytest.raises(requests.exceptions.RequestException):
            ask(running)
    running.behave("hang", on="any")
    with pytest.raises(requests.exceptions.Timeout):
        requests.get(f"{running.origin}/v1/transit/keys/writ", timeout=0.2)
    running.behave_well()
    assert ask(running).ok


def test_ends_kept_connections_and_comes_back_at_its_port(running):
    with requests.Session() as session:
        path, fields = f"{running.origin}/v1/transit/keys/writ", {"X-Vault-Token": "root"}
        assert session.get(path, headers=fields, timeout=DEADLINE).ok
        running.stop()
        with pytest.raises(requests.exceptions.ConnectionError):
            session.get(path, headers=fields, timeout=DEADLINE)
        running.start()
        assert session.get(path, headers=fields, timeout=DEADLINE).ok


def test_runs_as_a_program_with_tls(tmp_path):
    authority = Authority()
    pair = authority.issue()
    (tmp_path / "ca.pem").write_bytes(authority.root_pem)
    (tmp_path / "c.pem").write_bytes(pair.certificate_pem)
    (tmp_path / "k.pem").write_bytes(pair.key_pem())
    command = [sys.executable, str(Path(__file__).with_name("vault_stand_in.py")), "--key", "writ:ed25519"]
    command += ["--certificate", tmp_path / "c.pem", "--private-key", tmp_path / "k.pem"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8")
    try:
        origin = process.stdout.readline().strip()
        server = Server(origin, "root", verify=tmp_path / "ca.pem")
        assert server.send("GET", "transit/keys/writ").json()["data"]["type"] == "ed25519"
        message = {"call": "behave", "behaviour": "sealed", "on": "keys", "times": 1}
        answer = requests.post(f"{origin}/control", json=message, verify=tmp_path / "ca.pem", timeout=DEADLINE)
        assert answer.status_code == 204
        assert server.send("GET", "transit/keys/writ").status_code == 503
        assert server.send("GET", "transit/keys/writ").ok
        counts = requests.get(f"{origin}/control", verify=tmp_path / "ca.pem", timeout=DEADLINE).json()
        # That of this question is one of the connections.
        assert counts == {"connections": 5, "requests": 3}
    finally:
        process.terminate()
        assert process.wait(DEADLINE) == 0
        process.stdout.close()
