"""Has changes and faults happen at their moments, one after another, and notes what did not go as it should."""

import random
import subprocess
import threading
import time
import traceback
from collections import Counter
from contextlib import suppress

import changes
from changes import Changes
from hostile_clients import HostileClients
from machine_faults import MachineFaults
from schedule import schedule

# On average, in seconds.
FAULT_INTERVAL = 8


class Disturbances:
    """A thread from `start` to `wait`."""

    def __init__(self, service, seconds, seed, disk):
        chance = random.Random(seed)
        self.service = service
        self.counts = Counter()
        # How often each fault came, and what did not go as it should.
        self.faults, self.failures = Counter(), []
        operator = Changes(service, chance, self.counts)
        machine = MachineFaults(service, self.counts, disk)
        self.clients = clients = HostileClients(service, chance, self.counts)
        self.changes = {name: getattr(operator, name.replace(" ", "_")) for name in changes.INTERVALS}
        self.kinds_of_faults = {
            "clients.yaml broken": machine.broken_clients_file,
            "keys folder away": machine.keys_folder_away,
            **({"disk full": machine.full_disk} if disk else {}),
            "stopped for half a second": machine.standstill,
            "garbage": clients.garbage,
            "wrong secrets": clients.wrong_secrets,
            "wrong refresh tokens": clients.wrong_refresh_tokens,
            "bodies too large": clients.oversized_bodies,
            "connections reset": clients.resets,
            "connections half closed": clients.half_closes,
            "slow connections": clients.slow_connections,
            "burst of connections": clients.burst,
        }
        self.events = schedule(seconds, seed, changes.INTERVALS, list(self.kinds_of_faults), FAULT_INTERVAL)
        # Whether all of them are there in the first fifth, so that memory has grown to what they take.
        self.is_warm = self.kinds_of_faults.keys() <= {name for moment, name in self.events if moment < seconds / 5}
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.is_over = threading.Event()

    def start(self):
        self.begin = time.monotonic()
        self.thread.start()
        return self

    def run(self):
        for moment, name in self.events:
            if self.is_over.wait(max(self.begin + moment - time.monotonic(), 0)):
                return
            if name in self.kinds_of_faults:
                self.faults[name] += 1
            self.attempt(moment, name)

    def attempt(self, moment, name):
        try:
            (self.changes | self.kinds_of_faults)[name]()
        except (AssertionError, OSError, ValueError, subprocess.SubprocessError) as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            self.failures.append(f"{moment:.0f} s, {name}: {type(error).__name__}: {error} ({place.name})"[:600])

    def wait(self):
        """Until the last one is over, and nothing of them is left."""
        self.thread.join()
        self.clients.let_go()

    def stop(self):
        self.is_over.set()
        self.thread.join(timeout=60)
        with suppress(OSError):
            self.clients.let_go()
