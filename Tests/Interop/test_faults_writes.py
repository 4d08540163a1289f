"""A disk that fails while files are written, or when they are in their place already."""

import json
import shutil
import subprocess

import pytest

from faults import contents
from service import BINARY, DEADLINE, clean_environment

COMMANDS = {
    "keys rotate": ["keys", "rotate", "--in", "1h", "--json"],
    "clients add": ["clients", "add", "reporting", "--scope", "a", "--json"],
    "clients rotate-secret": ["clients", "rotate-secret", "demo", "--json"],
    "clients remove": ["clients", "remove", "demo"],
}
# The file is synchronised beside its place, and then the folder that names it.
MOMENTS = {"the file is synchronised": 1, "the folder is synchronised": 2}
pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="there is no strace, which makes system calls fail")


def run_failing(service, words, moment):
    failing = ["-e", "trace=fsync", "-e", f"inject=fsync:error=EIO:when={moment}"]
    result = subprocess.run(
        ["strace", "-f", "-qq", "-o", "/dev/null", *failing, BINARY, *words],
        cwd=service.folder,
        env=clean_environment({}),
        capture_output=True,
        encoding="utf-8",
        timeout=DEADLINE,
    )
    if "ptrace" in result.stderr:
        pytest.skip("nobody may trace here")
    return result


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_fails_has_changed_nothing(own_service, name, moment):
    """And one that has changed something says what: a secret that nobody was shown keeps its client out."""
    before = contents(own_service.folder)
    result = run_failing(own_service, COMMANDS[name], moment)
    if result.returncode == 0:
        assert contents(own_service.folder) != before
        secret = json.loads(result.stdout or "{}").get("client_secret")
        if secret:
            own_service.secrets.add(secret)
            own_service.start()
            client = "demo" if "demo" in COMMANDS[name] else "reporting"
            assert own_service.request_token(client, secret).status_code == 200
    else:
        assert result.returncode == 1
        assert "error:" in result.stderr
        assert contents(own_service.folder) == before
    own_service.writ("config", "check")
