"""A disk that fails while files are written, or when they are in their place already."""

import json
import os
import shutil
import subprocess

import pytest

from faults import contents
from service import BINARY, DEADLINE, clean_environment

COMMANDS = {
    "keys rotate": ["keys", "rotate", "--in", "1h", "--json"],
    "keys rotate, with one that has expired": ["keys", "rotate", "--in", "1h", "--json"],
    "keys retire": ["keys", "retire", "KID", "--json"],
    "clients add": ["clients", "add", "reporting", "--scope", "a", "--json"],
    "clients rotate-secret": ["clients", "rotate-secret", "demo", "--json"],
    "clients revoke": ["clients", "revoke", "demo", "--json"],
    "clients remove": ["clients", "remove", "demo"],
}
# A file is synchronised beside its place, then the folder that names it; what is removed, twice.
MOMENTS = range(1, 7)
pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="there is no strace, which makes system calls fail")


def run_failing(service, words, moment, failing=None):
    failing = failing or ["-e", f"inject=fsync:error=EIO:when={moment}"]
    result = subprocess.run(
        ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,link,linkat,renameat2", *failing, BINARY, *words],
        cwd=service.folder,
        env=clean_environment({}),
        capture_output=True,
        encoding="utf-8",
        timeout=DEADLINE,
    )
    if "ptrace" in result.stderr:
        pytest.skip("nobody may trace here")
    return result


def expire_a_key(service):
    """One that signed long ago, before the one that is there."""
    keys = service.folder / "keys"
    service.writ("keys", "generate")
    first, second = keys / "rs256.pem", next(keys.glob("*Z-rs256.pem"))
    for path, year in ((first, 2020), (second, 2021)):
        path.rename(keys / f"{year}0101T000000Z-rs256.pem")
        os.utime(keys / f"{year}0101T000000Z-rs256.pem", (0, 0))


def words_of(service, name):
    if "expired" in name:
        expire_a_key(service)
    if name != "keys retire":
        return COMMANDS[name]
    [kid] = [row["kid"] for row in json.loads(service.writ("keys", "list", "--json").stdout) if row["alg"] == "RS256"]
    return [kid if word == "KID" else word for word in COMMANDS[name]]


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_fails_has_changed_nothing(own_service, name, moment):
    """And one that has changed something says what: a secret that nobody was shown keeps its client out."""
    words = words_of(own_service, name)
    before = contents(own_service.folder)
    result = run_failing(own_service, words, moment)
    after = contents(own_service.folder)
    assert not any("draft" in file for file in after)
    if result.returncode == 0:
        assert after != before
        secret = json.loads(result.stdout or "{}").get("client_secret")
        if secret:
            own_service.secrets.add(secret)
            own_service.start()
            client = "demo" if "demo" in words else "reporting"
            assert own_service.request_token(client, secret).status_code == 200
    else:
        assert result.returncode == 1
        assert "error:" in result.stderr
        # What is removed is gone, though the disk did not confirm that.
        assert after == before or "is changed, but the disk did not confirm it" in result.stderr
    own_service.writ("config", "check", "--running")


# SMB and some FUSE mounts have no hard links; NFS cannot rename without replacing.
WITHOUT_LINKS = {
    "no hard links": ["-e", "inject=link,linkat:error=EPERM"],
    "nor an exclusive rename": ["-e", "inject=link,linkat:error=EPERM", "-e", "inject=renameat2:error=EINVAL"],
}


@pytest.mark.parametrize("lacking", WITHOUT_LINKS)
def test_a_file_system_without_hard_links_gets_keys_too(own_service, lacking):
    shutil.rmtree(own_service.folder / "keys")
    for words in (["keys", "generate", "--json"], ["keys", "rotate", "--in", "1h", "--json"]):
        result = run_failing(own_service, words, 0, WITHOUT_LINKS[lacking])
        assert result.returncode == 0, result.stderr
    files = sorted(path.name for path in (own_service.folder / "keys").iterdir())
    assert len(files) == 3 and files[0] == ".writ-lock" and files[2] == "rs256.pem"
    assert len(json.loads(own_service.writ("keys", "list", "--json").stdout)) == 2


def test_a_link_that_the_system_refuses_is_no_way_to_lose_the_former_file(own_service):
    before = contents(own_service.folder)
    failing = ["-e", "inject=link,linkat:error=EPERM", "-e", "inject=fsync:error=EIO:when=2"]
    result = run_failing(own_service, COMMANDS["clients rotate-secret"], 2, failing)
    assert result.returncode == 1
    assert "input/output error" in result.stderr
    assert contents(own_service.folder) == before
