"""What is run in each round: a case puts load on a server of its own, or starts one, and gives one sample."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import generators
import signature_speed
import wrk_scripts
from failure import Unavailable
from reloading import reload_times
from server import Server, token_form
from verification import verification_rates
from working_folder import LARGE_ID, LARGE_REGISTRY, LARGE_SECRET, Client

# As many requests at once as keep two cores busy with signatures. What is under way when a load ends counts as cost and not as
# an answer: 0.3 % of four seconds.
CONNECTIONS = 32
# Before the load that is measured, in seconds.
WARM_UP = 1
# How many times a start with few clients is measured in each round.
STARTS = 5
HTTP2_CONNECTIONS, HTTP2_STREAMS = 4, 8
# More at once would not find room in the listener's backlog, and wait a second.
HANDSHAKES = 64


@dataclass
class Sample:
    """What one case gave in one round."""

    # Processor time of the server for each request, in seconds.
    cpu: float = 0
    per_second: float = 0
    # MiB: after the load, and at most.
    resident: float = 0
    peak: float = 0
    # Seconds from the start of the process to its first token.
    start: float = 0
    # By name, where rates are what the case gives.
    rates: dict[str, float] = field(default_factory=dict)
    # Milliseconds by name, where these are what the case gives.
    times: dict[str, float] = field(default_factory=dict)
    # Why it does not count.
    failure: str | None = None


@dataclass(frozen=True)
class Bench:
    """What cases need to know of the run."""

    folder: object
    machine: object
    seconds: int


def under_load(bench, server, load, warm_up=None):
    """Warms the server up and takes its processor time over a load. `load` gets seconds and gives a `Load`."""
    (warm_up or load)(WARM_UP)
    before = server.cpu_time()
    result = load(bench.seconds)
    cpu = server.cpu_time() - before
    status = server.status()
    return Sample(
        cpu=cpu / max(result.requests, 1),
        per_second=result.per_second,
        resident=status["resident"],
        peak=status["peak"],
        failure=result.failure,
    )


def status_list_path():
    """The list that most tokens name which are issued now."""
    return f"/oauth2/status-lists/{int(time.time()) // 300 * 300}"


@dataclass(frozen=True)
class WrkCase:
    """Load by wrk.

    - `path`: of the requests, or what gives it when the server has started.
    - `script`: gives the Lua, for a running server.
    - `is_pinned`: the server has one core, wrk another.
    """

    script: Callable = wrk_scripts.token_by_post
    path: str | Callable = "/oauth2/token"
    connections: int = CONNECTIONS
    settings: dict = field(default_factory=dict)
    environment: dict = field(default_factory=dict)
    has_tls: bool = False
    is_pinned: bool = False

    def measure(self, bench, _):
        settings = {**self.settings, **(bench.folder.tls if self.has_tls else {})}
        server_prefix, wrk_prefix = pins(bench.machine) if self.is_pinned else ((), ())
        with Server(bench.folder, settings, self.environment, server_prefix) as server:
            server.start()
            script = self.script(server)
            path = self.path() if callable(self.path) else self.path
            return under_load(
                bench,
                server,
                lambda seconds: generators.wrk(
                    *(bench.folder, server.issuer + path, script, self.connections, seconds),
                    prefix=wrk_prefix,
                ),
            )


class TokenCase:
    """Load by wrk on a service whose key is in a PKCS#11 token."""

    def measure(self, bench, bare):
        settings, environment = bench.folder.token
        return WrkCase(settings=settings, environment=environment).measure(bench, bare)


def pins(machine):
    """Commands that keep the server on the first core and the load generator on the last one."""
    if len(machine.cores) < 2:
        raise Unavailable("there is only one core")
    return ("taskset", "-c", str(machine.cores[0])), ("taskset", "-c", str(machine.cores[-1]))


