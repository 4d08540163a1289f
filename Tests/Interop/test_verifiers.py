"""The verifiers of Documentation/Verifying.md: its snippets, with this issuer in place of the example's."""

import asyncio
import base64
import hmac
import json
import re
import shutil
import subprocess
import time
from pathlib import Path

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from service import DEADLINE, RESOURCE, free_addresses, wait_until

PAGE = Path(__file__).parents[2] / "Documentation/Verifying.md"
MODULES = Path("/usr/lib/apache2/modules")


def snippet(name, service, **replacements):
    block = re.search(rf"^```{re.escape(name)}\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert block, name
    text = block.group(1).replace("https://tokens.example.com", service.issuer)
    for old, new in replacements.items():
        assert old in text
        text = text.replace(old, new)
    return text


def base64url(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


class Forge:
    """Makes tokens with the service's own key, right but for what is asked to be wrong."""

    def __init__(self, service):
        self.key = (service.folder / "keys/rs256.pem").read_bytes()
        self.header = jwt.get_unverified_header(service.access_token())
        self.claims = jwt.decode(service.access_token(), options={"verify_signature": False})

    def token(self, key=None, header=None, without=(), **claims):
        header = {**self.header, **(header or {})}
        payload = {name: value for name, value in {**self.claims, **claims}.items() if name not in without}
        return jwt.encode(payload, key or self.key, header["alg"], header)

    def by_hand(self, algorithm, sign, **header):
        """What PyJWT refuses to make."""
        header = {**self.header, "alg": algorithm, **header}
        parts = [base64url(json.dumps(part).encode()) for part in (header, self.claims)]
        text = ".".join(parts)
        return f"{text}.{base64url(sign(text.encode()))}"

    def bad(self):
        now = int(time.time())
        stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        public = serialization.load_pem_private_key(self.key, None).public_key()
        secret = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        good = self.token()
        return {
            "audience": self.token(aud="https://other.example.com"),
            "issuer": self.token(iss="https://other.example.com"),
            "expired": self.token(exp=now - 3600, iat=now - 7200),
            "no-expiry": self.token(without=["exp"]),
            "type": self.token(header={"typ": "JWT"}),
            "type-a-number": self.by_hand("HS256", lambda _: b"x", typ=5),
            "expiry-null": self.token(exp=None),
            "another-key": self.token(key=stranger),
            "hmac-of-the-public-key": self.by_hand("HS256", lambda text: hmac.digest(secret, text, "sha256")),
            "unsigned": self.by_hand("none", lambda _: b""),
            "changed": good[:-6] + ("AAAAAA" if good[-6:] != "AAAAAA" else "BBBBBB"),
            "cut": good[: good.rindex(".") + 1],
            "nonsense": "a.b.c",
        }


@pytest.fixture(scope="module")
def forge(service):
    return Forge(service)


def check(forge, accepts, but_not=()):
    """`accepts` says yes to the good token and no to all others."""
    assert accepts(forge.token())
    for name, token in forge.bad().items():
        if name not in but_not:
            assert not accepts(token), name


def test_pyjwt(service, forge):
    scope = {}
    exec(snippet("python pyjwt", service), scope)

    def accepts(token):
        try:
            return scope["verify"](token)["client_id"] == service.client_id
        except (jwt.PyJWTError, jwt.PyJWKClientError):
            return False

    check(forge, accepts)


def test_fastmcp(service, forge):
    pytest.importorskip("fastmcp")
    scope = {}
    exec(snippet("python fastmcp", service, **{"https://mcp.example.com": RESOURCE}), scope)

    def accepts(token):
        return asyncio.run(scope["verifier"].verify_token(token)) is not None

    check(forge, accepts)
    assert not accepts(forge.token(scope="other"))


def answers(url, token):
    status = requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=DEADLINE).status_code
    assert status in (200, 401), status
    return status == 200


def is_there(url):
    try:
        return requests.get(url, timeout=DEADLINE).status_code == 401
    except requests.ConnectionError:
        return False


def haproxy_version():
    if not shutil.which("haproxy"):
        return (0, 0)
    text = subprocess.run(["haproxy", "-v"], capture_output=True, encoding="utf-8", check=True).stdout
    return tuple(int(part) for part in re.search(r"version (\d+)\.(\d+)", text).groups())


@pytest.mark.skipif(haproxy_version() < (2, 5), reason="no haproxy with jwt_verify is installed")
def test_haproxy(service, forge, tmp_path):
    address = free_addresses(1)[0]
    (tmp_path / "writ.pem").write_text(service.writ("keys", "export", "--pem").stdout)
    rules = snippet(
        "haproxy",
        service,
        **{
            ":8080": address,
            "/etc/haproxy/writ.pem": str(tmp_path / "writ.pem"),
            "default_backend api": "http-request return status 200",
        },
    )
    defaults = "defaults\n    mode http\n    timeout client 10s\n    timeout server 10s\n    timeout connect 10s\n"
    (tmp_path / "haproxy.cfg").write_text(f"{defaults}\n{rules}")
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(["haproxy", "-db", "-f", "haproxy.cfg"], cwd=tmp_path, stdout=log, stderr=log)
    try:
        wait_until("haproxy answers", lambda: is_there(f"http://{address}/"))
        check(forge, lambda token: answers(f"http://{address}/", token))
        two = subprocess.run(
            ["curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", f"http://{address}/"]
            + ["--header", f"Authorization: Bearer {forge.token()}", "--header", "Authorization: Bearer a.b.c"],
            capture_output=True,
            encoding="utf-8",
        )
        assert two.stdout == "400"
        several = forge.token(aud=[RESOURCE, "https://other.example.com"])
        assert not answers(f"http://{address}/", several)
    finally:
        process.terminate()
        process.wait(timeout=DEADLINE)


@pytest.mark.skipif(not (MODULES / "mod_oauth2.so").exists(), reason="libapache2-mod-oauth2 is not installed")
def test_apache(service, forge, tmp_path):
    address = free_addresses(1)[0]
    modules = ["mpm_event", "authn_core", "authz_core", "oauth2"]
    lines = [f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in modules]
    (tmp_path / "htdocs").mkdir()
    (tmp_path / "htdocs/index").write_text("ok")
    lines += [
        f"ServerRoot {tmp_path}",
        f"Listen {address}",
        "ServerName localhost",
        f"PidFile {tmp_path}/pid",
        f"ErrorLog {tmp_path}/log",
        f"DocumentRoot {tmp_path}/htdocs",
        "StartServers 1",
    ]
    (tmp_path / "httpd.conf").write_text("\n".join(lines) + "\n" + snippet("apache", service))
    process = subprocess.Popen(["apache2", "-X", "-f", str(tmp_path / "httpd.conf")], cwd=tmp_path)
    try:
        wait_until("Apache answers", lambda: is_there(f"http://{address}/index"))
        # It does not look at the type.
        check(forge, lambda token: answers(f"http://{address}/index", token), but_not=["type"])
        # It remembers tokens; not for much longer than they live.
        short = forge.token(exp=int(time.time()) + 2)
        assert answers(f"http://{address}/index", short)
        wait_until("the token has expired", lambda: not answers(f"http://{address}/index", short))
    finally:
        process.terminate()
        process.wait(timeout=DEADLINE)
