"""What the kernel knows of a process: its processor time, memory and threads.

Time on the processor and not on the clock, so that a noisy neighbour moves it little.
"""

import os
from collections import Counter
from pathlib import Path
from threading import Event, Thread

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def process_times(pid):
    """User and system time in seconds since the start, of all threads."""
    return times(Path(f"/proc/{pid}/stat"))


def times(stat):
    """User and system time in seconds, of a `stat` file of proc(5)."""
    # The name before it may hold anything, even a parenthesis.
    fields = stat.read_text().rpartition(")")[2].split()
    return int(fields[11]) / TICKS_PER_SECOND, int(fields[12]) / TICKS_PER_SECOND


def thread_times(pid):
    """Processor time in seconds for each name of threads."""
    total = Counter()
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            total[(task / "comm").read_text().strip()] += sum(times(task / "stat"))
        except FileNotFoundError:
            pass  # It has ended.
    return total


def status(pid):
    """Resident memory now and at most, in MiB, and the number of threads."""
    fields = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
    return {
        "resident": int(fields["VmRSS"].split()[0]) / 1024,
        "peak": int(fields["VmHWM"].split()[0]) / 1024,
        "threads": int(fields["Threads"]),
    }


class Watch:
    """Looks at a process from time to time, for what may be highest in the middle."""

    INTERVAL = 0.5

    def __init__(self, pid):
        self.pid = pid
        self.most_resident = 0
        self.most_threads = 0
        self._end = Event()
        self._thread = Thread(target=self._look)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()

    def _look(self):
        while True:
            try:
                now = status(self.pid)
            except (OSError, KeyError):
                return  # It has ended, which others notice too.
            self.most_resident = max(self.most_resident, now["resident"])
            self.most_threads = max(self.most_threads, now["threads"])
            if self._end.wait(self.INTERVAL):
                return
