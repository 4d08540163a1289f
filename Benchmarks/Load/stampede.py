"""Token requests in an open loop: as many as are wanted each second, whether or not the service keeps up.

h2load gives each of many connections a schedule. A connection has one request under way; what falls due meanwhile is sent
late, or never. The times are h2load's own, from sending a request to the end of its answer, so they do not hold what a
request has waited for its connection: how many were late that way is what `due` and `sent` are for.
"""

import re
import resource
import subprocess
import time
from array import array
from dataclasses import dataclass

from failure import BenchError
from generators import PATIENCE, UNITS, form
from latencies import summary
from server import token_form

# Each may wait for its signature for a quarter of a second: with fewer of them too many requests would be late.
CONNECTIONS = 2000


@dataclass
class Stampede:
    """What came of it."""

    seconds: float
    # With the time that its connections took to open.
    elapsed: float
    due: int
    sent: int
    # Milliseconds, by status; -1 for what got no answer.
    by_status: dict[int, dict]
    # Processor time of h2load.
    generator_cpu: float
    # Milliseconds.
    slowest_connect: float

    def count(self, status):
        return self.by_status.get(status, {"count": 0})["count"]

    @property
    def answered(self):
        return sum(each["count"] for status, each in self.by_status.items() if status > 0)


def stampede(server, rate, seconds):
    """Offers `rate` token requests a second for so many seconds."""
    folder = server.folder
    log = folder.path / "stampede.log"
    command = [
        *("h2load", "--h1", f"--rps={rate / CONNECTIONS:.3f}", f"-c{CONNECTIONS}", f"-D{seconds}", f"--log-file={log}"),
        *form(folder, token_form(folder.client)),
        server.token_endpoint,
    ]
    before, start = children_cpu(), time.monotonic()
    try:
        result = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds + PATIENCE
        )
    except subprocess.TimeoutExpired:
        raise BenchError("h2load does not end, as when not all of its connections are accepted") from None
    cpu, elapsed = children_cpu() - before, time.monotonic() - start
    sent = re.search(r"^requests: \d+ total, (\d+) started", result.stdout, re.MULTILINE)
    # Least and most come first.
    connect = re.search(r"^time for connect: +\S+ +([\d.]+)(us|ms|s) ", result.stdout, re.MULTILINE)
    if result.returncode != 0 or not sent or not connect:
        raise BenchError(f"h2load: {result.stdout[-400:]}{result.stderr[-400:]}")
    by_status = read_log(log)
    log.unlink()
    if not any(status > 0 for status in by_status):
        raise BenchError("nobody in the stampede got an answer")
    return Stampede(
        seconds=seconds,
        elapsed=elapsed,
        due=round(rate * seconds),
        sent=int(sent[1]),
        by_status=by_status,
        generator_cpu=cpu,
        slowest_connect=float(connect[1]) * UNITS[connect[2]] * 1000,
    )


def children_cpu():
    """Of those that have ended; while a stampede lasts nothing else does."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def read_log(path):
    """Line by line: it may hold millions. Start in microseconds, status, duration in microseconds."""
    durations = {}
    with path.open() as lines:
        for line in lines:
            _, status, microseconds = line.split("\t")
            durations.setdefault(int(status), array("d")).append(int(microseconds) / 1000)
    return {status: summary(values) for status, values in durations.items()}
