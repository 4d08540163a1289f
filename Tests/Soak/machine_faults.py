"""What breaks under the service: its files, its disk, its time."""

import time

import faults
from service import wait_until

# How long something stays broken, in seconds.
WHILE = 3
STANDSTILL = 0.5
BROKEN = "clients:\n  - client_id: [half\n    scope: : :\n"


class MachineFaults:
    """Each ends when the service has come right again, or fails."""

    def __init__(self, service, counts, disk):
        """
        :param disk: a small one that the service's folder is on; or None.
        """
        self.service, self.counts, self.disk = service, counts, disk

    def is_applied(self, value=1):
        return faults.metric(self.service, "writ_last_reload_successful") == value

    def refused_meanwhile(self):
        """It says that it could not read its files, and goes on."""
        self.service.reload()
        wait_until("a reload is refused", lambda: self.is_applied(0))
        time.sleep(WHILE)

    def applied_again(self):
        wait_until("all is read again", self.is_applied)

    def broken_clients_file(self):
        file = self.service.clients_file
        text = file.read_text()
        file.write_text(BROKEN)
        try:
            self.refused_meanwhile()
        finally:
            file.write_text(text)
        self.applied_again()

    def keys_folder_away(self):
        keys = self.service.folder / "keys"
        aside = keys.with_name("keys-aside")
        keys.rename(aside)
        try:
            self.refused_meanwhile()
        finally:
            aside.rename(keys)
        self.applied_again()

    def full_disk(self):
        """Commands change nothing then, and the service goes on."""
        before = faults.contents(self.service.folder)
        with faults.full(self.disk):
            self.service.writ("clients", "add", "for-whom-there-is-no-room", "--scope", "a", status=1)
            self.service.writ("keys", "rotate", "--now", status=1)
            self.service.reload()
            time.sleep(WHILE)
        assert faults.contents(self.service.folder) == before, "a command that failed has left something"
        self.applied_again()

    def standstill(self):
        with faults.stopped(self.service):
            time.sleep(STANDSTILL)
