"""An assertion, or a DPoP proof, is good once at all replicas together, with a store that they share: Debian's Redis."""

import re
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from authority import Authority, replace
from peers import needs, program
from oidc_issuer import platform
from proofs import Prover, refusal, request_token
from service import DEADLINE, assert_clear_error, free_addresses, wait_until
from test_assertion_replay import assertion, kill
from test_client_authentication import ASSERTION_TYPE, KEYS, add_client, write_key_set
from test_dpop import secret_of
from test_issuers import client, configure, entry

pytestmark = needs("redis-server")
PASSWORD = "a-password-of-the-store"


class Store:
    """A Redis that ends with the test, and forgets everything when it ends unless its options say otherwise."""

    def __init__(self, folder, *options, tls=None, password=None):
        self.folder, self.tls, self.password = folder, tls, password
        self.port = int(free_addresses(1)[0].rpartition(":")[2])
        ports = ["--port", "0", "--tls-port", str(self.port)] if tls else ["--port", str(self.port)]
        if tls:
            tls.issue().install(folder)
            (folder / "ca.pem").write_bytes(tls.root_pem)
            ports += ["--tls-cert-file", "tls.crt", "--tls-key-file", "tls.key", "--tls-auth-clients", "no"]
        secret = ["--requirepass", password] if password else []
        self.command = ["redis-server", *ports, *secret, "--bind", "127.0.0.1", "--save", "", *options]
        self.process = None
        # How often `cli` got an answer.
        self.answers = 0

    def cli(self, *arguments):
        tls = ["--tls", "--cacert", str(self.folder / "ca.pem")] if self.tls else []
        secret = ["-a", self.password, "--no-auth-warning"] if self.password else []
        command = ["redis-cli", "-h", "127.0.0.1", "-p", str(self.port), *tls, *secret, *arguments]
        result = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=DEADLINE)
        self.answers += result.returncode == 0
        return result.stdout.strip()

    @contextmanager
    def running(self):
        with program(self.folder, self.command, lambda: self.cli("PING") == "PONG") as self.process:
            yield self

    @property
    def keys(self):
        return [line for line in self.cli("KEYS", "*").splitlines() if line]

    def received_passwords(self):
        """How often a client sent a password."""
        return int(re.search(r"cmdstat_auth:calls=(\d+)", self.cli("INFO", "commandstats")).group(1))


class Replicas:
    """Two processes on one folder, and a client with a key."""

    def __init__(self, service, key, other):
        self.service, self.key, self.other = service, key, other
        self.endpoints = [service.token_endpoint, f"{other}/oauth2/token"]

    def assertion(self, **changes):
        return assertion(self.service, self.key, **changes)

    def ask(self, text, replica=0, session=requests):
        form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE, "client_assertion": text}
        return session.post(self.endpoints[replica], data=form, timeout=DEADLINE)

    def statuses(self, text, *replicas):
        return [self.ask(text, replica).status_code for replica in replicas or (0, 1)]

    def are_served(self):
        return all(self.statuses(self.assertion(), replica) == [200] for replica in (0, 1))

    def wait_for_store(self):
        """Until each has said once that all of its connections are ready."""
        logs = [self.service.log_file, self.service.folder / "replica.log"]
        wait_until("it is logged", lambda: all("The replay store answers" in log.read_text() for log in logs))

    def metric(self, name):
        page = requests.get(f"{self.service.management}/metrics", timeout=DEADLINE).text
        return float(re.search(rf"^{re.escape(name)} (\S+)$", page, re.MULTILINE).group(1))


@pytest.fixture
def key(own_service):
    key = KEYS["ES256"]()
    add_client(own_service, "--jwks", write_key_set(own_service, key))
    return key


@contextmanager
def replicas(service, key, store, **environment):
    """The service and a replica of it, once both have their connections."""
    scheme = "valkeys" if store.tls else "redis"
    # A name that the certificate has.
    url = f"{scheme}://localhost:{store.port}/0" if store.tls else f"{scheme}://127.0.0.1:{store.port}"
    settings = {"WRIT_REPLAY_URL": url, "WRIT_REPLAY_WAIT": "2s", **environment}
    # Who sends an assertion twice counts as one who fails.
    service.start(WRIT_THROTTLE_FAILURES="off", WRIT_THROTTLE_ADDRESS_FAILURES="off", **settings)
    with service.replica() as other:
        yield Replicas(service, key, other)


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path).running() as store:
        yield store


