"""A broken environment: full disks, clocks that are wrong, and what else happens to a machine."""

import json
import mmap
import os
import shutil
import signal
import socket
import struct
import subprocess
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from service import DEADLINE, Service, wait_until

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may do this to a machine")
# The service lets nobody look into its memory, so that Linux hides its open files and its environment from its own user too.
HIDDEN_FILES = "only root sees which files the service has open"
needs_open_files = pytest.mark.skipif(os.geteuid() != 0, reason=HIDDEN_FILES)


class OutsideLogService(Service):
    """Its log is not in the working folder, so that it can be read whatever happens to that."""

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.log_file = folder.parent / "service.log"

    def assert_log_holds_no_secret(self):
        super().assert_log_holds_no_secret()
        folder, self.folder = self.folder, self.log_file.parent
        super().assert_log_holds_no_secret()
        self.folder = folder


def metric(service, name, **labels) -> float | None:
    """A sample of /metrics; None where there is none with these labels."""
    text = requests.get(f"{service.management}/metrics", timeout=DEADLINE).text
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == name and labels.items() <= sample.labels.items():
                return sample.value
    return None


def events(service, level=None) -> list[dict]:
    """What is in the log, of this level where one is named; without what a process leaves there that crashes."""
    lines = [json.loads(line) for line in service.log.splitlines() if line.startswith("{") and line.endswith("}")]
    return [line for line in lines if level in (None, line["level"])]


def complaints(service) -> list[str]:
    """What the log tells of as wrong."""
    return [event["message"] for event in events(service) if event["level"] in ("warning", "error", "critical")]


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file with its permissions, but for the lock, which holds nothing and stays."""
    files = {path for path in folder.rglob("*") if path.is_file() and path.name != ".writ-lock"}
    return {str(path.relative_to(folder)): (path.stat().st_mode, path.read_bytes()) for path in files}


def serves(service) -> bool:
    """Whether it gives a token, publishes keys and says that it is well."""
    health = [requests.get(f"{service.management}/{name}", timeout=DEADLINE) for name in ("healthz", "readyz")]
    answers = [service.request_token(), requests.get(service.jwks_uri, timeout=DEADLINE), *health]
    return all(answer.status_code == 200 for answer in answers)


# Disks


def own_mounts() -> list[str]:
    """The start of a command whose mounts nobody else sees. A test that needs it is skipped if this system has none."""
    command = ["unshare", "--mount"]
    tried = subprocess.run([*command, "true"], capture_output=True, encoding="utf-8")
    if tried.returncode:
        pytest.skip(f"this system allows no mounts of one's own: {tried.stderr.strip()}")
    return command


@contextmanager
def small_disk(folder: Path, options="size=256k"):
    """A file system of its own in this folder, in memory."""
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
    mounted = subprocess.run(command, capture_output=True, encoding="utf-8")
    if mounted.returncode != 0:
        pytest.skip(f"nothing can be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        # Lazily, so that it is gone even while somebody still has a file open there.
        subprocess.run(["umount", "--lazy", folder], check=True)


def remount(folder: Path, options):
    subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True)


@contextmanager
def full(disk: Path):
    """Not an octet fits on the disk."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    try:
        yield
    finally:
        ballast.unlink()


@contextmanager
def read_only(disk: Path):
    remount(disk, "ro")
    try:
        yield
    finally:
        remount(disk, "rw")


# Clocks

# The wall clock is changed as `date --set` would: what counts time that passes does not notice. Timers can be made to
# run faster, so that nobody waits for a minute. (libfaketime sets variables before main: a Swift program then finds no
# arguments.)
CLOCK_SOURCE = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *control;
static int64_t start[16], speed = 1;

static int64_t real(clockid_t clock) {
    struct timespec time;
    syscall(SYS_clock_gettime, clock, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

__attribute__((constructor)) static void begin(void) {
    int file = open(getenv("TEST_CLOCK"), O_RDONLY | O_CLOEXEC);
    control = mmap(0, 16, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    speed = control[1];
    for (clockid_t clock = 0; clock < 16; clock++) start[clock] = real(clock);
}

static int runs(clockid_t clock) { return clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME; }

int clock_gettime(clockid_t clock, struct timespec *time) {
    int64_t now = real(clock);
    if (clock == CLOCK_REALTIME) now += control[0];
    if (runs(clock)) now = start[clock] + (now - start[clock]) * speed;
    time->tv_sec = now / 1000000000;
    time->tv_nsec = now % 1000000000;
    return 0;
}

int gettimeofday(struct timeval *time, void *zone) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *result) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result) *result = now.tv_sec;
    return now.tv_sec;
}

int timerfd_settime(int file, int flags, const struct itimerspec *new, struct itimerspec *old) {
    struct itimerspec real = *new;
    int64_t wanted = new->it_value.tv_sec * 1000000000LL + new->it_value.tv_nsec;
    if (speed > 1 && flags & TFD_TIMER_ABSTIME && wanted) {
        clockid_t clock = CLOCK_MONOTONIC;
        wanted = start[clock] + (wanted - start[clock]) / speed;
        real.it_value.tv_sec = wanted / 1000000000;
        real.it_value.tv_nsec = wanted % 1000000000;
    }
    return syscall(SYS_timerfd_settime, file, flags, &real, old);
}
"""


class Clock:
    """The clock of the processes that get its variables."""

    def __init__(self, folder: Path, library: Path, offset=0, speed=1):
        path = folder / f"clock-{offset}"
        path.write_bytes(struct.pack("qq", int(offset * 1e9), speed))
        self.environment = {"LD_PRELOAD": str(library), "TEST_CLOCK": str(path)}
        with path.open("r+b") as file:
            self.control = mmap.mmap(file.fileno(), 16)

    def set(self, offset):
        """In seconds, against the machine's."""
        self.control[:8] = struct.pack("q", int(offset * 1e9))


@pytest.fixture(scope="session")
def clock_library(tmp_path_factory) -> Path:
    compiler = shutil.which("cc") or shutil.which("clang")
    if not compiler:
        pytest.skip("there is no C compiler, which makes a clock that can be set")
    folder = tmp_path_factory.mktemp("clock")
    (folder / "clock.c").write_text(CLOCK_SOURCE)
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", folder / "clock.so", folder / "clock.c"], check=True)
    return folder / "clock.so"


# Processes


@contextmanager
def held_connections(service, count, listener="issuer"):
    """So many connections that say nothing."""
    host, _, port = getattr(service, listener).partition("://")[2].partition(":")
    with ExitStack() as stack:
        yield [stack.enter_context(socket.create_connection((host, int(port)), timeout=DEADLINE)) for _ in range(count)]


@contextmanager
def stopped(service):
    """The process stands still, as in a machine that is suspended."""
    service.process.send_signal(signal.SIGSTOP)
    try:
        stat = Path(f"/proc/{service.process.pid}/stat")
        wait_until("it stands still", lambda: stat.read_text().rpartition(")")[2].split()[0] == "T")
        yield
    finally:
        service.process.send_signal(signal.SIGCONT)


def processor_seconds(service) -> float:
    fields = Path(f"/proc/{service.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def open_files(service) -> int:
    if os.geteuid() != 0:
        pytest.skip(HIDDEN_FILES)
    return len(os.listdir(f"/proc/{service.process.pid}/fd"))
