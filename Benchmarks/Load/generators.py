"""The load generators, wrk and h2load: how they are called, and what they report."""

import re
import subprocess
import time
from dataclasses import dataclass

from failure import BenchError
from server import FORM

# A generator that hangs for this many seconds longer than it was told to run is ended.
PATIENCE = 30

# Those of h2load, in seconds.
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1}

# wrk tells a Lua function what it has seen, more exactly than it tells people.
WRK_REPORT = """
function done(summary)
    local errors = summary.errors
    io.write(string.format("RESULT %d %d %d %d %d %d %d\\n", summary.requests, summary.duration, errors.status,
        errors.connect, errors.read, errors.write, errors.timeout))
end
"""


@dataclass
class Load:
    """What came of a load."""

    # Answers that came, whatever their status.
    requests: int
    seconds: float
    # What was wrong, for people; None for nothing.
    failure: str | None

    @property
    def per_second(self):
        return self.requests / self.seconds


def wrk(folder, url, script, connections, seconds, prefix=()):
    """Puts load on `url` in a closed loop: each connection sends when it has its answer."""
    path = folder.write("load.lua", script + WRK_REPORT)
    output = run([*prefix, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", path, url], seconds)
    result = re.search(r"^RESULT ([\d ]+)$", output, re.MULTILINE)
    if not result:
        raise BenchError(f"wrk reported nothing:\n{output}")
    requests, microseconds, *errors = map(int, result[1].split())
    counts = dict(zip(["answers that are not 2xx", "connect", "read", "write", "timeout"], errors))
    failure = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    return Load(requests, microseconds / 1e6, failure or ("no answers" if not requests else None))


def h2load(folder, url, body, connections, streams, seconds):
    """Puts load on `url` over HTTP/2, in a closed loop with so many streams on each connection."""
    output = run(["h2load", f"-D{seconds}", f"-c{connections}", f"-m{streams}", *form(folder, body), url], seconds)
    return h2load_result(output)


def h2load_once_each(folder, url, body, connections, seconds):
    """A connection of its own for each request: batches of them, one after another.

    wrk would resume its TLS sessions; connections of h2load know nothing of each other.
    """
    command = ["h2load", "--h1", f"-n{connections}", f"-c{connections}", *form(folder, body), url]
    start = time.monotonic()
    total = Load(0, 0, None)
    while total.seconds < seconds:
        batch = h2load_result(run(command, seconds))
        total.requests += batch.requests
        total.failure = total.failure or batch.failure
        total.seconds = time.monotonic() - start
    return total


def form(folder, body):
    return [f"--data={folder.write('form', body)}", f"--header=content-type: {FORM}"]


def h2load_result(output):
    finished = re.search(r"^finished in ([\d.]+)(us|ms|s), ", output, re.MULTILINE)
    requests = re.search(
        r"^requests: .* (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", output, re.MULTILINE
    )
    if not finished or not requests:
        raise BenchError(f"h2load reported nothing:\n{output}")
    done, succeeded, failed, errored, timeout = map(int, requests.groups())
    failure = None if done == succeeded > 0 else f"{failed} failed, {errored} errored, {timeout} timeout"
    return Load(done, float(finished[1]) * UNITS[finished[2]], failure)


def run(command, seconds):
    try:
        result = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds + PATIENCE
        )
    except subprocess.TimeoutExpired:
        raise BenchError(f"{command[0]} does not end") from None
    if result.returncode != 0:
        raise BenchError(f"{' '.join(map(str, command))}: {result.stdout}{result.stderr}")
    return result.stdout