def test_an_assertion_is_good_once_at_two_replicas(own_service, key, store):
    with replicas(own_service, key, store) as both:
        for first, second in ((0, 1), (1, 0)):
            text = both.assertion()
            assert both.statuses(text, first, second, second, first) == [200, 401, 401, 401]
            # Also without `iat`, and if it was made before the start.
            text = both.assertion(iat=None)
            assert both.statuses(text, first, second) == [200, 401]
            text = both.assertion(iat=int(time.time()) - 100)
            assert both.statuses(text, first, second) == [200, 401]
        # The answer is that of any other assertion that is not accepted.
        answer = both.ask(text, 1)
        assert answer.json()["error"] == "invalid_client"
        own_service.wait_for_log("assertion_replayed")
        # The store has no identifier in clear, and each key goes by itself.
        assert len(store.keys) == 6
        for name in store.keys:
            assert re.fullmatch(r"writ:replay:[A-Za-z0-9_-]{43}", name)
            assert 0 < int(store.cli("PTTL", name)) <= (330 + 330) * 1000
        assert both.metric("writ_replay_store_up") == 1
        assert both.metric('writ_replay_store_requests_total{outcome="first"}') == 3
        assert both.metric('writ_replay_store_requests_total{outcome="repeated"}') == 3
        assert both.metric('writ_replay_store_requests_total{outcome="failed"}') == 0


def test_one_of_many_that_come_at_once_is_accepted(own_service, key, store):
    with replicas(own_service, key, store) as both, ThreadPoolExecutor(16) as pool:
        for _ in range(5):
            text = both.assertion()
            statuses = list(pool.map(lambda number: both.ask(text, number % 2).status_code, range(32)))
            assert sorted(set(statuses)) == [200, 401] and statuses.count(200) == 1


def test_the_token_of_a_platform_that_is_good_once(own_service, key, tmp_path):
    with platform() as cluster:
        issuer = entry(cluster, single_use=True)
        configure(own_service, issuer, clients=[client("pod", {"issuer": "cluster", "subject": "pod"})])
        with Store(tmp_path).running() as store, replicas(own_service, key, store) as both:
            token = cluster.token(own_service.issuer, sub="pod", jti="1")
            assert both.statuses(token, 0, 1, 0) == [200, 401, 401]
            own_service.wait_for_log("identity_replayed")
            store.process.kill()
            store.process.wait(timeout=DEADLINE)
            answer = both.ask(cluster.token(own_service.issuer, sub="pod", jti="2"))
            assert answer.status_code == 503 and answer.json()["error"] == "temporarily_unavailable"
            counted = 'writ_identity_requests_total{issuer="cluster",outcome="replay_store_unavailable"}'
            assert both.metric(counted) >= 1


def test_a_dpop_proof_is_good_once_at_two_replicas(own_service, key, tmp_path):
    other = secret_of(own_service, "other")
    prover = Prover(own_service.token_endpoint)
    with Store(tmp_path).running() as store, replicas(own_service, key, store) as both:

        def ask(proof, replica, client=None):
            answer = request_token(own_service, proof, client, both.endpoints[replica])
            return answer.status_code if answer.ok else refusal(answer)

        used = (400, "invalid_dpop_proof", "it was used before")
        for first, second in ((0, 1), (1, 0)):
            proof = prover.proof()
            assert [ask(proof, first), ask(proof, second), ask(proof, first)] == [200, used, used]
            # Whichever client uses it.
            proof = prover.proof()
            assert [ask(proof, first), ask(proof, second, other)] == [200, used]
            # Also if it was made before the start.
            proof = prover.proof(iat=int(time.time()) - 50)
            assert [ask(proof, first), ask(proof, second)] == [200, used]
        # Another key may have the same jti.
        claims = {"jti": "the-same"}
        assert ask(prover.proof(**claims), 0) == 200
        assert ask(Prover(own_service.token_endpoint).proof(**claims), 1) == 200
        assert all(0 < int(store.cli("PTTL", name)) <= (330 + 61 + 60) * 1000 for name in store.keys)
        store.process.kill()
        store.process.wait(timeout=DEADLINE)
        answer = request_token(own_service, prover.proof())
        assert answer.status_code == 503 and answer.json()["error"] == "temporarily_unavailable"
        assert request_token(own_service).status_code == 200


def test_what_was_used_before_a_restart_is_refused(own_service, key, store):
    with replicas(own_service, key, store) as both:
        used = both.assertion()
        assert both.statuses(used, 0) == [200]
        early = both.assertion()
        kill(own_service)
        own_service.start(**own_service.environment)
        assert both.statuses(used, 0) == [401]
        # Nothing is refused only because it may have been used.
        assert both.statuses(early, 0, 1) == [200, 401]


