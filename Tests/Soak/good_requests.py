"""What clients ask that do everything right, and what must come back."""

import base64
import json
import random
import time
from collections import deque
from urllib.parse import quote, urlencode

GET = b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n"
# Of a thousand requests of each kind; all others are for a token by client_credentials.
SHARES = {"refresh": 50, "introspection": 30, "JWKS": 10, "health": 10}
# One of so many tokens is looked at closely.
SAMPLE = 50
# For so long a family of refresh tokens goes on; another one begins then. In seconds.
FAMILY_LIFE = 60


class Question:
    """One request, and what is wrong with an answer that says 200: nothing, or a few words."""

    __slots__ = ("kind", "octets", "listener", "check")

    def __init__(self, kind, octets, check, listener="issuer"):
        self.kind, self.octets, self.check, self.listener = kind, octets, check, listener


def post(path, form, *fields) -> bytes:
    body = urlencode(form).encode()
    head = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/x-www-form-urlencoded", *fields]
    return "\r\n".join([*head, f"Content-Length: {len(body)}", "", ""]).encode() + body


def check_key_set(body):
    return None if json.loads(body)["keys"] else "no keys"


def basic(client) -> str:
    pair = f"{quote(client['id'])}:{quote(client['secret'])}"
    return f"Authorization: Basic {base64.b64encode(pair.encode()).decode()}"


class GoodRequests:
    """The same ones in the same order each time, but for what depends on answers.

    :param clients: some that get tokens (`plain`), one that refreshes (`refreshing`) and one that asks about tokens
        (`introspecting`), each with `id` and `secret`.
    """

    def __init__(self, clients, lifetime, seed):
        self.refreshing, self.introspecting = clients["refreshing"], clients["introspecting"]
        self.lifetime = lifetime
        chance = random.Random(seed)
        kinds = [kind for kind, share in SHARES.items() for _ in range(share)]
        self.kinds = kinds + ["token"] * (1000 - len(kinds))
        chance.shuffle(self.kinds)
        self.number = self.token_count = 0
        # Pairs of a refresh token and when its family began.
        self.families = deque()
        # Since the last look: pairs of a client and its token.
        self.samples = []
        self.recent_token = None
        self.tokens = [self.token_question(client, number) for number, client in enumerate(clients["plain"])]
        self.jwks = Question("JWKS", GET % b"/.well-known/jwks.json", check_key_set)
        self.health = Question("health", GET % b"/healthz", lambda body: None, "management")

    def next_token(self) -> Question:
        self.number += 1
        return self.tokens[self.number % len(self.tokens)]

    def next(self) -> Question:
        self.number += 1
        kind = self.kinds[self.number % len(self.kinds)]
        if kind == "refresh":
            return self.refresh_question()
        if kind == "introspection" and self.recent_token:
            return self.introspection_question(self.recent_token)
        if kind == "JWKS":
            return self.jwks
        if kind == "health":
            return self.health
        return self.tokens[self.number % len(self.tokens)]

    def token_question(self, client, number):
        """By turns with the two methods of a client that has a secret."""
        form = {"grant_type": "client_credentials"}
        if number % 2:
            octets = post("/oauth2/token", form, basic(client))
        else:
            octets = post("/oauth2/token", {**form, "client_id": client["id"], "client_secret": client["secret"]})
        return Question("token", octets, lambda body: self.check_token(client["id"], body)[0])

    def refresh_question(self):
        token, begin = self.families.popleft() if self.families else (None, time.monotonic())
        if token is None or time.monotonic() > begin + FAMILY_LIFE:
            kind, begin, form = "first token of a family", time.monotonic(), {"grant_type": "client_credentials"}
        else:
            kind, form = "refresh", {"grant_type": "refresh_token", "refresh_token": token}

        def check(body):
            wrong, answer = self.check_token(self.refreshing["id"], body)
            if wrong is None and not answer.get("refresh_token", "").startswith("writ_rt_"):
                wrong = "no refresh token"
            if wrong is None:
                self.families.append((answer["refresh_token"], begin))
            return wrong

        return Question(kind, post("/oauth2/token", form, basic(self.refreshing)), check)

    def introspection_question(self, sample):
        client, token = sample

        def check(body):
            answer = json.loads(body)
            is_right = answer.get("active") is True and answer.get("client_id") == client
            return None if is_right else "not known as active"

        return Question("introspection", post("/oauth2/introspect", {"token": token}, basic(self.introspecting)), check)

    def check_token(self, client, body):
        answer = json.loads(body)
        token = answer.get("access_token", "")
        if token.count(".") != 2 or answer.get("token_type") != "Bearer" or answer.get("expires_in") != self.lifetime:
            return "not a token", answer
        self.token_count += 1
        if self.token_count % SAMPLE == 0:
            self.recent_token = client, token
            self.samples.append(self.recent_token)
        return None, answer