@dataclass(frozen=True)
class OnceEachCase:
    """Load by wrk with something in each request that is good once; warmed up by requests with a secret.

    - `script`: gives the Lua, for a running server and so many requests.
    """

    script: Callable

    def measure(self, bench, bare):
        # No more than can be signed can be used.
        count = int(bare["rsa2048"].sign * len(bench.machine.cores) * bench.seconds)
        with Server(bench.folder) as server:
            server.start()
            warm_up = wrk_scripts.token_by_post(server)
            script = self.script(server, count)

            def load(script, seconds):
                return generators.wrk(bench.folder, server.token_endpoint, script, CONNECTIONS, seconds)

            return under_load(
                bench, server, lambda seconds: load(script, seconds), lambda seconds: load(warm_up, seconds)
            )


class ClientCertificateCase:
    """Tokens that are bound to the certificate of the connection, by which the client authenticates too."""

    def measure(self, bench, _):
        with Server(bench.folder, bench.folder.mutual_tls) as server:
            server.start()
            script = wrk_scripts.token_by_certificate(server)
            return under_load(
                bench,
                server,
                lambda seconds: generators.wrk(
                    *(bench.folder, server.token_endpoint, script, CONNECTIONS, seconds),
                    prefix=bench.folder.presenting_certificate,
                ),
            )


@dataclass(frozen=True)
class IdentityCase:
    """The token of a platform, as the client's assertion or as the grant itself."""

    algorithm: str
    is_grant: bool = False

    def measure(self, bench, _):
        with Server(bench.folder, bench.folder.platforms) as server:
            server.start()
            script = wrk_scripts.token_by_identity(server, self.algorithm, self.is_grant)
            return under_load(
                bench,
                server,
                lambda seconds: generators.wrk(bench.folder, server.token_endpoint, script, CONNECTIONS, seconds),
            )


class WithoutIFMACase:
    """RS256 tokens, and bare signatures before and after, on a processor that is to have no AVX512-IFMA."""

    environment = signature_speed.WITHOUT_IFMA

    def measure(self, bench, bare):
        if not bench.machine.has_ifma:
            raise Unavailable("this processor has no AVX512-IFMA, so the rows above are without it")
        before = self.signatures(bench)
        sample = WrkCase(environment=self.environment).measure(bench, bare)
        sample.rates["signatures"] = statistics.mean([before, self.signatures(bench)])
        return sample

    def signatures(self, bench):
        seconds = signature_speed.duration(bench.seconds)
        return signature_speed.bare(["rsa2048"], seconds, self.environment)["rsa2048"].sign


@dataclass(frozen=True)
class SecureCase:
    """Tokens over TLS by h2load: wrk speaks no HTTP/2, and resumes its sessions.

    - `load`: of `generators`; `arguments` stand between what is sent and the seconds.
    """

    load: Callable
    arguments: tuple

    def measure(self, bench, _):
        with Server(bench.folder, bench.folder.tls) as server:
            server.start()
            what = bench.folder, server.token_endpoint, token_form(bench.folder.client)
            return under_load(bench, server, lambda seconds: self.load(*what, *self.arguments, seconds))


class StartCase:
    """Starts with ten clients."""

    def measure(self, bench, _):
        starts = []
        for _ in range(STARTS):
            with Server(bench.folder) as server:
                starts.append(server.start_to_first_token(bench.folder.client))
        return Sample(start=statistics.median(starts))


class LargeRegistryCase:
    """A start with 100,000 clients, and requests of all of them."""

    def measure(self, bench, _):
        middle = LARGE_REGISTRY // 2
        client = Client(LARGE_ID % middle, LARGE_SECRET % middle)
        with Server(bench.folder, {"clients": str(bench.folder.large_registry)}) as server:
            start = server.start_to_first_token(client)
            script = wrk_scripts.token_for_any_client(server)
            sample = under_load(
                bench,
                server,
                lambda seconds: generators.wrk(bench.folder, server.token_endpoint, script, CONNECTIONS, seconds),
            )
        sample.start = start
        return sample


