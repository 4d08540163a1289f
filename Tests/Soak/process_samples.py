"""What the kernel says of the service from time to time, and whether it stays the same."""

import csv
import os
import statistics
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from periodical import Periodical

# By so much the end may be above the beginning: the larger of a share, and of MiB.
GROWTH_SHARE, GROWTH = 0.10, 4


@dataclass
class Sample:
    # Since the load began.
    seconds: float
    # In MiB: all of it, and what no file stands behind.
    resident: float
    anonymous: float
    files: int
    threads: int


def sample(pid, since=None) -> Sample:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    fields = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    resident, anonymous = (int(fields[name].split()[0]) / 1024 for name in ("VmRSS", "RssAnon"))
    seconds = time.monotonic() - since if since else 0
    return Sample(round(seconds, 1), resident, anonymous, len(os.listdir(f"/proc/{pid}/fd")), int(fields["Threads"]))


class ProcessSamples(Periodical):
    """Taken at even intervals while it is entered."""

    def __init__(self, pid, interval):
        super().__init__(interval)
        self.pid = pid
        self.samples = []

    def __enter__(self):
        self.since = time.monotonic()
        return super().__enter__()

    def take(self):
        try:
            self.samples.append(sample(self.pid, self.since))
        except (OSError, KeyError):
            self.end()  # It has ended, which others notice too.

    def fifths(self, field) -> tuple[float, float]:
        """The medians of the second fifth, after the warm-up, and of the last one."""
        values = [getattr(each, field) for each in self.samples]
        fifth = max(len(values) // 5, 1)
        return statistics.median(values[fifth : 2 * fifth]), statistics.median(values[-fifth:])

    @property
    def is_memory_flat(self) -> bool:
        before, after = self.fifths("resident")
        return after - before <= max(GROWTH_SHARE * before, GROWTH)

    def write(self, path):
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, [*Sample.__annotations__])
            writer.writeheader()
            writer.writerows(asdict(each) for each in self.samples)
