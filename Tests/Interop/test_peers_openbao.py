"""OpenBao's auth method `jwt`, set up by the lines of Documentation/Verifying.md."""

import secrets
import subprocess

import pytest
import requests

from forge import TYPES, Forge, check
from peers import check_retired_key, find, needs, program, snippet
from service import DEADLINE, clean_environment, free_addresses

pytestmark = needs("bao")


@pytest.fixture(scope="module")
def accepts(module_service, tmp_path_factory):
    """A server in memory, set up, and whether a token logs in there."""
    folder = tmp_path_factory.mktemp("openbao")
    address = free_addresses(1)[0]
    root = secrets.token_hex(16)
    options = ["-dev-no-store-token", f"-dev-root-token-id={root}", f"-dev-listen-address={address}"]
    command = ["bao", "server", "-dev", *options]

    def is_there():
        try:
            return requests.get(f"http://{address}/v1/sys/health", timeout=DEADLINE).ok
        except requests.ConnectionError:
            return False

    with program(folder, command, is_there):
        subprocess.run(
            ["bash", "-e", "-c", snippet("sh openbao", module_service).replace("bao ", f"{find('bao')} ")],
            env=clean_environment({"BAO_ADDR": f"http://{address}", "BAO_TOKEN": root, "HOME": str(folder)}),
            check=True,
            capture_output=True,
            timeout=DEADLINE,
        )

        def accepts(token):
            form = {"role": "reporting", "jwt": token}
            answer = requests.post(f"http://{address}/v1/auth/jwt/login", json=form, timeout=DEADLINE)
            assert answer.status_code in (200, 400, 403), answer.text
            return answer.status_code == 200

        yield accepts


def test_openbao(module_service, accepts):
    # For a token without `exp` it makes up one.
    check(Forge(module_service), accepts, but_also=[*TYPES, "no-expiry", "expiry-null"])


def test_a_retired_key(module_service, accepts):
    check_retired_key(module_service, {"OpenBao": accepts})
