"""Places of keys outside of the keys folder: a token of SoftHSM, the same behind p11-kit's server, and Vault's stand-in."""

import json
import os
import secrets
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import jwt
import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from peers import find, needs
from service import DEADLINE, RESOURCE, SCOPE, clean_environment, wait_until
from test_vault_stand_in import openbao as openbao_server
from vault_stand_in import vault

SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"
# Of another process, which a crash or a kill does not take with it.
P11_KIT_CLIENT = next(iter(sorted(Path("/usr/lib").glob("*/pkcs11/p11-kit-client.so"))), Path("p11-kit-client.so"))
needs_softhsm = [needs("softhsm2-util"), needs(SOFTHSM), needs("pkcs11-tool")]
needs_p11_kit = [*needs_softhsm, needs("p11-kit"), needs(str(P11_KIT_CLIENT))]


class Token:
    """A token of SoftHSM with a folder and a PIN of its own."""

    kind, option, origin = "pkcs11", "--pkcs11", "the PKCS#11 token"

    def __init__(self, folder, label="writ"):
        self.folder, self.uri = folder, f"pkcs11:token={label}"
        self.secret = f"pin-{secrets.token_hex(8)}"
        self.secret_file = folder / "pin"
        self.write_secret(self.secret)
        (folder / "tokens").mkdir(mode=0o700)
        (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\n")
        self.own = {"SOFTHSM2_CONF": str(folder / "softhsm2.conf")}
        self.environment = {
            **self.own,
            "WRIT_PKCS11_MODULE": SOFTHSM,
            "WRIT_PKCS11_PIN_FILE": str(self.secret_file),
        }
        self.run("softhsm2-util", "--init-token", "--free", "--label", label, "--pin", self.secret, "--so-pin", "of-the-officer")

    def write_secret(self, text):
        self.secret_file.write_text(f"{text}\n")
        self.secret_file.chmod(0o600)

    def run(self, *command):
        command = [find(command[0]), *command[1:]]
        environment = clean_environment(self.own)
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=5 * DEADLINE)

    def make_object(self, label, kind="EC:prime256v1"):
        """A key that Writ has not made."""
        tool = ["pkcs11-tool", "--module", SOFTHSM, "--token-label", "writ", "--login", "--pin", self.secret]
        self.run(*tool, "--keypairgen", "--key-type", kind, "--label", label)


