"""An assertion is good for one use, also if the service ends in between: RFC 7523 section 3."""

import time

import jwt
import pytest

from service import DEADLINE, wait_until
from test_client_authentication import KEYS, add_client, ask, claims, write_key_set


@pytest.fixture
def key(own_service):
    key = KEYS["ES256"]()
    add_client(own_service, "--jwks", write_key_set(own_service, key))
    return key


def assertion(service, key, **changes):
    return jwt.encode(claims(service, **changes), key.as_pem(private=True), "ES256", {"kid": "k1"})


def statuses(service, text):
    return [ask(service, text).status_code for _ in range(2)]


def kill(service):
    service.process.kill()
    service.process.wait(timeout=DEADLINE)
    service.process = None


@pytest.mark.parametrize("lifetime", [60, 300])
def test_what_was_used_before_the_service_was_killed_is_refused(own_service, key, lifetime):
    own_service.start()
    now = int(time.time())
    used = [
        assertion(own_service, key, exp=now + lifetime),
        assertion(own_service, key, exp=now + 330, iat=None),
    ]
    assert [statuses(own_service, text) for text in used] == [[200, 401]] * 2
    for _ in range(3):
        kill(own_service)
        own_service.start()
        assert [statuses(own_service, text) for text in used] == [[401, 401]] * 2
        # What the client makes now is accepted at once.
        assert statuses(own_service, assertion(own_service, key, exp=int(time.time()) + lifetime)) == [200, 401]


def test_what_was_made_before_the_start_is_refused(own_service, key):
    early = assertion(own_service, key)
    own_service.start()
    assert statuses(own_service, early) == [401, 401]
    assert statuses(own_service, assertion(own_service, key, iat=None)) == [401, 401]
    assert statuses(own_service, assertion(own_service, key, iat=None, nbf=int(time.time()))) == [401, 401]


def test_what_expires_too_late_to_have_been_used_before_is_accepted(own_service, key):
    own_service.start()
    started = int(time.time())

    def is_accepted():
        """Five and a half minutes from now, which is the longest that there may be, is after the same from the start."""
        return ask(own_service, assertion(own_service, key, iat=None, exp=int(time.time()) + 330)).status_code == 200

    wait_until("a second has passed", is_accepted)
    assert time.time() - started < DEADLINE


def test_without_clients_that_sign_the_start_waits_for_nothing(own_service):
    own_service.start()
    assert own_service.request_token().status_code == 200
    # A client that is added later is not in doubt.
    key = KEYS["ES256"]()
    add_client(own_service, "--jwks", write_key_set(own_service, key))
    own_service.reload()
    wait_until("the client is known", lambda: ask(own_service, assertion(own_service, key)).status_code == 200)
