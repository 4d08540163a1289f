"""The load generator as a process, and what becomes of its requests."""

import json
import statistics
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

from token_check import TokenCheck

GENERATOR = Path(__file__).with_name("generator.py")
# What the first seconds of a measurement say is not counted.
WARM_UP = 2


class Load:
    """Runs from `start` until `wait` returns; the counts are those so far."""

    def __init__(self, task, token_check: TokenCheck):
        self.task, self.token_check = task, token_check
        self.counts, self.times, self.slowest = Counter(), Counter(), 0
        # Good answers of each second.
        self.rates = []
        self.most_connections = 0
        self.has_ended = False
        self.reader = threading.Thread(target=self.read, daemon=True)

    def start(self):
        self.process = subprocess.Popen(
            [sys.executable, GENERATOR], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        )
        self.process.stdin.write(json.dumps(self.task))
        self.process.stdin.close()
        self.reader.start()
        return self

    def read(self):
        for line in self.process.stdout:
            record = json.loads(line)
            self.counts.update(record["counts"])
            self.rates.append(sum(count for name, count in record["counts"].items() if name.startswith("good ")))
            self.most_connections = max(self.most_connections, record["connections"])
            if "times" in record:
                self.times.update({int(key): count for key, count in record["times"].items()})
                self.slowest = record["slowest"]
                self.has_ended = True
            for client, token in record["samples"]:
                self.token_check.check(client, token)

    def wait(self):
        self.reader.join()
        self.process.wait()
        assert self.has_ended, f"the load generator ended with {self.process.returncode}"

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def total(self, prefix) -> int:
        return sum(count for name, count in self.counts.items() if name.startswith(prefix))

    def percentile(self, share) -> float:
        """In milliseconds, to five percent."""
        left = share * self.times.total()
        for key in sorted(self.times):
            left -= self.times[key]
            if left <= 0:
                return 2.718281828 ** ((key + 1) / 20)
        return float("nan")


def capacity(task, seconds, token_check) -> float:
    """Tokens a second, as many as the generator and the service come to on this machine."""
    load = Load({**task, "rate": None, "seconds": seconds + WARM_UP}, token_check).start()
    try:
        load.wait()
    finally:
        load.stop()
    if failed := {name: count for name, count in load.counts.items() if name.startswith("failed ")}:
        raise AssertionError(f"while capacity was measured: {failed}")
    return statistics.median(load.rates[WARM_UP : WARM_UP + seconds])
