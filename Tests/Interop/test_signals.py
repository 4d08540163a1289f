"""SIGTERM and SIGINT from the first moment on, as process 1 too, for which the kernel ignores what is not trapped."""

import fcntl
import os
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from faults import needs_open_files, needs_root, own_mounts
from service import BINARY, DEADLINE, clean_environment, wait_until


@contextmanager
def waiting_for_a_lock(service, *prefix):
    """A service that starts, and cannot go on while this process holds the lock of its keys folder."""
    for key in service.folder.glob("keys/*.*"):
        key.unlink()
    lock = service.folder / "keys/.writ-lock"
    with lock.open("a") as held, service.log_file.open("ab") as log:
        fcntl.flock(held, fcntl.LOCK_EX)
        process = subprocess.Popen(
            [*prefix, BINARY, "serve"],
            cwd=service.folder,
            env=clean_environment({"WRIT_KEYS_ROTATION_EVERY": "90d", "WRIT_DRAIN_DELAY": "60s"}),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            pid = wait_until("it waits for the lock", lambda: holder(process, lock, is_child=bool(prefix)))
            yield process, pid
        finally:
            process.kill()
            process.wait()


def holder(process, lock: Path, is_child) -> int | None:
    """The identifier of the service's process, once it has opened the lock."""
    assert process.poll() is None
    pid = process.pid
    try:
        if is_child:
            pid = int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])
        files = [os.readlink(file) for file in Path(f"/proc/{pid}/fd").iterdir()]
    except (OSError, IndexError):
        return None
    return pid if str(lock) in files else None


@needs_open_files
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_while_it_waits_for_a_lock(own_service, number):
    with waiting_for_a_lock(own_service) as (process, pid):
        os.kill(pid, number)
        assert process.wait(timeout=DEADLINE) == 0
    assert '"Stopped"' in own_service.log


@needs_root
def test_told_to_stop_as_process_1_while_it_waits_for_a_lock(own_service):
    with waiting_for_a_lock(own_service, "unshare", "--pid", "--fork", "--kill-child") as (process, pid):
        os.kill(pid, signal.SIGTERM)
        assert process.wait(timeout=DEADLINE) == 0
    assert '"Stopped"' in own_service.log


@needs_open_files
def test_a_hangup_while_it_waits_for_a_lock_does_not_end_it(own_service):
    with waiting_for_a_lock(own_service) as (process, pid):
        os.kill(pid, signal.SIGHUP)
        os.kill(pid, signal.SIGTERM)
        assert process.wait(timeout=DEADLINE) == 0
    assert '"Stopped"' in own_service.log


@needs_root
def test_a_container_with_one_core(own_service):
    """cgroup v1: the quota stands where a container finds it, on a machine with any number of cores."""
    prepare = (
        "mount -t tmpfs none /sys/fs/cgroup && mkdir /sys/fs/cgroup/cpu && cd /sys/fs/cgroup/cpu &&"
        ' echo 100000 > cpu.cfs_quota_us && echo 100000 > cpu.cfs_period_us && cd "$OLDPWD" && exec "$0" "$@"'
    )
    own_service.start([*own_mounts(), "sh", "-c", prepare])
    assert '"cores":"1"' in own_service.log
    assert own_service.request_token().status_code == 200
