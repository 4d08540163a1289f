"""A clock that is set while the service runs: an hour back, a day on, and right again."""

import json
import time

import jwt
import pytest
import requests

from faults import Clock, clock_library, complaints, events, metric
from service import DEADLINE, RESOURCE, wait_until
from test_client_authentication import KEYS, add_client, ask, write_key_set
from test_client_authentication import claims as assertion_claims
from test_metrics import introspect
from tokens import claims

HOUR, DAY = 3600, 86400
STEPS = {"an hour back": -HOUR, "a day on": DAY}
# How far two looks at the clock in this test may be apart, on a machine that stands still now and then.
NEAR = 60


@pytest.fixture
def clock(clock_library, tmp_path):
    return Clock(tmp_path, clock_library)


@pytest.fixture
def running(own_service, clock):
    return own_service.start(**clock.environment)


def published(service):
    return {key["kid"]: key for key in requests.get(service.jwks_uri, timeout=DEADLINE).json()["keys"]}


def kid(token):
    return jwt.get_unverified_header(token)["kid"]


def verify(service, token, now):
    """As a resource server whose clock says so."""
    key = published(service)[kid(token)]
    options = {"verify_exp": False, "verify_iat": False}
    decoded = jwt.decode(token, jwt.PyJWK(key), ["RS256"], audience=RESOURCE, options=options)
    return decoded["iat"] <= now < decoded["exp"]


def is_told(service, text):
    return any(event.get("reason") == text for event in events(service))


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
class TestTokens:
    def test_times_are_those_of_the_clock(self, running, clock, step):
        old = running.access_token()
        for offset in (step, 0):
            clock.set(offset)
            issued = claims(running.access_token())
            assert abs(issued["iat"] - time.time() - offset) < NEAR
            assert issued["exp"] - issued["iat"] == 900
            assert verify(running, running.access_token(), time.time() + offset + 1)
            if offset < 0:
                wait_until("it is told", lambda: is_told(running, "the clock was set back"))
        assert verify(running, old, time.time())
        assert complaints(running) == []

    def test_a_token_that_may_be_given_again_is_as_good_as_a_new_one(self, own_service, clock, step):
        own_service.start(WRIT_ACCESS_TOKEN_REUSE="5m", **clock.environment)
        assert own_service.access_token() == own_service.access_token()
        for offset in (step, 0):
            clock.set(offset)
            answers = [own_service.request_token().json() for _ in range(2)]
            assert answers[0]["access_token"] == answers[1]["access_token"]
            issued = claims(answers[0]["access_token"])
            assert abs(issued["iat"] - time.time() - offset) < NEAR
            assert issued["exp"] - time.time() - offset > 900 - NEAR
            assert 900 - NEAR < answers[1]["expires_in"] <= 900

    def test_a_refresh_token_is_good_when_the_clock_is_right_again(self, own_service, clock, step):
        added = json.loads(own_service.writ("clients", "add", "nightly", "--grant-type", "refresh_token", "--json").stdout)
        credentials = added["client_id"], added["client_secret"]
        own_service.start(**clock.environment)

        def refresh(token):
            return own_service.request_token(*credentials, grant_type="refresh_token", refresh_token=token)

        first = own_service.request_token(*credentials).json()["refresh_token"]
        clock.set(step)
        # What comes from the future is void for as long as it does.
        assert refresh(first).status_code == (400 if step < 0 else 200)
        during = own_service.request_token(*credentials).json()["refresh_token"]
        assert refresh(during).status_code == 200
        clock.set(0)
        assert refresh(first).status_code == 200
        assert refresh(during).status_code == (200 if step < 0 else 400)
        assert own_service.request_token(*credentials).status_code == 200

    def test_introspection_goes_by_the_clock(self, own_service, clock, step):
        added = json.loads(own_service.writ("clients", "add", "api", "--introspect", "--json").stdout)
        own_service.start(**clock.environment)
        inspector = added["client_id"], added["client_secret"]
        token = own_service.access_token()
        for offset, is_active in [(0, True), (step, step < 0), (0, True)]:
            clock.set(offset)
            assert introspect(own_service, inspector, token).json()["active"] is is_active


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
class TestClients:
    def test_nobody_is_kept_waiting_for_failures_of_another_time(self, running, clock, step):
        def wrong():
            return running.request_token(client_secret="wrong").status_code

        while wrong() == 401:
            pass
        assert wrong() == 429
        for offset in (step, 0):
            clock.set(offset)
            assert wrong() == 401
            # Drops what was counted since.
            assert running.request_token().status_code == 200
            assert [wrong() for _ in range(11)][-2:] == [401, 429]

    def test_an_assertion_is_good_for_one_use(self, own_service, clock, step):
        key = KEYS["ES256"]()
        add_client(own_service, "--jwks", write_key_set(own_service, key))
        own_service.start(**clock.environment)

        def assertion(offset):
            now = int(time.time() + offset)
            content = assertion_claims(own_service, iat=now, exp=now + 300)
            return jwt.encode(content, key.as_pem(private=True), "ES256", {"kid": "k1"})

        used = assertion(0)
        assert ask(own_service, used).status_code == 200
        for offset in (step, 0):
            clock.set(offset)
            # Time and again, each of those that are good by its clock makes it look at what it remembers.
            for _ in range(3):
                assert ask(own_service, fresh := assertion(offset)).status_code == 200
                assert ask(own_service, fresh).status_code == 401
                assert ask(own_service, used).status_code == 401
