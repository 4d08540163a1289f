"""The rows of the table about overload."""

from rows import Goal
from stampede import CONNECTIONS
from table import MeasuredFigure, MeasuredRow

NOTES = f"""Admitted and refused: h2load's own times, from sending a request to the end of its answer. Each of its {CONNECTIONS:,}
connections has one request under way; what falls due meanwhile is sent late or never, and that wait is in no latency:
see "offered". It cannot be more than the generator, which shares the cores, gets to send.
Probes and the other client: from the moment a request was due to the end of its answer. Waiting for a connection is in
it, and so is what the probe itself is late; for new connections the time to connect too. A request without an answer is
there with the time that it was waited for."""

SOON = Goal("<", 25, "ms")


def row(what, figures, ratio=None, of="", goal=None):
    measured = [MeasuredFigure(name, unit, [value]) for name, unit, value in figures if value is not None]
    return MeasuredRow(what, [] if ratio is None else [ratio], of, measured, goal)


def times(summary):
    return [(name, "ms", summary[name]) for name in ("p99", "p50", "max")]


def rows(name, overload, least_share):
    """:param least_share: the goal for the tokens that are issued, as a share of the capacity."""
    stampede, probed, capacity = overload.stampede, overload.probed, overload.capacity
    seconds = stampede.seconds
    issued, refused = stampede.count(200), stampede.count(503)
    elapsed = stampede.elapsed
    busy = overload.user + overload.system
    sample = probed["sample"]
    sampled_refusals = sample["outcomes"].get("503", 0)
    measured = [
        row(
            "offered",
            [
                ("wanted", "/s", stampede.due / seconds),
                ("sent", "/s", stampede.sent / seconds),
                ("answered", "/s", stampede.answered / seconds),
                ("slowest connect", "ms", stampede.slowest_connect),
            ],
            stampede.sent / seconds / capacity,
            "capacity",
        ),
        row(
            "tokens issued",
            [("issued", "/s", issued / seconds), ("capacity", "/s", capacity)],
            issued / seconds / capacity,
            "capacity",
            Goal(">=", least_share),
        ),
        row(
            "the server's time that went into tokens",
            [("a token", "ms", busy / issued * 1000), ("at capacity", "ms", overload.token_cost * 1000)]
            if issued
            else [],
            issued * overload.token_cost / busy,
            "its processor time",
        ),
        row("admitted (200)", times(stampede.by_status[200]) if issued else [], issued / stampede.answered, "answers"),
        row("refused (503)", times(stampede.by_status[503]) if refused else [], refused / stampede.answered, "answers"),
        row(
            "refused with Retry-After, sample",
            [("refused", "", sampled_refusals)],
            sample["with_retry_after"] / sampled_refusals if sampled_refusals else None,
            "those refused",
            Goal(">=", 1) if sampled_refusals else None,
        ),
        *(probe_row(what, probed[what], SOON) for what in ("JWKS", "health")),
        *(probe_row(what, probed[what]) for what in ("JWKS, new connections", "health, new connections", "other client")),
        row("the probe's own lateness", times(probed["JWKS"]["lateness"])),
        row(
            "memory",
            [
                ("resident at most", "MiB", overload.resident),
                ("VmHWM", "MiB", overload.peak),
                ("threads", "", overload.thread_count),
            ],
        ),
        row(
            "processor time of the server",
            [("user", "cores", overload.user / elapsed), ("system", "cores", overload.system / elapsed)]
            + [(thread, "cores", time / elapsed) for thread, time in top(overload.threads) if time / elapsed >= 0.005],
            busy / (busy + stampede.generator_cpu),
            "server and h2load",
        ),
    ]
    if strange := stampede.answered - issued - refused:
        measured.append(MeasuredRow("other answers", reason=f"{strange} are neither 200 nor 503", has_failed=True))
    for each in measured:
        each.name = f"{name}: {each.name}"
    return measured


def top(threads):
    return sorted(threads.items(), key=lambda item: -item[1])


def probe_row(what, stream, goal=None):
    """The share of good answers, and how long all requests took."""
    good = stream["outcomes"].get("200", 0)
    return row(what, times(stream["times"]), good / stream["times"]["count"], "requests that were due", goal)


def slow_rows(name, result):
    """What became of slow connections of each kind."""
    return [
        row(
            f"{name}: {kind}",
            [
                ("closed by the server", "", each["closed"]),
                ("half after", "s", each["after_p50"]),
                ("last after", "s", each["after_max"]),
                ("open at the end", "", each["open"]),
                ("oldest", "s", each["oldest"]),
                ("refused", "", each["refused"]),
            ],
        )
        for kind, each in result.items()
    ]
