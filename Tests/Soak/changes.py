"""What operators do while the service runs: reloads, other clients that come and go, keys that follow one another."""

import json
from itertools import cycle

from service import RESOURCE, SCOPE

# In seconds, between two on average. A key that was not announced signs six minutes after it appeared.
INTERVALS = {"reload": 7, "edit a client": 5, "rotate keys": 45, "retire a key": 240, "list keys": 20}
ROTATIONS = [
    ("--now",),
    ("--sealing", "--now"),
    (),
    ("--sealing",),
    ("--in", "7m"),
    ("--sealing", "--in", "6m"),
]
# So many of the other clients there are at most.
MOST_CLIENTS = 20


class Changes:
    def __init__(self, service, chance, counts):
        self.service, self.chance, self.counts = service, chance, counts
        self.rotations = cycle(ROTATIONS)
        # Identifiers and secrets of clients that are there.
        self.clients = {}
        self.number = 0

    def json(self, *arguments):
        return json.loads(self.service.writ(*arguments, "--json").stdout)

    def reload(self):
        self.service.reload()
        self.counts["reloads by SIGHUP"] += 1

    def edit_a_client(self):
        """Adds one, has one get a new secret, or removes one."""
        does_add = len(self.clients) < 2 or len(self.clients) < MOST_CLIENTS and self.chance.random() < 0.4
        if does_add:
            self.number += 1
            client = f"other-{self.number}"
            added = self.json("clients", "add", client, "--scope", SCOPE, "--resource", RESOURCE)
            self.clients[client] = added["client_secret"]
            self.counts["clients added"] += 1
            return
        client = self.chance.choice(list(self.clients))
        if self.chance.random() < 0.5:
            keep = self.chance.choice([(), ("--keep", "1m")])
            self.clients[client] = self.json("clients", "rotate-secret", client, *keep)["client_secret"]
            self.counts["secrets of clients renewed"] += 1
        else:
            self.service.writ("clients", "remove", client)
            del self.clients[client]
            self.counts["clients removed"] += 1

    def rotate_keys(self):
        arguments = next(self.rotations)
        try:
            answer = self.json("keys", "rotate", *arguments)
        except AssertionError as error:
            # One that was scheduled minutes ago may begin just now: it is refused, as it should be.
            if "begins in the same second" not in str(error):
                raise
            self.counts["rotations refused, for the same second"] += 1
            return
        self.counts["sealing keys rotated" if "--sealing" in arguments else "signing keys rotated"] += 1
        self.counts["expired keys removed"] += len(answer["removed"])

    def retire_a_key(self):
        """One that does not sign yet: no token is lost with it."""
        later = [key for key in self.list_keys() if key["state"] == "next" and key["alg"] == "RS256"]
        if later:
            self.json("keys", "retire", later[-1]["kid"])
            self.counts["keys retired"] += 1

    def list_keys(self):
        keys = self.json("keys", "list")
        for algorithm in ("RS256", "XAES-256-GCM"):
            assert [key["state"] for key in keys if key["alg"] == algorithm].count("signing") == 1, keys
        return keys
