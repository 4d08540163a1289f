"""Has the service serve for a long time at 70 % of what it can, while it is reloaded, given other keys and clients, and
disturbed in every way that is known not to be its end. See script/soak and Documentation/Faults.md."""

import json
import os
import shutil
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

import report
from disturbances import Disturbances
from faults import OutsideLogService, metric, small_disk
from load import Load, capacity
from log_watch import LogWatch
from process_samples import ProcessSamples, sample
from service import RESOURCE, SCOPE, wait_until
from token_check import TokenCheck

RESULTS = Path(__file__).parents[2] / ".build/soak"
SEED = 20261125
SHARE = 0.7
# In seconds.
LIFETIME, REFRESH_LIFETIME = 60, 300
MEASURING = 8
INTERVAL = 10
# Connections that nobody closes are closed after 30 s.
LAST_CONNECTION = 45


def say(text):
    print(f"script/soak: {text}", file=sys.stderr, flush=True)


def disk_in(folder, stack):
    """A small disk to be filled, where that can be mounted."""
    disk = folder / "service"
    disk.mkdir()
    if os.geteuid() == 0:
        try:
            return disk, stack.enter_context(small_disk(disk, "size=2m"))
        except pytest.skip.Exception as reason:
            say(f"no disk is filled: {reason}")
    return disk, None


def add_clients(service):
    def add(name, *rights):
        added = service.writ("clients", "add", name, "--scope", SCOPE, "--resource", RESOURCE, *rights, "--json").stdout
        return {"id": name, "secret": json.loads(added)["client_secret"]}

    return {
        "plain": [add(f"good-{number}") for number in range(6)],
        "refreshing": add("refreshing", "--grant-type", "refresh_token"),
        "introspecting": add("introspecting", "--introspect"),
    }


def configure(service):
    """Short lives, so that keys expire within the time."""
    file = service.folder / "writ.yaml"
    text = file.read_text().replace("lifetime: 15m", f"lifetime: {LIFETIME}s")
    file.write_text(text.replace("lifetime: 30d", f"lifetime: {REFRESH_LIFETIME}s"))


def reload_counts(service):
    return {name: int(metric(service, "writ_reloads_total", outcome=name) or 0) for name in ("applied", "refused")}


def port(address):
    return int(address.rpartition(":")[2])


def soak(service, disk, seconds) -> report.Report:
    configure(service)
    clients = add_clients(service)
    service.start()
    pid = service.process.pid
    # A process has a few files more once it has served, for good: what it needs for reading its own.
    start = sample(pid)
    token_check = TokenCheck(service, LIFETIME)
    task = {
        "issuer": port(service.issuer),
        "management": port(service.management),
        "clients": clients,
        "lifetime": LIFETIME,
        "seed": SEED,
    }
    most = capacity(task, MEASURING, token_check)
    rate = SHARE * most
    say(f"{most:,.0f} tokens/s is what this generator gets here; {rate:,.0f} requests/s for {seconds} s")
    load = Load({**task, "rate": rate, "most": most, "seconds": seconds}, token_check)
    disturbances = Disturbances(service, seconds, SEED, disk)
    samples = ProcessSamples(pid, min(INTERVAL, seconds / 30))
    with LogWatch(service.log_file, RESULTS / "service.log") as log:
        try:
            with samples:
                load.start()
                disturbances.start()
                watch(service, load)
            disturbances.wait()
        finally:
            load.stop()
            disturbances.stop()
        assert service.process.poll() is None, f"the service has ended with {service.process.returncode}"
        token_check.session.close()
        deadline = time.monotonic() + LAST_CONNECTION
        while (end := sample(pid)).files > start.files and time.monotonic() < deadline:
            time.sleep(0.5)
        reloads = reload_counts(service)
        wait_until("it serves", lambda: service.request_token().status_code == 200)
    samples.write(RESULTS / "samples.csv")

    result = report.Report()
    result.heading(f"{seconds} s at {rate:,.0f} requests/s, {SHARE:.0%} of {most:,.0f} tokens/s")
    report.add_requests(result, load, token_check)
    report.add_disturbances(result, disturbances, reloads)
    report.add_process(result, samples, start, end, disturbances.is_warm)
    report.add_log(result, log)
    return result


def watch(service, load):
    """Until the load is over, or the service is."""
    while load.reader.is_alive():
        load.reader.join(timeout=1)
        assert service.process.poll() is None, f"the service has ended with {service.process.returncode}"
    load.wait()


def main() -> int:
    seconds = int(sys.argv[1])
    shutil.rmtree(RESULTS, ignore_errors=True)
    RESULTS.mkdir(parents=True)
    say(f"what the service tells besides requests, and samples of the process, are in {RESULTS}")
    # Whoever ends it has what is mounted unmounted.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="writ-soak-")))
            service_folder, disk = disk_in(folder, stack)
            service = stack.enter_context(OutsideLogService(service_folder))
            result = soak(service, disk, seconds)
    except AssertionError as error:
        # That it ended, and what it told last, is more than that it did not stop as it should.
        print(f"script/soak: failed: {str(error.__context__ or error)[:2000]}", flush=True)
        return 1
    result.show()
    return 1 if result.failures else 0


if __name__ == "__main__":
    sys.exit(main())
