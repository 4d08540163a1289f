"""The verifiers of Documentation/Verifying.md that are libraries of Python, HAProxy or modules of Apache."""

import asyncio
import importlib.util
import re
import shutil
import subprocess
import time
from contextlib import ExitStack

import jwt
import pytest

from apache import APACHE_MODULES, apache
from forge import TYPES, Forge, check
from peers import answers, asks_for_a_token, check_retired_key, find, needs, program, snippet
from service import RESOURCE, free_addresses, wait_until


@pytest.fixture(scope="module")
def forge(service):
    return Forge(service)


def pyjwt(service):
    scope = {}
    exec(snippet("python pyjwt", service), scope)

    def accepts(token):
        try:
            return scope["verify"](token)["client_id"] == service.client_id
        except (jwt.PyJWTError, jwt.PyJWKClientError):
            return False

    return accepts


def fastmcp(service):
    pytest.importorskip("fastmcp")
    scope = {}
    exec(snippet("python fastmcp", service, **{"https://mcp.example.com": RESOURCE}), scope)
    return lambda token: asyncio.run(scope["verifier"].verify_token(token)) is not None


def test_pyjwt(service, forge):
    check(forge, pyjwt(service))


def test_fastmcp(service, forge):
    accepts = fastmcp(service)
    check(forge, accepts)
    assert not accepts(forge.token(scope="other"))


def haproxy_version():
    if not shutil.which("haproxy"):
        return (0, 0)
    text = subprocess.run(["haproxy", "-v"], capture_output=True, encoding="utf-8", check=True).stdout
    return tuple(int(part) for part in re.search(r"version (\d+)\.(\d+)", text).groups())


@pytest.mark.skipif(haproxy_version() < (2, 5), reason="no haproxy with jwt_verify is installed")
def test_haproxy(service, forge, tmp_path):
    address = free_addresses(1)[0]
    url = f"http://{address}/"
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
    with program(tmp_path, ["haproxy", "-db", "-f", "haproxy.cfg"], lambda: asks_for_a_token(url)):
        check(forge, lambda token: answers(url, token))
        two = subprocess.run(
            ["curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", url]
            + ["--header", f"Authorization: Bearer {forge.token()}", "--header", "Authorization: Bearer a.b.c"],
            capture_output=True,
            encoding="utf-8",
        )
        assert two.stdout == "400"
        several = forge.token(aud=[RESOURCE, "https://other.example.com"])
        assert not answers(url, several)


@needs(APACHE_MODULES / "mod_oauth2.so")
def test_apache(service, forge, tmp_path):
    with apache(tmp_path, "oauth2", snippet("apache", service)) as url:
        # It does not look at the type.
        check(forge, lambda token: answers(url, token), but_also=TYPES)
        # It caches tokens; not for much longer than they live.
        short = forge.token(exp=int(time.time()) + 2)
        assert answers(url, short)
        wait_until("the token has expired", lambda: not answers(url, short))


def test_a_retired_key(module_service, tmp_path):
    verifiers = {"PyJWT": pyjwt(module_service)}
    with ExitStack() as stack:
        if importlib.util.find_spec("fastmcp"):
            verifiers["FastMCP"] = fastmcp(module_service)
        if find(APACHE_MODULES / "mod_oauth2.so"):
            url = stack.enter_context(apache(tmp_path, "oauth2", snippet("apache", module_service)))
            verifiers["mod_oauth2"] = lambda token: answers(url, token)
        check_retired_key(module_service, verifiers)
