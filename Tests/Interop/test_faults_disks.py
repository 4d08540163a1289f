"""Disks that are full, or cannot be written to: what is there stays as it is, and works again when there is room."""

import json
import os
import subprocess
from contextlib import contextmanager

import pytest

from faults import (
    Clock,
    OutsideLogService,
    clock_library,
    complaints,
    contents,
    events,
    full,
    metric,
    needs_root,
    read_only,
    remount,
    serves,
    small_disk,
)
from service import BINARY, DEADLINE, RESOURCE, assert_clear_error, clean_environment, free_addresses, wait_until

COMMANDS = {
    "keys rotate": ["keys", "rotate", "--in", "1h", "--json"],
    "keys rotate --sealing": ["keys", "rotate", "--sealing", "--json"],
    "keys generate": ["keys", "generate", "--json"],
    "keys retire": ["keys", "retire", "--json", "--", "KID"],
    "clients add": ["clients", "add", "reporting", "--scope", "a", "--json"],
    "clients rotate-secret": ["clients", "rotate-secret", "demo", "--json"],
    "clients revoke": ["clients", "revoke", "demo", "--json"],
    "clients remove": ["clients", "remove", "demo"],
}
# In the words of the system, and in those of Foundation.
NO_SPACE, READ_ONLY = "space", "only"
pytestmark = needs_root


@pytest.fixture
def service(tmp_path):
    """A working folder on a small disk of its own, with the files that locks need."""
    with small_disk(tmp_path / "writ") as disk, OutsideLogService(disk) as service:
        service.writ("clients", "remove", "nobody", status=1)
        yield service


@contextmanager
def no_more_files(disk, but=0):
    used = int(subprocess.check_output(["df", "--output=iused", disk]).split()[-1])
    remount(disk, f"nr_inodes={used + but}")
    try:
        yield
    finally:
        remount(disk, "nr_inodes=1000")


def signing_key(service):
    rows = json.loads(service.writ("keys", "list", "--json").stdout)
    return next(row["kid"] for row in rows if row["state"] == "signing" and row["alg"] == "RS256")


def command(service, name):
    return [signing_key(service) if word == "KID" else word for word in COMMANDS[name]]


class TestCommands:
    """Each fails, says why, and changes nothing; and each works when it can."""

    def assert_all_fail(self, service, *words):
        before = contents(service.folder)
        for name in COMMANDS:
            assert_clear_error(service.writ(*command(service, name), status=1), *words)
            assert contents(service.folder) == before, f"{name} has changed something"

    def assert_all_work(self, service):
        for name in COMMANDS:
            service.writ(*command(service, name))

    def test_a_full_disk(self, service):
        with full(service.folder):
            self.assert_all_fail(service, NO_SPACE)
        self.assert_all_work(service)

    def test_a_disk_that_cannot_be_written_to(self, service):
        with read_only(service.folder):
            self.assert_all_fail(service, READ_ONLY)
        self.assert_all_work(service)

    def test_a_disk_that_has_room_for_no_more_files(self, service):
        with no_more_files(service.folder):
            self.assert_all_fail(service, NO_SPACE)
        self.assert_all_work(service)

    def test_a_disk_that_has_room_for_one_more_file(self, service):
        """A key is written beside its place, and then there is no room for the name that it should have."""
        with no_more_files(service.folder, but=1):
            before = contents(service.folder)
            for name in ("keys rotate", "keys rotate --sealing", "keys generate"):
                assert_clear_error(service.writ(*command(service, name), status=1), NO_SPACE)
                assert contents(service.folder) == before
        self.assert_all_work(service)


class TestInit:
    @pytest.mark.parametrize("size", ["4k", "8k", "12k"])
    def test_a_disk_that_is_full_before_all_is_written(self, tmp_path, size):
        """In the folder there is nothing that stands in the way when there is room."""
        with small_disk(tmp_path / "writ", f"size={size}") as disk:
            assert_clear_error(init(disk), NO_SPACE)
            assert not (disk / "writ.yaml").exists()
            assert all(path.stat().st_size for path in disk.rglob("*") if path.is_file() and path.name != ".writ-lock")
            remount(disk, "size=256k")
            result = init(disk)
            assert result.returncode == 0, result.stderr
            assert run(disk, "config", "check").returncode == 0

    def test_a_disk_that_cannot_be_written_to(self, tmp_path):
        with small_disk(tmp_path / "writ") as disk, read_only(disk):
            assert_clear_error(init(disk), READ_ONLY)
            assert list(disk.iterdir()) == []


def run(folder, *words):
    environment = clean_environment({})
    return subprocess.run(
        [BINARY, *words], cwd=folder, env=environment, capture_output=True, encoding="utf-8", timeout=DEADLINE
    )


def init(folder):
    listen, management = free_addresses(2)
    return run(folder, "init", ".", "--listen", listen, "--management", management, "--json")


def test_a_secret_that_cannot_be_shown(service):
    """The secret is in force: whoever asked for it is told so."""
    for words in ("clients add reporting --scope a", "clients rotate-secret demo"):
        result = service.shell(f"{BINARY} {words} > /dev/full")
        assert result.returncode == 1
        assert "could not be written" in result.stderr
        assert "rotate-secret" in result.stderr


class TestService:
    def test_it_serves_on_a_full_disk(self, service):
        service.start()
        with full(service.folder):
            for name in ("keys rotate", "clients add"):
                service.writ(*command(service, name), status=1)
            service.reload()
            wait_until("it has read everything", lambda: metric(service, "writ_reloads_total", outcome="applied") >= 1)
            assert serves(service)
        client = json.loads(service.writ(*COMMANDS["clients add"]).stdout)
        wait_until("the client is known", lambda: metric(service, "writ_clients") == 2)
        assert service.request_token(client["client_id"], client["client_secret"]).status_code == 200
        assert complaints(service) == []

    def test_it_serves_while_its_log_cannot_be_written(self, service):
        service.log_file = service.folder / "service.log"
        service.start()
        with full(service.folder):
            lost = [service.request_token() for _ in range(20)]
            assert {answer.status_code for answer in lost} == {200}
        after = [service.request_token().headers["X-Request-Id"] for _ in range(3)]
        service.wait_for_log(after[-1])
        # Where the room ended a line may be half.
        whole = [line for line in service.log.splitlines() if line.startswith("{") and line.endswith("}")]
        assert [event["request_id"] for event in map(json.loads, whole[-2:])] == after[-2:]

    @pytest.mark.parametrize("fault", [full, read_only])
    def test_rotation_by_itself(self, service, clock_library, tmp_path, fault):
        """A minute is two seconds here. It says once what keeps it from making the next key, and makes it when it can."""
        for key in service.folder.glob("keys/*.*"):
            os.utime(key, (0, 0))
        # More than its requests are made of.
        clock = Clock(tmp_path, clock_library, speed=30)
        with fault(service.folder):
            before = contents(service.folder)
            service.start(WRIT_KEYS_ROTATION_EVERY="90d", **clock.environment)
            failures = wait_until("it fails", lambda: [text for text in complaints(service) if "will be retried" in text])
            assert contents(service.folder) == before
        wait_until("it has made the next keys", lambda: sum(event["message"] == "Rotated" for event in events(service)) == 2)
        assert len(list(service.folder.glob("keys/2*"))) == 2
        assert len(failures) <= 2
