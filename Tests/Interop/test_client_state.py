"""`state`: when clients last got tokens survives restarts, and no trouble with the file keeps a client from its token."""

import contextlib
import json
import os
import sqlite3

import requests

from faults import OutsideLogService, complaints, full, metric, needs_root, read_only, small_disk
from service import CONFIDENTIAL, DEADLINE, wait_until
from test_client_uses import add, last_uses, listed, seconds

STATE = {"WRIT_STATE": "state.sqlite"}


def rows(service) -> dict[str, int]:
    """What is in the file; empty while there is none."""
    file = service.folder / "state.sqlite"
    if not file.exists() or file.stat().st_size == 0:
        return {}
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        try:
            return dict(database.execute("SELECT client_id, last_used FROM client_use"))
        except sqlite3.OperationalError:
            return {}


def is_up(service) -> bool:
    return metric(service, "writ_state_up") == 1


def is_down(service) -> bool:
    return metric(service, "writ_state_failures_total") >= 1 and not is_up(service)


def kill(service):
    service.process.kill()
    service.process.wait(timeout=DEADLINE)
    service.process = None


class TestRestarts:
    def test_a_restart_keeps_last_uses_and_since_when_they_are_known(self, own_service):
        service = own_service.start(**STATE)
        service.access_token()
        before = listed(service)
        service.stop()
        assert list(rows(service)) == ["demo"]
        file = service.folder / "state.sqlite"
        assert file.stat().st_mode & 0o777 == 0o600
        assert not CONFIDENTIAL.search(file.read_text("latin-1")) and service.client_secret not in file.read_text("latin-1")
        service.start(**STATE)
        wait_until("the file is read", lambda: listed(service) == before)
        result = service.writ("clients", "list", "--used", "--json")
        [demo] = json.loads(result.stdout)
        assert demo["last_used"] == before["clients"][0]["last_used"]
        assert demo["last_used_known_since"] == before["since"]
        assert f"knows of tokens since {before['since']}" in result.stderr and "its start" not in result.stderr
        assert metric(service, "writ_client_last_used_timestamp_seconds", client_id="demo") == seconds(demo["last_used"])
        assert is_up(service) and metric(service, "writ_state_failures_total") == 0

    def test_clients_that_were_never_used_since_long_ago_are_unused(self, own_service):
        service = own_service
        add(service, "idle")
        add(service, "old")
        service.start(**STATE)
        service.stop()
        with contextlib.closing(sqlite3.connect(service.folder / "state.sqlite")) as database, database:
            database.execute("UPDATE recording SET since = since - 100 * 86400")
            database.execute("INSERT INTO client_use SELECT 'old', since + 86400 FROM recording")
        service.start(**STATE)
        service.access_token()
        wait_until("the file is read", lambda: set(last_uses(service)) == {"demo", "old"})
        result = service.writ("clients", "list", "--unused", "90d", "--json")
        assert {each["client_id"] for each in json.loads(result.stdout)} == {"idle", "old"}
        assert "not listed" not in result.stderr

    def test_a_process_that_is_killed_loses_a_batch_at_most(self, own_service):
        service = own_service
        late = add(service, "late")
        service.start(**STATE)
        service.access_token()
        wait_until("the batch is written", lambda: "demo" in rows(service))
        written = rows(service)
        assert service.request_token(**late).status_code == 200
        kill(service)
        service.start(**STATE)
        wait_until("the file is read", lambda: last_uses(service).get("demo") == written["demo"])
        assert set(last_uses(service)) <= {"demo", "late"}

    def test_replicas_that_share_the_file_know_of_each_other(self, own_service):
        service = own_service.start(**STATE)
        with service.replica() as issuer:
            form = {"grant_type": "client_credentials", "client_id": "demo", "client_secret": service.client_secret}
            assert requests.post(f"{issuer}/oauth2/token", data=form, timeout=DEADLINE).status_code == 200
            assert last_uses(service) == {}
            wait_until("the other replica knows", lambda: set(last_uses(service)) == {"demo"}, limit=2 * DEADLINE)
        assert is_up(service)