def test_without_the_store_the_service_is_ready_and_says_so(own_service, key, tmp_path):
    store = Store(tmp_path)
    with replicas(own_service, key, store, WRIT_REPLAY_WAIT="1s") as both:
        own_service.wait_for_log("No answer from the replay store: the connection was")
        text = both.assertion()
        for _ in range(20):
            answer = both.ask(text)
            assert answer.status_code == 503 and answer.json()["error"] == "temporarily_unavailable"
            assert int(answer.headers["Retry-After"]) > 0
        # It is no failed attempt, and other requests need no store.
        assert own_service.request_token().status_code == 200
        assert own_service.is_ready()
        assert both.metric("writ_replay_store_up") == 0
        assert both.metric('writ_refusals_total{cause="replay_store_unavailable"}') == 20
        with store.running():
            both.wait_for_store()
            # It was refused, and is good now: once.
            assert both.statuses(text) == [200, 401]
            assert both.metric("writ_replay_store_up") == 1
    assert len(own_service.wait_for_log("No answer from the replay store")) <= 3


def test_the_account_of_the_page_is_enough(own_service, key, tmp_path):
    """The line of Documentation/Deploying.md, and the settings above it that are about the account."""
    page = (Path(__file__).parents[2] / "Documentation/Deploying.md").read_text()
    (line,) = re.findall(r"^    (ACL SETUSER .*)$", page, re.M)
    (name,) = re.findall(r"^      username: (\S+)", page, re.M)
    secret = own_service.folder / "store.password"
    replace(secret, f"{PASSWORD}\n".encode())
    own_service.secrets.add(PASSWORD)
    store = Store(tmp_path)
    with store.running():
        assert store.cli(*line.replace("PASSWORD", PASSWORD).split()) == "OK"
        files = {"WRIT_REPLAY_USERNAME": name, "WRIT_REPLAY_PASSWORD_FILE": str(secret)}
        with replicas(own_service, key, store, **files) as both:
            both.wait_for_store()
            assert both.statuses(both.assertion()) == [200, 401]
    # It has no other right.
    assert "nocommands" in line and "allkeys" not in line


