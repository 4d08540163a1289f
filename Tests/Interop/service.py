"""Writ as its users have it: a working folder made by `writ init`, and the service that runs there."""

import itertools
import json
import os
import random
import re
import signal
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import requests

import working_folders

BINARY = Path(os.environ.get("WRIT_BINARY") or Path(__file__).parents[2] / ".build/debug/writ").absolute()
RESOURCE = "https://api.example.com"
SCOPE = "site.read site.documentation"
# Which sanitizer the binary was built with, where script/sanitize runs the tests: it is slower then, and larger.
SANITIZER = os.environ.get("WRIT_SANITIZER")
# The longest that anything here may take; what waits, polls, so only a failure takes this long.
DEADLINE = 100 if SANITIZER else 20
# A generated secret, a refresh token, or a JWT: an access token or an assertion.
CONFIDENTIAL = re.compile(r"writ_(cs|rt)_[A-Za-z0-9_-]{20,}|eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.")
# What any test or library sent to prove itself, whatever it looks like: see conftest.py.
sent_credentials: set[str] = set()


class Service:
    """One working folder, and the server process in it while that runs."""

    def __init__(self, folder: Path):
        listen, management = free_addresses(2)
        self.folder = folder
        self.issuer = f"http://{listen}"
        self.management = f"http://{management}"
        self.token_endpoint = f"{self.issuer}/oauth2/token"
        self.jwks_uri = f"{self.issuer}/.well-known/jwks.json"
        self.clients_file = folder / "clients.yaml"
        self.log_file = folder / "stderr.log"
        self.process = None
        # The WRIT_ variables of the server, and of the commands that go with it.
        self.environment = {}
        addresses = ["--issuer", self.issuer, "--listen", listen, "--management", management]
        self.place, output = working_folders.lay_out(
            folder, listen, management, init=lambda new: self.writ("init", ".", *addresses, "--json", folder=new).stdout
        )
        self.initial = json.loads(output)
        self.client_id = self.initial["client_id"]
        self.client_secret = self.initial["client_secret"]
        # What clients proved themselves with here. Generated secrets and tokens are known by their looks.
        self.secrets = {self.client_secret}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        self.assert_log_holds_no_secret()
        working_folders.give_back(self.place)

    # The command line

    def writ(self, *arguments, input="", environment=None, status=0, folder=None) -> subprocess.CompletedProcess:
        """Runs one command in the working folder, or in this one, and checks its exit status."""
        result = subprocess.run(
            [BINARY, *arguments],
            cwd=folder or self.folder,
            env=clean_environment({**self.environment, **(environment or {})}),
            input=input,
            capture_output=True,
            encoding="utf-8",
            timeout=DEADLINE,
        )
        assert result.returncode == status, (
            f"writ {' '.join(arguments)} exited with {result.returncode}, not {status}\n{result.stdout}{result.stderr}"
        )
        return result

    def shell(self, command, environment=None) -> subprocess.CompletedProcess:
        """Runs a line of bash in the working folder, with `writ` on the PATH."""
        return subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            cwd=self.folder,
            env=clean_environment({**self.environment, **(environment or {})}),
            capture_output=True,
            encoding="utf-8",
            timeout=DEADLINE,
        )

    # The process

    def start(self, prefix=(), until=None, **environment):
        """Starts the server with these WRIT_ variables, behind a command if one is given, and waits until it is ready, or until
        this condition holds."""
        # Without a drain delay, which is for load balancers, a stop takes no time.
        self.environment = {"WRIT_DRAIN_DELAY": "0s", **environment}
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [*prefix, BINARY, "serve"],
                cwd=self.folder,
                env=clean_environment(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wait_until("the service is ready", until or self.is_ready)
        return self

    def is_ready(self) -> bool:
        assert self.process.poll() is None, f"writ serve exited with {self.process.returncode}\n{self.log}"
        try:
            return requests.get(f"{self.management}/readyz", timeout=DEADLINE).status_code == 200
        except requests.ConnectionError:
            return False

    @contextmanager
    def replica(self):
        """Another process on the same folder, at an address of its own, which is what this gives."""
        listen, management = free_addresses(2)
        with (self.folder / "replica.log").open("ab") as log:
            process = subprocess.Popen(
                [BINARY, "serve"],
                cwd=self.folder,
                env=clean_environment({**self.environment, "WRIT_LISTEN": listen, "WRIT_MANAGEMENT": management}),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

        def is_there():
            try:
                return requests.get(f"http://{listen}/.well-known/jwks.json", timeout=DEADLINE).ok
            except requests.ConnectionError:
                return False

        try:
            wait_until("the other replica serves", is_there)
            yield f"http://{listen}"
        finally:
            process.terminate()
            process.wait(timeout=DEADLINE)

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def stop(self):
        """Ends the server as a supervisor would; it must go at once and with status 0."""
        if self.process is None:
            return
        process, self.process = self.process, None
        process.terminate()
        try:
            status = process.wait(timeout=DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
        assert status == 0, f"writ serve exited with {status} after SIGTERM\n{self.log}"

    def assert_log_holds_no_secret(self):
        """After every test: no secret that was sent to this service, no token and no assertion is in a log of it."""
        for file in self.folder.glob("*.log"):
            log = file.read_text(errors="replace")
            assert not (found := CONFIDENTIAL.search(log)), f"{found.group()[:20]}... is in {file}"
            # `wrong_secret` is the word for a secret that is wrong, and `wrong` is what many tests send.
            log = re.sub(r'"cause":"[a-z_]+",', "", log)
            assert not any(secret in log for secret in self.secrets | sent_credentials), f"a secret is in {file}"

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def wait_for_log(self, text: str) -> list[str]:
        """The lines of the log that have the text, once there is one: the log is written after the answer."""
        return wait_until(f"the log has {text}", lambda: [line for line in self.log.splitlines() if text in line])

    # The token endpoint

    def request_token(self, client_id=None, client_secret=None, **form) -> requests.Response:
        """One request with client_secret_post; the demo client's unless told otherwise."""
        self.secrets.add(client_secret or self.client_secret)
        return requests.post(
            self.token_endpoint,
            data={
                "grant_type": "client_credentials",
                "client_id": client_id or self.client_id,
                "client_secret": client_secret or self.client_secret,
                **form,
            },
            timeout=DEADLINE,
        )

    def access_token(self) -> str:
        answer = self.request_token()
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]


def clean_environment(additions: dict[str, str]) -> dict[str, str]:
    """This environment without the WRIT_ variables of whoever runs the tests."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("WRIT_")}
    path = f"{BINARY.parent}{os.pathsep}{os.environ['PATH']}"
    return {**inherited, "PATH": path, "LC_ALL": "C.UTF-8", **additions}


# Below those that the system gives to clients, so that a connection of another test takes none. Each worker of
# pytest-xdist has its own.
FIRST_PORT = 10_000 + 2_000 * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 10)
PORTS = range(FIRST_PORT, FIRST_PORT + 2_000)


# One after the other, from anywhere: a port that was given for a program that has not started yet is not given again soon.
next_ports = itertools.cycle(PORTS)
for _ in range(random.randrange(len(PORTS))):
    next(next_ports)


def free_addresses(count) -> list[str]:
    sockets = []
    while len(sockets) < count:
        with suppress(OSError):
            sockets.append(socket.create_server(("127.0.0.1", next(next_ports))))
    addresses = ["{}:{}".format(*each.getsockname()) for each in sockets]
    for each in sockets:
        each.close()
    return addresses


def assert_clear_error(result, *words):
    """Standard output is for results; an error is for people, and names what is wrong."""
    assert result.stdout == ""
    assert result.stderr.strip()
    for word in words:
        assert word.lower() in result.stderr.lower()
    for trace in ["Fatal error", "Stack dump", "Crash:", "Backtrace", "Error Domain="]:
        assert trace not in result.stderr


def wait_until(what, condition, limit=DEADLINE):
    """Polls until the condition holds and returns what it returned. The limit is in seconds."""
    deadline = time.monotonic() + limit
    while not (result := condition()):
        assert time.monotonic() < deadline, f"waited {limit} s in vain until {what}"
        time.sleep(0.02)
    return result