class TestTrouble:
    def test_a_damaged_file_is_set_aside(self, own_service):
        garbage = os.urandom(10_000)
        file = own_service.folder / "state.sqlite"
        file.write_bytes(garbage)
        file.chmod(0o600)
        service = own_service.start(**STATE)
        service.access_token()
        wait_until("a new file is there", lambda: is_up(service))
        assert (service.folder / "state.sqlite.damaged-1").read_bytes() == garbage
        service.wait_for_log("was damaged")
        service.stop()
        assert list(rows(service)) == ["demo"]

    def test_a_database_of_another_program_stays_as_it_is(self, own_service):
        file = own_service.folder / "state.sqlite"
        with contextlib.closing(sqlite3.connect(file)) as database, database:
            database.execute("CREATE TABLE accounts (name TEXT)")
        file.chmod(0o600)
        before = file.read_bytes()
        service = own_service.start(**STATE)
        service.access_token()
        wait_until("it is reported", lambda: any("of another program" in text for text in complaints(service)))
        assert is_down(service) and set(last_uses(service)) == {"demo"}
        service.stop()
        assert file.read_bytes() == before
        assert not list(service.folder.glob("state.sqlite.damaged*"))

    def test_a_file_that_another_process_has_locked(self, own_service):
        service = own_service.start(**STATE)
        wait_until("the file is there", lambda: is_up(service))
        with contextlib.closing(sqlite3.connect(service.folder / "state.sqlite", isolation_level=None)) as database:
            wait_until("it is locked", lambda: lock(database))
            service.access_token()
            wait_until("it is noticed", lambda: is_down(service))
            service.access_token()
            database.execute("ROLLBACK")
        wait_until("it is written", lambda: "demo" in rows(service))
        wait_until("all is well", lambda: is_up(service))
        assert len(service.wait_for_log("database is locked")) == 1

    def test_a_file_that_others_can_write_to(self, own_service):
        file = own_service.folder / "state.sqlite"
        file.touch()
        file.chmod(0o666)
        check = own_service.writ("config", "check", environment=STATE)
        assert "state.sqlite: can be changed by every user" in check.stderr
        service = own_service.start(**STATE)
        service.access_token()
        wait_until("it is noticed", lambda: is_down(service))
        assert file.read_bytes() == b""
        file.chmod(0o600)
        wait_until("it is used", lambda: is_up(service))

    def test_what_is_no_file(self, own_service):
        os.mkfifo(own_service.folder / "state.sqlite")
        assert "is not a file" in own_service.writ("config", "check", environment=STATE).stderr
        service = own_service.start(**STATE)
        service.access_token()
        wait_until("it is noticed", lambda: is_down(service))

    def test_a_file_that_is_removed_is_made_anew(self, own_service):
        service = own_service.start(**STATE)
        service.access_token()
        wait_until("it is written", lambda: "demo" in rows(service))
        (service.folder / "state.sqlite").unlink()
        wait_until("it is written again", lambda: "demo" in rows(service))

    @needs_root
    def test_a_full_disk(self, tmp_path):
        with small_disk(tmp_path / "writ", "size=512k") as disk, OutsideLogService(disk) as service:
            service.start(**STATE)
            wait_until("the file is there", lambda: is_up(service))
            with full(disk):
                assert service.request_token().status_code == 200
                wait_until("it is noticed", lambda: is_down(service))
                assert service.request_token().status_code == 200
                assert set(last_uses(service)) == {"demo"}
            wait_until("it is written", lambda: "demo" in rows(service))
            assert len(service.wait_for_log("lost at a restart")) == 1

    @needs_root
    def test_a_disk_that_cannot_be_written_to(self, tmp_path):
        with small_disk(tmp_path / "writ", "size=512k") as disk, OutsideLogService(disk) as service:
            with read_only(disk):
                assert "cannot write to" in service.writ("config", "check", environment=STATE).stderr
                service.start(**STATE)
                assert service.request_token().status_code == 200
                wait_until("it is noticed", lambda: is_down(service))
            wait_until("it is written", lambda: "demo" in rows(service))


def lock(database) -> bool:
    try:
        database.execute("BEGIN EXCLUSIVE")
        return True
    except sqlite3.OperationalError:
        return False
