"""Revocation that offline verifiers see: status lists, read by Python's zlib and by joserfc, which know nothing of Writ."""

import json
import re
import time
import zlib
from base64 import urlsafe_b64decode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet

from service import DEADLINE, RESOURCE, SCOPE, wait_until
from test_token_reuse import metric
from tokens import claims

GRID = 300


@pytest.fixture
def listing(own_service):
    """The service with status lists, and tokens of more than one window."""
    return own_service.start(WRIT_ACCESS_TOKEN_STATUS_LIST="on")


@dataclass
class StatusList:
    """A Status List Token as any reader of JWTs and of zlib has it."""

    header: dict
    claims: dict
    octets: bytes

    @property
    def entries(self):
        return len(self.octets) * 8

    def __getitem__(self, index):
        return self.octets[index // 8] >> index % 8 & 1

    @property
    def revoked(self):
        return {8 * at + bit for at, octet in enumerate(self.octets) if octet for bit in range(8) if octet >> bit & 1}


def fetch(url, **fields):
    return requests.get(url, headers=fields, timeout=DEADLINE)


def read(answer, jwks_uri):
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/statuslist+jwt"
    keys = KeySet.import_key_set(requests.get(jwks_uri, timeout=DEADLINE).json())
    token = jwt.decode(answer.text, keys, algorithms=["RS256"])
    text = token.claims["status_list"]["lst"]
    assert token.claims["status_list"]["bits"] == 1 and "=" not in text
    return StatusList(token.header, token.claims, zlib.decompress(urlsafe_b64decode(text + "==")))


def place(token):
    """The list that a token names, and its entry there."""
    reference = claims(token)["status"]["status_list"]
    return reference["uri"], reference["idx"]


def is_revoked(service, token):
    uri, index = place(token)
    return read(fetch(uri), service.jwks_uri)[index] == 1


def is_active(service, token, introspector):
    answer = requests.post(f"{service.issuer}/oauth2/introspect", data={"token": token}, auth=introspector, timeout=DEADLINE)
    return answer.json()["active"]


def add(service, name, *options):
    added = service.writ("clients", "add", name, "--scope", SCOPE, "--resource", RESOURCE, "--json", *options)
    secret = json.loads(added.stdout)["client_secret"]
    if service.process:
        wait_until(f"{name} is there", lambda: service.request_token(name, secret).ok)
    return name, secret


def token_of(service, client):
    answer = service.request_token(*client)
    assert answer.status_code == 200, answer.text
    return answer.json()["access_token"]


def test_without_the_setting_no_token_names_a_list(own_service):
    assert "status" not in claims(own_service.start().access_token())


class TestTheList:
    def test_what_a_token_names(self, listing):
        token = listing.access_token()
        uri, index = place(token)
        second = int(uri.rpartition("/")[2])
        assert uri == f"{listing.issuer}/oauth2/status-lists/{second}"
        assert second % GRID == 0 and second <= claims(token)["iat"] < second + GRID
        assert 0 <= index < 2**20

    def test_what_it_says(self, listing):
        uri, index = place(listing.access_token())
        answer = fetch(uri)
        status_list = read(answer, listing.jwks_uri)
        assert status_list.header["typ"] == "statuslist+jwt"
        assert status_list.claims["sub"] == uri
        assert status_list.claims["ttl"] == 30
        assert status_list.claims["exp"] == status_list.claims["iat"] + 600
        assert status_list.entries == 2**20
        assert status_list[index] == 0 and not status_list.revoked
        assert len(answer.content) < 1000

    def test_it_is_a_document_for_everybody(self, listing):
        uri, _ = place(listing.access_token())
        answer = fetch(uri)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        public, _, age = answer.headers["Cache-Control"].partition(", max-age=")
        assert public == "public" and 1 <= int(age) <= 30
        again = fetch(uri, **{"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304 and not again.content
        head = requests.head(uri, timeout=DEADLINE)
        assert head.headers["Content-Length"] == str(len(answer.content))
        preflight = requests.options(uri, headers={"Origin": "https://page.example.com"}, timeout=DEADLINE)
        assert preflight.headers["Access-Control-Allow-Methods"] == "GET, HEAD"
        assert requests.post(uri, timeout=DEADLINE).status_code == 405

    def test_names_that_no_token_has(self, listing):
        lists = f"{listing.issuer}/oauth2/status-lists"
        now = int(time.time())
        names = ["", "x", "-300", "01", "1.5", now - 25 * 3600, now + 400, 2**63, "0"]
        for name in names:
            assert fetch(f"{lists}/{name}").status_code == 404, name
        for name in [now, now - 23 * 3600, now - now % GRID - GRID]:
            read(fetch(f"{lists}/{name}"), listing.jwks_uri)
        # Draft section 8.4: this service has no lists of another time.
        assert fetch(f"{lists}/{now}?time={now - 60}").status_code == 501

    def test_the_list_of_all_lists(self, listing):
        uri, _ = place(listing.access_token())
        metadata = fetch(f"{listing.issuer}/.well-known/oauth-authorization-server").json()
        document = fetch(metadata["status_list_aggregation_endpoint"])
        assert document.headers["Content-Type"] == "application/json"
        lists = document.json()["status_lists"]
        assert uri in lists and len(set(lists)) == len(lists) <= 300
        for url in [lists[0], lists[-1]]:
            read(fetch(url), listing.jwks_uri)

    def test_a_client_may_be_left_out(self, own_service):
        text = own_service.clients_file.read_text()
        own_service.clients_file.write_text(
            re.sub(r"( +- client_id: demo\n)", r"\1    access_token_status_list: false\n", text))
        service = own_service.start(WRIT_ACCESS_TOKEN_STATUS_LIST="on")
        assert "status" not in claims(service.access_token())

    def test_lists_stay_when_the_setting_goes(self, listing):
        token = listing.access_token()
        listing.stop()
        listing.start()
        assert "status" not in claims(listing.access_token())
        assert not is_revoked(listing, token)
        metadata = fetch(f"{listing.issuer}/.well-known/oauth-authorization-server").json()
        assert "status_list_aggregation_endpoint" not in metadata


class TestRevoking:
    def test_a_client_and_nobody_else(self, listing):
        client, other, reader = add(listing, "job"), add(listing, "other"), add(listing, "reader", "--introspect")
        old, others = token_of(listing, client), token_of(listing, other)
        listing.writ("clients", "revoke", "job", "--yes")
        wait_until("the list says so", lambda: is_revoked(listing, old))
        assert not is_active(listing, old, reader)
        assert not is_revoked(listing, others) and is_active(listing, others, reader)
        new = wait_until("a token is good", lambda: (t := token_of(listing, client)) and not is_revoked(listing, t) and t)
        assert is_active(listing, new, reader)
        # The list of the other client's token has one bit.
        assert read(fetch(place(others)[0]), listing.jwks_uri).revoked == {place(old)[1]}

    def test_everybody(self, listing):
        client = add(listing, "job")
        tokens = [listing.access_token(), token_of(listing, client)]
        listing.writ("clients", "revoke", "--all", "--yes")
        wait_until("the lists say so", lambda: all(is_revoked(listing, token) for token in tokens))
        wait_until("a token is good", lambda: not is_revoked(listing, token_of(listing, client)))

    def test_a_moment_ahead_waits_and_brings_nothing_back(self, listing):
        client, reader = add(listing, "job"), add(listing, "reader", "--introspect")
        oldest = token_of(listing, client)
        listing.writ("clients", "revoke", "job", "--yes")
        wait_until("the list says so", lambda: is_revoked(listing, oldest))
        old = wait_until("a token is good", lambda: (t := token_of(listing, client)) and not is_revoked(listing, t) and t)
        before = time.time()
        listing.writ("clients", "revoke", "job", "--in", "6s", "--yes")
        text = listing.clients_file.read_text()
        assert re.search(r"access_tokens_not_before: \[[^,\]]+, [^,\]]+\]\n", text)
        revoked_at = None
        while revoked_at is None:
            # The time is taken before the answer, so that it is not later than what the answer is of.
            now = time.time()
            assert is_revoked(listing, oldest) and not is_active(listing, oldest, reader)
            if is_revoked(listing, old):
                revoked_at = time.time()
            assert now < before + DEADLINE
        assert revoked_at >= before + 5
        assert not is_active(listing, old, reader)

    def test_an_answer_is_good_until_the_next_moment_at_most(self, listing):
        client = add(listing, "job")
        uri, _ = place(token_of(listing, client))
        listing.writ("clients", "revoke", "job", "--in", "15s", "--yes")

        def age():
            return int(fetch(uri).headers["Cache-Control"].rpartition("=")[2])

        wait_until("the service knows the moment", lambda: age() <= 15)

    def test_a_client_that_is_removed(self, listing):
        client, reader = add(listing, "job"), add(listing, "reader", "--introspect")
        token = token_of(listing, client)
        listing.writ("clients", "remove", "job", "--yes")
        wait_until("the list says so", lambda: is_revoked(listing, token))
        assert not is_active(listing, token, reader)
        index = place(token)[1]
        assert re.search(r"^removed: ", listing.clients_file.read_text(), re.MULTILINE)
        # Who comes again has the same place, and its old tokens stay revoked.
        client = add(listing, "job")
        new = wait_until("a token is good", lambda: (t := token_of(listing, client)) and not is_revoked(listing, t) and t)
        assert place(new)[1] == index and is_revoked(listing, token)

    def test_an_entry_that_is_deleted_by_hand(self, listing):
        client, reader = add(listing, "job"), add(listing, "reader", "--introspect")
        token = token_of(listing, client)
        text = listing.clients_file.read_text()
        listing.clients_file.write_text(re.sub(r"\n  - client_id: job\n(    .*\n)*", "\n", text))
        wait_until("introspection says so", lambda: not is_active(listing, token, reader))
        assert not is_revoked(listing, token)

    def test_reuse_ends_with_the_moment(self, own_service):
        service = own_service.start(WRIT_ACCESS_TOKEN_STATUS_LIST="on", WRIT_ACCESS_TOKEN_REUSE="5m")
        token = service.access_token()
        service.writ("clients", "revoke", service.client_id, "--in", "3s", "--yes")
        wait_until("the list says so", lambda: is_revoked(service, token))
        new = service.access_token()
        assert new != token and not is_revoked(service, new)

    def test_without_lists_introspection_knows(self, own_service):
        service = own_service.start()
        reader = add(service, "reader", "--introspect")
        token = service.access_token()
        result = service.writ("clients", "revoke", service.client_id, "--yes")
        assert "status_list" in result.stderr + result.stdout
        wait_until("introspection says so", lambda: not is_active(service, token, reader))
        wait_until("a token is good", lambda: is_active(service, service.access_token(), reader))


class TestStrangers:
    def test_a_stampede_costs_one_signature(self, listing):
        uri, _ = place(listing.access_token())
        before = metric(listing, "writ_status_lists_signed_total")
        with ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(lambda _: fetch(uri), range(200)))
        assert {answer.status_code for answer in answers} == {200}
        # At most two: the first one may have become old in the meantime.
        assert metric(listing, "writ_status_lists_signed_total") - before <= 2

    def test_who_asks_for_every_name_gets_few_signatures(self, listing):
        uri, _ = place(listing.access_token())
        now = int(time.time())
        lists = f"{listing.issuer}/oauth2/status-lists"
        # None of the grid.
        names = [second for second in range(now - 4000, now - 1000) if second % GRID]
        before = metric(listing, "writ_status_lists_signed_total")
        start = int(time.time())
        with ThreadPoolExecutor(20) as pool:
            statuses = list(pool.map(lambda name: fetch(f"{lists}/{name}").status_code, names))
        signed = metric(listing, "writ_status_lists_signed_total") - before
        assert set(statuses) <= {200, 503}
        # 200, 20 more whenever a second of the clock begins, and a few of other names.
        assert statuses.count(200) <= signed <= 210 + 20 * (int(time.time()) - start)
        assert statuses.count(503) > 0
        # Those that tokens name are there all the same.
        assert not is_revoked(listing, listing.access_token())
        assert fetch(uri).status_code == 200