def test_a_server_with_password_and_tls(own_service, key, tmp_path):
    store = Store(tmp_path, tls=Authority(), password=PASSWORD)
    secret = own_service.folder / "store.password"
    replace(secret, f"{PASSWORD}\n".encode())
    own_service.secrets.add(PASSWORD)
    files = {"WRIT_REPLAY_PASSWORD_FILE": str(secret), "WRIT_REPLAY_CA_FILE": str(tmp_path / "ca.pem")}
    with store.running(), replicas(own_service, key, store, **files) as both:
        both.wait_for_store()
        assert both.statuses(both.assertion()) == [200, 401]
        # Another password there, and then here: connections that are there stay.
        other = PASSWORD + "-2"
        own_service.secrets.add(other)
        store.cli("CONFIG", "SET", "requirepass", other)
        store.password = other
        assert both.statuses(both.assertion()) == [200, 401]
        store.cli("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        own_service.wait_for_log("answered with the error WRONGPASS")
        assert both.ask(both.assertion()).status_code == 503
        replace(secret, other.encode())
        wait_until("both are served", both.are_served)


@pytest.mark.parametrize("host", ["localhost", "other.example"])
def test_a_server_with_a_certificate_that_is_not_trusted_gets_no_password(own_service, key, tmp_path, host):
    authority = Authority()
    store = Store(tmp_path, tls=authority, password=PASSWORD)
    if host == "localhost":
        (tmp_path / "trusted.pem").write_bytes(Authority().root_pem)
        reason = "its certificate is not trusted"
    else:
        authority.issue(host=host).install(tmp_path)
        (tmp_path / "trusted.pem").write_bytes(authority.root_pem)
        reason = "its certificate is for another name"
    secret = own_service.folder / "store.password"
    replace(secret, PASSWORD.encode())
    own_service.secrets.add(PASSWORD)
    files = {"WRIT_REPLAY_PASSWORD_FILE": str(secret), "WRIT_REPLAY_CA_FILE": str(tmp_path / "trusted.pem")}
    with store.running(), replicas(own_service, key, store, **files) as both:
        wait_until("it is logged", lambda: own_service.wait_for_log(reason))
        assert both.ask(both.assertion()).status_code == 503
        assert both.ask(both.assertion(), 1).status_code == 503
        # Its own tool sends the password with each command; the service has not sent it.
        assert store.received_passwords() == store.answers


def test_an_account_that_may_do_no_more_than_it_must(own_service, key, tmp_path):
    rules = ["--user", "writ", "on", f">{PASSWORD}", "~writ:replay:*", "+select", "+set", "--user", "default", "off"]
    store = Store(tmp_path, *rules)
    secret = own_service.folder / "store.password"
    replace(secret, PASSWORD.encode())
    own_service.secrets.add(PASSWORD)
    files = {"WRIT_REPLAY_PASSWORD_FILE": str(secret), "WRIT_REPLAY_USERNAME": "writ"}
    is_there = lambda: "NOAUTH" in store.cli("PING") or "NOPERM" in store.cli("PING")  # noqa: E731
    with program(tmp_path, store.command, is_there), replicas(own_service, key, store, **files) as both:
        both.wait_for_store()
        assert both.statuses(both.assertion()) == [200, 401]


class Load:
    """Clients that ask both replicas for tokens, each with assertions of its own, which they send to both."""

    def __init__(self, both):
        self.both, self.is_over = both, threading.Event()
        self.statuses, self.accepted_twice = [], []
        self.threads = [threading.Thread(target=self.run) for _ in range(4)]

    def run(self):
        with requests.Session() as session:
            while not self.is_over.is_set():
                text = self.both.assertion()
                found = [self.both.ask(text, replica, session).status_code for replica in (0, 1, 0)]
                self.statuses += found
                if found.count(200) > 1:
                    self.accepted_twice.append(found)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        for thread in self.threads:
            thread.join(timeout=DEADLINE)

    def wait_for(self, status):
        seen = len(self.statuses)
        wait_until(f"a {status} is seen", lambda: status in self.statuses[seen:])


def test_a_store_that_is_paused_killed_and_restarted_under_load(own_service, key, tmp_path):
    # It keeps what it has said over its end.
    with Store(tmp_path, "--appendonly", "yes", "--appendfsync", "always").running() as store:
        with replicas(own_service, key, store, WRIT_REPLAY_WAIT="100ms") as both, Load(both) as load:
            load.wait_for(200)
            store.process.send_signal(signal.SIGSTOP)
            load.wait_for(503)
            store.process.send_signal(signal.SIGCONT)
            load.wait_for(200)
            # Connections that are ended meanwhile.
            for _ in range(5):
                store.cli("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            load.wait_for(200)
            store.process.kill()
            load.wait_for(503)
            with store.running():
                load.wait_for(200)
    # 401 is what the other replica answers, or the same one to what it saw.
    assert set(load.statuses) == {200, 401, 503}
    assert load.accepted_twice == []


@pytest.mark.parametrize(
    "lines, words",
    [
        ("replay: valkeys://store.example.com", ["writ.yaml:", "replay is neither memory nor a store with its url"]),
        ("replay: { url: 'valkeys://writ:secret@a' }", ["replay.url has user information before its host"]),
        ("replay: { url: 'valkeys://a', password_file: none }", ["none: cannot be read: No such file"]),
        ("replay: { url: 'valkeys://a', ca_file: none }", ["none: cannot be read: No such file"]),
        ("replay: { urls: 'valkeys://a' }", ["unknown key replay.urls", "did you mean replay.url?"]),
    ],
)
def test_mistakes(own_service, lines, words):
    with (own_service.folder / "writ.yaml").open("a") as file:
        file.write(f"{lines}\n")
    for command in (("config", "check", "--running"), ("serve",)):
        assert_clear_error(own_service.writ(*command, status=1), *words)


def test_a_password_file_that_others_can_read_is_refused_and_reported_while_the_service_runs(own_service, key, store):
    secret = own_service.folder / "store.password"
    replace(secret, b"password", 0o644)
    with (own_service.folder / "writ.yaml").open("a") as file:
        file.write(f"replay: {{ url: 'valkey://127.0.0.1:{store.port}', password_file: store.password }}\n")
    assert_clear_error(own_service.writ("config", "check", "--running", status=1), "store.password", "other users can read")
    replace(secret, b"password")
    own_service.writ("config", "check", "--running")
    own_service.start()
    replace(secret, b"password", 0o644)
    wait_until("it is logged", lambda: own_service.wait_for_log("store.password"))


def test_a_warning_for_a_password_in_clear(own_service):
    replace(own_service.folder / "store.password", b"password")
    with (own_service.folder / "writ.yaml").open("a") as file:
        file.write("replay: { url: 'redis://store.example.com', password_file: store.password }\n")
    result = own_service.writ("config", "check", "--running")
    assert "replay.url is without TLS" in result.stderr and "the password travels in clear" in result.stderr
