"""The rows of the table: which cases each needs, what is divided by what, and which goal there is."""

import operator
from collections.abc import Callable
from dataclasses import dataclass

from working_folder import LARGE_REGISTRY, SMALL_REGISTRY, TEAMS

BARE_RSA = "one bare RSA-2048 signature"
COMPARISONS = {"<=": operator.le, "<": operator.lt, ">=": operator.ge, ">": operator.gt}


@dataclass(frozen=True)
class Goal:
    """A bound for the median ratio, or for the first of the figures."""

    comparison: str
    bound: float
    unit: str = ""

    def is_met(self, value):
        return COMPARISONS[self.comparison](value, self.bound)

    def __str__(self):
        sign = {"<=": "≤", ">=": "≥"}.get(self.comparison, self.comparison)
        return f"{sign} {self.bound:g}{' ' if self.unit else ''}{self.unit}"


@dataclass(frozen=True)
class Figure:
    """An absolute value, for this machine and day."""

    name: str
    unit: str
    value: Callable


@dataclass(frozen=True)
class Row:
    """One line. `ratio` and the figures' values are functions of a `Round`."""

    name: str
    cases: tuple[str, ...]
    of: str
    ratio: Callable
    figures: tuple[Figure, ...]
    goal: Goal | None = None
    # Bare signatures that it is compared with, and whether with those of all cores.
    bare: tuple[str, ...] = ("rsa2048",)
    needs_all_cores: bool = False


def cpu(case):
    return Figure("CPU", "us", lambda round: round[case].cpu * 1e6)


def per_second(case, name="rate"):
    return Figure(name, "/s", lambda round: round[case].per_second)


def resident(case):
    return Figure("resident", "MiB", lambda round: round[case].resident)


def milliseconds(case, name):
    return Figure(name, "ms", lambda round: round[case].times[name])


def bare_cost(algorithm):
    return Figure("bare signature", "us", lambda round: 1e6 / round.bare[algorithm].sign)


def tokens(algorithm, key, key_name, goal=None):
    """Processor time of a token beside that of the signature in it."""
    return Row(
        f"{algorithm} token, client_secret_post: CPU",
        (algorithm,),
        f"one bare {key_name} signature",
        lambda round: round[algorithm].cpu * round.bare[key].sign,
        (cpu(algorithm), bare_cost(key), per_second(algorithm)),
        goal,
        bare=(key,),
    )


def request(name, case, *more_figures, goal=None):
    """Processor time of a request beside that of a bare RS256 signature."""
    return Row(
        f"{name}: CPU",
        (case,),
        BARE_RSA,
        lambda round: round[case].cpu * round.bare["rsa2048"].sign,
        (cpu(case), per_second(case), *more_figures),
        goal,
    )


def verification(name, goal=None):
    return Row(
        f"verification of RS256, {name}",
        ("verification",),
        "libcrypto's bare rate",
        lambda round: round["verification"].rates[name] / round["verification"].rates["libcrypto alone"],
        (
            Figure("CPU", "us", lambda round: 1e6 / round["verification"].rates[name]),
            Figure("rate", "/s", lambda round: round["verification"].rates[name]),
        ),
        goal,
        bare=(),
    )


def of_goal(goal, value):
    """For what is compared with nothing but its goal."""
    return f"the goal of {goal.bound:g} {goal.unit}", lambda round: value(round) / goal.bound, goal


def start(name, case, goal, layout=""):
    of, ratio, goal = of_goal(goal, lambda round: round[case].start * 1000)
    return Row(
        f"start to first token, {name} clients{layout}",
        (case,),
        of,
        ratio,
        (Figure("start", "ms", lambda round: round[case].start * 1000),),
        goal,
        bare=(),
    )


def silence(clients, case):
    return Row(
        f"longest silence of JWKS answers while {clients} are reloaded",
        (case,),
        "the same before the reload",
        lambda round: round[case].times["longest"] / round[case].times["longest before"],
        tuple(milliseconds(case, name) for name in ("longest", "p99", "longest before", "p99 before", "reload")),
        Goal("<=", 25, "ms"),
        bare=(),
    )


def memory(case, goal):
    of, ratio, goal = of_goal(goal, lambda round: round[case].resident)
    peak = Figure("VmHWM", "MiB", lambda round: round[case].peak)
    return Row(
        "memory after load with 256 connections", (case,), of, ratio, (resident(case), peak, per_second(case)), goal, bare=()
    )