class TeamsCase:
    """Starts with 100,000 clients in 200 files."""

    def measure(self, bench, _):
        client = Client(LARGE_ID % 1, LARGE_SECRET % 1)
        with Server(bench.folder, {"clients": str(bench.folder.teams)}) as server:
            return Sample(start=server.start_to_first_token(client))


class ReloadCase:
    """Answers for the key set while 100,000 clients are reloaded, and before."""

    def measure(self, bench, _):
        return Sample(times=reload_times(bench.folder, bench.folder.large_registry, bench.seconds))


class TeamsReloadCase:
    """The same with 200 files, of which each has changed."""

    def measure(self, bench, _):
        return Sample(times=reload_times(bench.folder, bench.folder.teams, bench.seconds))


class VerificationCase:
    """Verifying one token over and over, by Writ's verifier, others, and libcrypto alone."""

    def measure(self, bench, _):
        with Server(bench.folder, {"access_token.lifetime": "1h"}) as server:
            server.start()
            token = server.token(bench.folder.client)["access_token"]
            proof = bench.folder.proofs("proof", "POST", server.token_endpoint, 1).read_text().strip()
            bound_token = server.token(bench.folder.client, DPoP=proof)["access_token"]
            key_set = server.key_set()
        return Sample(rates=verification_rates(bench.folder, server.issuer, token, bound_token, key_set))


CASES = {
    "RS256": WrkCase(),
    "RS256 in SoftHSM": TokenCase(),
    "ES256": WrkCase(settings={"access_token.algorithm": "ES256", "keys": "ES256"}),
    "EdDSA": WrkCase(settings={"access_token.algorithm": "EdDSA", "keys": "EdDSA"}),
    "warning": WrkCase(settings={"log_level": "warning"}),
    "without IFMA": WithoutIFMACase(),
    "Basic": WrkCase(script=wrk_scripts.token_by_basic),
    "private_key_jwt": OnceEachCase(wrk_scripts.token_by_assertion),
    "DPoP proof": OnceEachCase(wrk_scripts.token_by_post_with_proof),
    "RS256 identity": IdentityCase("RS256"),
    "ES256 identity": IdentityCase("ES256"),
    "RS256 identity as grant": IdentityCase("RS256", is_grant=True),
    "ES256 identity as grant": IdentityCase("ES256", is_grant=True),
    "introspection": WrkCase(script=wrk_scripts.introspection, path="/oauth2/introspect"),
    "refresh": WrkCase(script=wrk_scripts.refresh),
    "JWKS": WrkCase(script=wrk_scripts.get, path="/.well-known/jwks.json"),
    "status list": WrkCase(script=wrk_scripts.get, path=status_list_path),
    "metadata": WrkCase(script=wrk_scripts.get, path="/.well-known/oauth-authorization-server"),
    "one core": WrkCase(is_pinned=True),
    "reused token": WrkCase(settings={"access_token.reuse": "10s"}),
    "token reuse": WrkCase(connections=512, settings={"access_token.reuse": "10s"}),
    "TLS": WrkCase(has_tls=True),
    "client certificate": ClientCertificateCase(),
    "TLS resumed": WrkCase(script=wrk_scripts.token_by_post_once, has_tls=True),
    "TLS handshakes": SecureCase(generators.h2load_once_each, (HANDSHAKES,)),
    "HTTP/2": SecureCase(generators.h2load, (HTTP2_CONNECTIONS, HTTP2_STREAMS)),
    # All of them may wait, even where neighbours make signatures slow.
    "256 connections": WrkCase(connections=256, settings={"limits.queue_wait": "2s"}),
    "start": StartCase(),
    "100,000 clients": LargeRegistryCase(),
    "200 files": TeamsCase(),
    "reload": ReloadCase(),
    "reload of 200 files": TeamsReloadCase(),
    "verification": VerificationCase(),
}
