"""Three replicas, a verifier for each, and a hundred revocations under load: nothing revoked passes, nothing good is refused."""

import json
import random
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timezone

import pytest
import requests

from balancer import HAPROXY, Balancer, Replica
from service import DEADLINE, RESOURCE, SANITIZER, SCOPE, wait_until
from test_bound_tokens import api
from tokens import claims

# `ttl` of the lists, and what a replica takes to read a file.
TTL, READING = 30, 2
AHEAD = 6
CLIENTS = [f"job-{number}" for number in range(5)]
REVOCATIONS = 100

pytestmark = [
    pytest.mark.skipif(not HAPROXY, reason="no haproxy is installed"),
    pytest.mark.skipif(bool(SANITIZER), reason="a replica may take longer to read the file"),
]


@dataclass
class Token:
    text: str
    client: str
    issued_at: int


@dataclass
class World:
    """What was issued and revoked, and what the verifiers said that they should not have said."""

    endpoint: str
    secrets: dict[str, str]
    verifiers: list[str]
    tokens: list[Token] = field(default_factory=list)
    moments: dict[str, list[int]] = field(default_factory=lambda: {name: [] for name in CLIENTS})
    faults: list[str] = field(default_factory=list)
    accepted: int = 0
    refused: int = 0
    is_over: threading.Event = field(default_factory=threading.Event)

    def issue(self, session):
        client = random.choice(CLIENTS)
        form = {"grant_type": "client_credentials", "client_id": client, "client_secret": self.secrets[client]}
        answer = session.post(self.endpoint, data=form, timeout=DEADLINE)
        if answer.status_code == 503:
            return
        token = answer.json()["access_token"]
        self.tokens.append(Token(token, client, claims(token)["iat"]))

    def moments_of(self, token, until):
        """Those that revoke the token by then. A moment is known here before the file has it."""
        return [moment for moment in list(self.moments[token.client]) if token.issued_at < moment <= until]

    def use(self, session, token, verifier):
        before = time.time()
        answer = session.get(verifier, headers={"Authorization": f"Bearer {token.text}"}, timeout=DEADLINE)
        after = time.time()
        if answer.status_code == 200:
            self.accepted += 1
            if late := [m for m in self.moments_of(token, before) if m + TTL + READING < before]:
                self.faults.append(f"accepted {before - late[0]:.1f} s after its moment")
        else:
            self.refused += 1
            # 503: no list that only revoked tokens name. The clocks are one, and a second may begin during the request.
            if not self.moments_of(token, after):
                self.faults.append(f"{token.client} is refused for nothing: {answer.status_code} {dict(answer.headers)}")

    def run(self):
        with requests.Session() as session:
            while not self.is_over.is_set():
                try:
                    if random.random() < 0.2 or not self.tokens:
                        self.issue(session)
                    # One of the newest, or any.
                    index = len(self.tokens) - 1 - int(random.expovariate(1 / 20))
                    if random.random() < 0.4:
                        index = random.randrange(len(self.tokens))
                    self.use(session, self.tokens[max(0, index)], random.choice(self.verifiers))
                except Exception as error:  # noqa: BLE001
                    self.faults.append(repr(error))
                    raise


@pytest.fixture
def world(own_service, tmp_path):
    service = own_service
    secrets = {}
    for name in CLIENTS:
        added = service.writ("clients", "add", name, "--scope", SCOPE, "--resource", RESOURCE, "--json")
        secrets[name] = json.loads(added.stdout)["client_secret"]
    replicas = [Replica(name, service, WRIT_ACCESS_TOKEN_STATUS_LIST="on") for name in ("one", "two", "three")]
    with ExitStack() as stack:
        balancer = Balancer(tmp_path, replicas)
        issuer = balancer.token_endpoint.removesuffix("/oauth2/token")
        service.environment = {"WRIT_ISSUER": issuer, "WRIT_ACCESS_TOKEN_STATUS_LIST": "on"}
        for each in replicas:
            each.environment["WRIT_ISSUER"] = issuer
            stack.callback(each.close)
            each.start()
        stack.enter_context(balancer)
        verifiers = [
            stack.enter_context(api(issuer, "--status-lists", "required", audience=RESOURCE)) for _ in replicas]
        yield World(balancer.token_endpoint, secrets, verifiers)


def revoke(service, world, client):
    """The moment is noted before the command may write it: it is AHEAD of the command's clock."""
    result = service.writ("clients", "revoke", client, "--in", f"{AHEAD}s", "--yes")
    text = re.search(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", result.stdout + result.stderr).group()
    moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc).timestamp()
    world.moments[client].append(int(moment))


def test_a_hundred_revocations_under_load(own_service, world):
    with ThreadPoolExecutor(2) as pool:
        workers = [pool.submit(world.run) for _ in range(2)]
        try:
            wait_until("there are tokens", lambda: len(world.tokens) > 20 or world.faults)
            for number in range(REVOCATIONS):
                revoke(own_service, world, CLIENTS[number % len(CLIENTS)])
                if world.faults:
                    break
            last = max(moment for moments in world.moments.values() for moment in moments)
            # Until each verifier has refused what the last moments have revoked.
            old = [token for token in list(world.tokens) if world.moments_of(token, last)][-20:]
            with requests.Session() as session:

                def is_refused(token, verifier):
                    fields = {"Authorization": f"Bearer {token.text}"}
                    return session.get(verifier, headers=fields, timeout=DEADLINE).status_code in (401, 503)

                for verifier in world.verifiers:
                    wait_until(
                        "the verifier has the lists", lambda: all(is_refused(token, verifier) for token in old),
                        limit=AHEAD + TTL + READING)
        finally:
            world.is_over.set()
        for worker in workers:
            worker.result()
    assert not world.faults, world.faults[:5]
    assert sum(map(len, world.moments.values())) == REVOCATIONS
    assert world.accepted > 50 and world.refused > 50, (world.accepted, world.refused)
