"""Programs of others, with the snippets of Documentation/Verifying.md."""

import base64
import hashlib
import http.client
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from service import DEADLINE, RESOURCE, clean_environment, free_addresses, wait_until
from tokens import header

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "Documentation/Verifying.md"
# What script/setup puts there: see its part for peers.
TOOLS = ROOT / ".build/tools"


# Without these nginx uses folders that belong to root.
NGINX_FOLDERS = " ".join(f"{name}_temp_path {name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))


def snippet(name, service, **replacements):
    """A snippet of the page, with this issuer in place of the example's. Each replacement must have a place."""
    block = re.search(rf"^```{re.escape(name)}\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert block, name
    text = block.group(1).replace("https://tokens.example.com", service.issuer)
    for old, new in replacements.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def needs(program):
    """Skips a test if the program is not installed."""
    reason = f"there is no {program}: `script/setup test` or `script/setup peers` installs it if there is a package"
    return pytest.mark.skipif(find(program) is None, reason=reason)


def find(program):
    """A program on the PATH or where Debian puts servers, or what a file that must be there is called."""
    if "/" in str(program):
        return program if Path(program).exists() else None
    folders = [os.environ["PATH"], str(Path(sys.executable).parent), "/usr/sbin"]
    return shutil.which(program, path=os.pathsep.join(folders))


@contextmanager
def program(folder, command, is_ready, name=None, **environment):
    """A program of others, running until the block ends. If the block fails, the end of its output is shown."""
    output = folder / f"{name or Path(command[0]).name}.out"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [find(command[0]), *command[1:]],
            cwd=folder,
            env=clean_environment({"HOME": str(folder), **environment}),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )

    def ready():
        assert process.poll() is None, f"{command[0]} exited with {process.returncode}"
        return is_ready()

    try:
        wait_until(f"{command[0]} answers", ready, 5 * DEADLINE)
        yield process
    except BaseException:
        print(f"end of {output}:\n{output.read_text(errors='replace')[-4000:]}")
        raise
    finally:
        stop(process)


def stop(process):
    """Ends the program and what it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(timeout=DEADLINE)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


class Lines:
    """A program that reads tokens from standard input, one a line, and answers `yes` or `no` and a reason."""

    def __init__(self, folder, command, **environment):
        self.errors = folder / "errors"
        with self.errors.open("wb") as file:
            self.process = subprocess.Popen(
                [find(command[0]), *command[1:]],
                cwd=folder,
                env=clean_environment(environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                encoding="utf-8",
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.process.communicate(timeout=DEADLINE)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.communicate()

    def ask(self, line):
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        assert answer.split(" ")[0] in ("yes", "no"), f"{answer}\n{self.errors.read_text(errors='replace')}"
        return answer

    def accepts(self, token):
        return self.ask(token).startswith("yes")


def status(url, *tokens):
    """The status of the answer to a request with an `Authorization` field for each token."""
    parts = urlsplit(url)
    with closing(http.client.HTTPConnection(parts.netloc, timeout=DEADLINE)) as connection:
        connection.putrequest("GET", parts.path)
        for token in tokens:
            connection.putheader("Authorization", f"Bearer {token}")
        connection.endheaders()
        return connection.getresponse().status


def answers(url, token):
    """Whether the token opens the URL. A refusal is 401, or 403 from a rule about a claim."""
    result = status(url, token)
    assert result in (200, 401, 403), result
    return result == 200


def asks_for_a_token(url):
    try:
        return status(url) in (401, 403)
    except ConnectionError:
        return False


def retire(service):
    """Retires the key that signs, and returns once another key signs."""
    key = header(service.access_token())["kid"]
    service.writ("keys", "retire", key)
    wait_until("another key signs", lambda: header(service.access_token())["kid"] != key)


def check_retired_key(service, verifiers, token=None):
    """What verifiers do when a key is retired is what the page's table says of them, by the names of its rows."""
    token = token or service.access_token
    # The last one is not known to a verifier that remembers tokens.
    old, other = token(), token()
    for name, accepts in verifiers.items():
        assert accepts(old), name
    retire(service)
    new = token()
    found = {}
    for name, accepts in verifiers.items():
        found[name] = [verdict(accepts(old)), verdict(accepts(new))]
        if row(name)[1] == LATER and found[name][1] == "refused":
            wait_until("the set has been fetched in the background", lambda: accepts(new))
            found[name][1] = LATER
        found[name].append(verdict(accepts(other)))
    assert found == {name: row(name) for name in verifiers}


LATER = "refused, then accepted"


def verdict(is_accepted):
    return "accepted" if is_accepted else "refused"


def row(name):
    """What the page's table says of a verifier."""
    match = re.search(rf"^\| {re.escape(name)} \|(.*)$", PAGE.read_text(), re.MULTILINE)
    assert match, f"the page has no row for {name}"
    return [cell.strip() for cell in match.group(1).split("|")[:3]]


def configure(service, *lines):
    """Adds lines to the `writ.yaml` of a service that has not been started."""
    with (service.folder / "writ.yaml").open("a") as file:
        file.write("".join(f"{line}\n" for line in lines))


def register(service, client_id, secret=None, **members):
    """Writes a client into the clients file of a running service, and returns its secret once it is known.

    The members are those of `clients.yaml`. A client with keys or identities has no secret.
    """
    secret = secret or secrets.token_urlsafe(32)
    if not {"jwks", "jwks_uri", "identities"} & set(members):
        digest = base64.urlsafe_b64encode(hashlib.sha256(secret.encode()).digest()).rstrip(b"=").decode()
        members["client_secrets"] = [{"hash": f"sha256:{digest}"}]
    with service.clients_file.open("a") as file:
        # JSON is YAML.
        file.write(f"  - {json.dumps({'client_id': client_id, **members})}\n")
    listen, management = free_addresses(2)
    # The check tries to listen.
    service.writ("config", "check", environment={"WRIT_LISTEN": listen, "WRIT_MANAGEMENT": management})
    reloads = service.log.count('"Reloaded"')
    service.reload()
    wait_until(f"{client_id} is registered", lambda: service.log.count('"Reloaded"') > reloads)
    return secret


def introspector(service, audience=RESOURCE):
    """Identifier and secret of a resource server that may introspect tokens for this audience."""
    name = f"introspector-{secrets.token_hex(4)}"
    return name, register(service, name, introspect=[audience], grant_types=[])
