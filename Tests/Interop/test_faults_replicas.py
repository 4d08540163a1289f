"""Replicas on one folder whose clocks are two minutes off. That is more than the minute that there is room for."""

import json
import time
from contextlib import contextmanager
from types import SimpleNamespace

import jwt
import pytest
import requests

from faults import Clock, clock_library, complaints
from service import DEADLINE, RESOURCE, wait_until
from test_client_authentication import KEYS, add_client, ask, write_key_set
from test_client_authentication import claims as assertion_claims
from test_faults_clocks import published

OFF = 120
OFFSETS = {"ahead": OFF, "behind": -OFF}


@pytest.fixture
def clocks(clock_library, tmp_path):
    """The clock of the service, and that of the replica."""
    return {offset: Clock(tmp_path, clock_library, offset) for offset in (0, *OFFSETS.values())}


@contextmanager
def replica(service, clock):
    """Another service on the folder, with another clock; it can be asked like the first one."""
    own, service.environment = service.environment, {**service.environment, **clock.environment}
    with service.replica() as address:
        service.environment = own
        yield SimpleNamespace(
            issuer=service.issuer, jwks_uri=f"{address}/.well-known/jwks.json", token_endpoint=f"{address}/oauth2/token"
        )


def token(service, peer, client=None, **form):
    client_id, client_secret = client or (service.client_id, service.client_secret)
    data = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret, **form}
    return requests.post(peer.token_endpoint, data=data, timeout=DEADLINE)


def verify(compact, peer, leeway):
    key = published(peer)[jwt.get_unverified_header(compact)["kid"]]
    return jwt.decode(compact, jwt.PyJWK(key), ["RS256"], audience=RESOURCE, issuer=peer.issuer, leeway=leeway)


@pytest.mark.parametrize("offset", OFFSETS.values(), ids=OFFSETS)
class TestTwoMinutes:
    def test_tokens_of_both_verify_at_both(self, own_service, clocks, offset):
        own_service.start(**clocks[0].environment)
        with replica(own_service, clocks[offset]) as other:
            compact = token(own_service, other).json()["access_token"]
            for peer in (own_service, other):
                assert verify(own_service.access_token(), peer, leeway=0)
                assert verify(compact, peer, leeway=OFF + 30)
            if offset > 0:
                # Those who allow for nothing refuse what is from the future.
                with pytest.raises(jwt.ImmatureSignatureError):
                    verify(compact, own_service, leeway=0)

    def test_they_change_keys_apart_and_every_token_verifies(self, own_service, clocks, offset):
        """Both clocks are set to moments around the one at which the next key begins."""
        made = json.loads(own_service.writ("keys", "rotate", "--in", "1h", "--json").stdout)
        own_service.start(**clocks[0].environment)
        with replica(own_service, clocks[offset]) as other:
            for moment in (-180, -60, 60, 180):
                for own in (0, offset):
                    clocks[own].set(3600 + moment + own)
                for peer in (own_service, other):
                    own = 0 if peer is own_service else offset
                    compact = token(own_service, peer).json()["access_token"]
                    is_new = jwt.get_unverified_header(compact)["kid"] == made["kid"]
                    assert is_new == (moment + own > 0)
                    for verifier in (own_service, other):
                        assert len(published(verifier)) == 2
                        verify(compact, verifier, leeway=2 * 3600)
        assert complaints(own_service) == []

    def test_a_key_that_appears_is_published_by_both_before_either_signs(self, own_service, clocks, offset):
        own_service.start(**clocks[0].environment)
        with replica(own_service, clocks[offset]) as other:
            made = json.loads(own_service.writ("keys", "rotate", "--json").stdout)["kid"]
            for peer in (own_service, other):
                wait_until("it is published", lambda peer=peer: made in published(peer))
            # Five minutes later some cache may still lack it, by the clock of whoever found it last.
            for own in (0, offset):
                clocks[own].set(own + 290)
            for peer in (own_service, other):
                assert jwt.get_unverified_header(token(own_service, peer).json()["access_token"])["kid"] != made

    def test_assertions(self, own_service, clocks, offset):
        key = KEYS["ES256"]()
        add_client(own_service, "--jwks", write_key_set(own_service, key))
        own_service.start(**clocks[0].environment)

        def assertion(later=0, **times):
            now = int(time.time()) + later
            content = assertion_claims(own_service, iat=None, exp=now + 180)
            content.update({name: now + value for name, value in times.items()})
            return jwt.encode(content, key.as_pem(private=True), "ES256", {"kid": "k1"})

        with replica(own_service, clocks[offset]) as other:
            # One that does not say when it was made may have been used before the start.
            assert [ask(peer, assertion()).status_code for peer in (own_service, other)] == [401, 401]
            # Six minutes after the start it was not, and lasts for three minutes: it is accepted once by each.
            for own in (0, offset):
                clocks[own].set(own + 360)
            patient = assertion(later=360)
            for peer in (own_service, other):
                assert [ask(peer, patient).status_code for _ in range(2)] == [200, 401]
            for own in (0, offset):
                clocks[own].set(own)
            # As libraries make them: from now on, for a minute.
            usual = assertion(iat=0, exp=60)
            assert ask(own_service, usual).status_code == 200
            assert ask(other, usual).status_code == 401

    def test_refresh_tokens(self, own_service, clocks, offset):
        added = json.loads(own_service.writ("clients", "add", "nightly", "--grant-type", "refresh_token", "--json").stdout)
        client = added["client_id"], added["client_secret"]
        own_service.start(**clocks[0].environment)
        with replica(own_service, clocks[offset]) as other:

            def refresh(compact, peer):
                return token(own_service, peer, client, grant_type="refresh_token", refresh_token=compact).status_code

            for issuer, verifier, difference in [(own_service, other, offset), (other, own_service, -offset)]:
                compact = token(own_service, issuer, client).json()["refresh_token"]
                assert refresh(compact, issuer) == 200
                # What is more than a minute from the future is void, and good when that has passed.
                assert refresh(compact, verifier) == (200 if difference > 0 else 400)