class ServedToken(Token):
    """The same in another process: p11-kit's server."""

    def __init__(self, folder):
        super().__init__(folder)
        self.socket = folder / "hsm.socket"
        self.environment |= {
            "WRIT_PKCS11_MODULE": str(P11_KIT_CLIENT),
            "P11_KIT_SERVER_ADDRESS": f"unix:path={self.socket}",
        }
        self.process = None

    def answers(self):
        assert self.process.poll() is None, f"p11-kit exited with {self.process.returncode}"
        with socket.socket(socket.AF_UNIX) as connection:
            return connection.connect_ex(str(self.socket)) == 0

    def start(self):
        command = [find("p11-kit"), "server", "--foreground", "--provider", SOFTHSM, "--name", str(self.socket), self.uri]
        self.process = subprocess.Popen(
            command,
            env=clean_environment({**self.own, "XDG_RUNTIME_DIR": str(self.folder)}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_until("p11-kit answers", self.answers)
        return self

    def signal(self, number):
        """The server has a process for each connection."""
        os.killpg(self.process.pid, number)

    def stop(self):
        if self.process:
            self.signal(signal.SIGKILL)
            self.process.wait(timeout=DEADLINE)
            self.process = None


class Vault:
    """The stand-in, with a file that has a token of it."""

    kind, option, origin = "vault", "--vault", "Vault"

    def __init__(self, folder, server, name="writ"):
        self.server, self.uri, self.folder = server, server.uri(name), folder
        self.secret = f"s.{secrets.token_urlsafe(18)}"
        server.add_token(self.secret)
        self.secret_file = folder / "vault-token"
        self.write_secret(self.secret)
        self.environment = {"WRIT_VAULT_TOKEN_FILE": str(self.secret_file)}

    write_secret = Token.write_secret

    def start(self):
        self.server.start()

    def stop(self):
        self.server.stop()


@contextmanager
def softhsm(folder):
    yield Token(folder)


@contextmanager
def served(folder):
    place = ServedToken(folder).start()
    try:
        yield place
    finally:
        place.stop()


@contextmanager
def stand_in(folder):
    with vault() as server:
        yield Vault(folder, server)


class OpenBao:
    """A server in memory, and its root token."""

    kind, option, origin = Vault.kind, Vault.option, Vault.origin
    write_secret = Token.write_secret

    def __init__(self, folder, server):
        address = server.origin.removeprefix("http://")
        self.folder, self.uri, self.secret = folder, f"vault+http://{address}/transit/keys/writ", server.token
        self.secret_file = folder / "vault-token"
        self.write_secret(self.secret)
        self.environment = {"WRIT_VAULT_TOKEN_FILE": str(self.secret_file)}


@contextmanager
def openbao(folder):
    with openbao_server(folder) as server:
        yield OpenBao(folder, server)


def each(*makers):
    """The places, as parameters of a fixture, each skipped if its packages are not there."""
    marks = {softhsm: needs_softhsm, served: needs_p11_kit, stand_in: [], openbao: [needs("bao")]}
    return [pytest.param(maker, id=maker.__name__, marks=marks[maker]) for maker in makers]


def skip_if_absent(*makers):
    """For a test that uses several places."""
    for mark in [mark for parameter in each(*makers) for mark in parameter.marks]:
        if mark.args[0]:
            pytest.skip(mark.kwargs["reason"])


def use(service, place, algorithm="ES256"):
    """Lets the service and its commands have the place, and a key there that signs. Returns its `kid`."""
    use_place(service, place)
    service.environment["WRIT_ACCESS_TOKEN_ALGORITHM"] = algorithm
    made = service.writ("keys", "generate", place.option, place.uri, "--json")
    return json.loads(made.stdout)["kid"]


def use_place(service, place):
    service.environment.update(place.environment)
    service.secrets.add(place.secret)


def launch(service, **settings):
    """Starts the service with what `use` has set."""
    return service.start(**{**service.environment, **settings})


def add_client(service, name, *options):
    added = service.writ("clients", "add", name, "--scope", SCOPE, "--resource", RESOURCE, "--json", *options)
    secret = json.loads(added.stdout)["client_secret"]
    service.secrets.add(secret)
    return name, secret


@dataclass
class Answer:
    """An answer of the token endpoint, and what a verifier says of the token: `fault` is `None` if it accepts it."""

    client: str
    status: int
    kid: str | None = None
    fault: str | None = None
    error: str | None = None
    retry_after: str | None = None


@dataclass
class Verifier:
    """Has the key set as a cache has it that honours `max-age`, or, with `max_age` 0, always fetches it."""

    service: object
    max_age: int
    now: object
    fetched: float = field(default=float("-inf"))
    keys: dict = field(default_factory=dict)

    def check(self, token):
        """The `kid` of the token, and why it is refused, or `None`."""
        if self.now() - self.fetched >= self.max_age:
            self.fetched = self.now()
            answer = requests.get(self.service.jwks_uri, timeout=DEADLINE)
            assert answer.status_code == 200 and "max-age=300" in answer.headers["Cache-Control"]
            self.keys = {key.key_id: key for key in jwt.PyJWKSet.from_dict(answer.json()).keys}
        kid = jwt.get_unverified_header(token)["kid"]
        if kid not in self.keys:
            return kid, f"the key set has no {kid}"
        try:
            # The service may have another clock.
            options = {"audience": RESOURCE, "issuer": self.service.issuer, "leeway": 86400}
            jwt.decode(token, self.keys[kid], algorithms=[self.keys[kid].algorithm_name], **options)
        except jwt.InvalidTokenError as error:
            return kid, repr(error)
        return kid, None


class Load:
    """Clients that request tokens without a pause, each in a thread, and verify each token at once."""

    def __init__(self, service, clients, now=time.time):
        self.service, self.clients, self.now = service, clients, now
        self.answers, self.faults = [], []
        self.ended = threading.Event()

    def __enter__(self):
        self.threads = [
            threading.Thread(target=self.run, args=(client, 0 if number % 2 else 300), daemon=True)
            for number, client in enumerate(self.clients)
        ]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, type, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join(timeout=DEADLINE)
        if type is None:
            assert not self.faults, self.faults[0]

    def run(self, client, max_age):
        verifier = Verifier(self.service, max_age, self.now)
        session = requests.Session()
        try:
            while not self.ended.is_set():
                form = {"grant_type": "client_credentials"}
                answer = session.post(self.service.token_endpoint, data=form, auth=client, timeout=DEADLINE)
                self.answers.append(self.describe(client[0], answer, verifier))
        except Exception as error:  # noqa: BLE001: the test shows it
            self.faults.append(error)

    def describe(self, name, answer, verifier):
        if answer.status_code == 200:
            return Answer(name, 200, *verifier.check(answer.json()["access_token"]))
        retry_after = answer.headers.get("Retry-After")
        return Answer(name, answer.status_code, error=answer.json()["error"], retry_after=retry_after)

    def wait_until(self, what, condition, since=0, limit=DEADLINE):
        """Until each client has an answer of this kind among those that came after the first `since`."""

        def holds():
            assert not self.faults, self.faults[0]
            count = Counter(answer.client for answer in self.answers[since:] if condition(answer))
            return len(count) == len(self.clients)

        wait_until(what, holds, limit)
        return len(self.answers)


def counted(service, cause="signing_key_unavailable"):
    """How often requests were refused for this cause."""
    return sum(value for labels, value in samples(service, "writ_refusals_total") if labels.get("cause") == cause)


def samples(service, name):
    text = requests.get(f"{service.management}/metrics", timeout=DEADLINE).text
    families = text_string_to_metric_families(text)
    return [(each.labels, each.value) for family in families for each in family.samples if each.name == name]


def signatures(service):
    """`writ_remote_signatures_total` by result."""
    return {labels["result"]: value for labels, value in samples(service, "writ_remote_signatures_total")}
