"""Keys follow the clock: on with it, and back."""

import json
import time
from datetime import datetime, timezone

import pytest

from faults import Clock, clock_library, complaints, events, metric, serves
from service import wait_until
from test_faults_clocks import DAY, HOUR, published
from test_rotation import signing_key


def key_name(start):
    return datetime.fromtimestamp(start, timezone.utc).strftime("%Y%m%dT%H%M%SZ-rs256.pem")


@pytest.fixture
def clock(clock_library, tmp_path):
    """Half a second is a tenth here."""
    return Clock(tmp_path, clock_library, speed=5)


def test_the_schedule_goes_on_and_back(own_service, clock):
    """Nothing is taken out that is still needed when the clock is right again."""
    old = json.loads(own_service.writ("keys", "list", "--json").stdout)[0]["kid"]
    new = json.loads(own_service.writ("keys", "rotate", "--in", "1h", "--json").stdout)["kid"]
    own_service.start(**clock.environment)
    assert signing_key(own_service) == old
    token = own_service.access_token()
    for _ in range(2):
        clock.set(DAY)
        assert signing_key(own_service) == new
        wait_until("the old one has ended", lambda: set(published(own_service)) == {new})
        clock.set(0)
        wait_until("it is back", lambda: signing_key(own_service) == old and set(published(own_service)) == {old, new})
        own_service.writ(
            *("token", "verify", "--issuer", own_service.issuer, "--audience", "https://api.example.com"),
            *("--jwks", own_service.jwks_uri),
            input=token,
        )
    clock.set(-HOUR)
    assert signing_key(own_service) == old
    assert complaints(own_service) == []


def test_a_key_that_has_begun_goes_on_an_hour_back(own_service, clock):
    """Where no key's time has come any more the one that signed goes on, and the service says what is wrong."""
    [path] = own_service.folder.glob("keys/*.pem")
    path.rename(path.with_name(key_name(time.time() - 60)))
    own_service.start(**clock.environment)
    key_set = published(own_service)
    clock.set(-HOUR)
    wait_until("it is told", lambda: metric(own_service, "writ_last_reload_successful") == 0)
    wait_until("it is logged", lambda: complaints(own_service))
    assert len(complaints(own_service)) == 1
    assert published(own_service) == key_set
    assert signing_key(own_service) in key_set
    assert serves(own_service)
    clock.set(0)
    wait_until("all is well", lambda: metric(own_service, "writ_last_reload_successful") == 1)
    assert published(own_service) == key_set


class TestRotationByItself:
    """A minute is two seconds here."""

    @pytest.fixture
    def clock(self, clock_library, tmp_path):
        return Clock(tmp_path, clock_library, speed=30)

    def start(self, service, clock):
        service.start(WRIT_KEYS_ROTATION_EVERY="12h", WRIT_KEYS_ROTATION_ANNOUNCE="1h", **clock.environment)

    def rotated(self, service):
        return [event for event in events(service) if event["message"] == "Rotated"]

    def test_a_key_made_too_early_stands_in_nobodys_way(self, own_service, clock):
        self.start(own_service, clock)
        old = signing_key(own_service)
        before = {path: path.read_bytes() for path in own_service.folder.glob("keys/*.*")}
        clock.set(DAY)
        wait_until("the next keys are made", lambda: len(self.rotated(own_service)) == 2)
        clock.set(0)
        wait_until("it says what they mean", lambda: any("begins later than" in text for text in complaints(own_service)))
        assert signing_key(own_service) == old
        assert all(path.read_bytes() == octets for path, octets in before.items())
        assert all("begins later than" in text for text in complaints(own_service))

    def test_no_key_is_removed_that_is_needed_when_the_clock_is_right(self, own_service, clock):
        """A successor is announced, for half an hour from now; then the clock is a day on for a moment."""
        next_key = json.loads(own_service.writ("keys", "rotate", "--in", "30m", "--json").stdout)["kid"]
        self.start(own_service, clock)
        old = signing_key(own_service)
        files = set(own_service.folder.glob("keys/*.*"))
        clock.set(DAY)
        wait_until("the next keys are made", lambda: len(self.rotated(own_service)) >= 1)
        clock.set(0)
        assert files <= set(own_service.folder.glob("keys/*.*"))
        wait_until("all is well", lambda: signing_key(own_service) == old and old in published(own_service))
        assert next_key in published(own_service)
        own_service.stop()
        own_service.start()
        assert signing_key(own_service) == old