ROWS = [
    tokens("RS256", "rsa2048", "RSA-2048", Goal("<=", 1.12)),
    tokens("ES256", "ecdsap256", "P-256"),
    tokens("EdDSA", "ed25519", "Ed25519"),
    Row(
        "RS256 tokens/s, all cores busy, wrk on the same",
        ("RS256",),
        "openssl speed -multi",
        lambda round: round["RS256"].per_second / round.all_cores.sign,
        (per_second("RS256", "tokens"), Figure("bare signatures", "/s", lambda round: round.all_cores.sign)),
        Goal(">=", 0.85),
        bare=(),
        needs_all_cores=True,
    ),
    Row(
        "RS256 token, key in a PKCS#11 token (SoftHSM): CPU",
        ("RS256 in SoftHSM", "RS256"),
        "the same, key in a file",
        lambda round: round["RS256 in SoftHSM"].cpu / round["RS256"].cpu,
        (
            cpu("RS256 in SoftHSM"),
            per_second("RS256 in SoftHSM", "tokens"),
            per_second("RS256", "tokens, key in a file"),
        ),
        bare=(),
    ),
    Row(
        "log level info, RS256 token: CPU",
        ("RS256", "warning"),
        "the same at warning",
        lambda round: round["RS256"].cpu / round["warning"].cpu,
        (
            Figure("the log line", "us", lambda round: (round["RS256"].cpu - round["warning"].cpu) * 1e6),
            Figure("tokens at warning", "/s", lambda round: round["warning"].per_second),
        ),
        bare=(),
    ),
    request("log level warning, RS256 token", "warning"),
    Row(
        "without AVX512-IFMA, RS256 token: CPU",
        ("without IFMA",),
        "one bare RSA-2048 signature without it",
        lambda round: round["without IFMA"].cpu * round["without IFMA"].rates["signatures"],
        (
            cpu("without IFMA"),
            Figure("bare signature", "us", lambda round: 1e6 / round["without IFMA"].rates["signatures"]),
            per_second("without IFMA"),
        ),
        bare=(),
    ),
    request("authentication by client_secret_basic", "Basic"),
    request("authentication by client_secret_post", "RS256"),
    request("authentication by private_key_jwt, RS256", "private_key_jwt"),
    request("authentication by a platform's token, RS256", "RS256 identity"),
    request("authentication by a platform's token, ES256", "ES256 identity"),
    request("a platform's token as the grant, RS256", "RS256 identity as grant"),
    request("a platform's token as the grant, ES256", "ES256 identity as grant"),
    request("client_secret_post with a DPoP proof by ES256, bound RS256 token", "DPoP proof"),
    request("introspection", "introspection"),
    request("refresh", "refresh"),
    # 15 us and 35 us where a signature takes 360 us.
    request("JWKS", "JWKS", goal=Goal("<=", 0.042)),
    request("token reuse for 10 s, 32 connections", "reused token", goal=Goal("<=", 0.097)),
    request("status list", "status list"),
    request("metadata", "metadata"),
    request("RS256 token, server on one core, wrk on another", "one core"),
    Row(
        "RS256 tokens/s, all cores shared with wrk",
        ("RS256", "one core"),
        "the same, server on one core",
        lambda round: round["RS256"].per_second / round["one core"].per_second,
        (per_second("RS256", "all cores"), per_second("one core", "one core")),
        bare=(),
    ),
    Row(
        "token reuse for 10 s, one client, 512 connections",
        ("token reuse",),
        "openssl speed -multi",
        lambda round: round["token reuse"].per_second / round.all_cores.sign,
        (per_second("token reuse", "tokens"), cpu("token reuse"), resident("token reuse")),
        Goal(">", 8),
        bare=(),
        needs_all_cores=True,
    ),
    request("TLS (P-256 certificate), keep-alive, RS256 token", "TLS"),
    request("TLS, keep-alive, client certificate (P-256), bound RS256 token", "client certificate"),
    request("TLS, new connection each, resumed, RS256 token", "TLS resumed"),
    request("TLS, new connection each, full handshake, RS256 token", "TLS handshakes"),
    request("HTTP/2 over TLS, 4 connections of 8 streams, RS256 token", "HTTP/2"),
    memory("256 connections", Goal("<", 40, "MiB")),
    start(f"{SMALL_REGISTRY}", "start", Goal("<", 100, "ms")),
    start(f"{LARGE_REGISTRY:,}", "100,000 clients", Goal("<", 1500, "ms")),
    start(f"{LARGE_REGISTRY:,}", "200 files", Goal("<", 1500, "ms"), f" in {TEAMS} files"),
    Row(
        f"{LARGE_REGISTRY:,} clients, RS256 token: CPU",
        ("100,000 clients", "RS256"),
        f"the same with {SMALL_REGISTRY} clients",
        lambda round: round["100,000 clients"].cpu / round["RS256"].cpu,
        (cpu("100,000 clients"), per_second("100,000 clients"), resident("100,000 clients")),
        bare=(),
    ),
    silence(f"{LARGE_REGISTRY:,} clients", "reload"),
    silence(f"{LARGE_REGISTRY:,} clients in {TEAMS} files", "reload of 200 files"),
    verification("TokenVerifier", Goal(">=", 0.85)),
    verification("TokenVerifier, cached"),
    verification("TokenVerifier, status list"),
    verification("TokenVerifier, cached, status list"),
    verification("TokenVerifier, DPoP proof by ES256"),
    verification("TokenVerifier, cached, DPoP proof by ES256"),
    verification("jwt-kit"),
    verification("PyJWT"),
    Row(
        "verification of RS256, libcrypto alone",
        ("verification",),
        "openssl speed, no digest or encoding",
        lambda round: round["verification"].rates["libcrypto alone"] / round.bare["rsa2048"].verify,
        (Figure("CPU", "us", lambda round: 1e6 / round["verification"].rates["libcrypto alone"]),),
    ),
]
