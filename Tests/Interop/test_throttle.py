"""Who is throttled: clients that guess, and never a client that knows its secret."""

import base64
import hashlib
import itertools
import json
import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlencode

import pytest
import requests
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import ECKey

from service import DEADLINE, wait_until
from test_client_authentication import add_client, ask, claims

FIELD = {"WRIT_TRUSTED_PROXIES_FROM": "127.0.0.1", "WRIT_TRUSTED_PROXIES_FIELD": "x-forwarded-for"}
# So long that nothing drains while a test runs.
LASTING = {**FIELD, "WRIT_THROTTLE_WINDOW": "1h"}


def status(service, secret, address="192.0.2.1", client=None) -> int:
    """The status of one request for a token by client_secret_basic, that a proxy says came from the address."""
    return request(service, secret, address, client).status_code


def request(service, secret, address, client=None) -> requests.Response:
    service.secrets.add(secret)
    return requests.post(
        service.token_endpoint,
        data={"grant_type": "client_credentials"},
        auth=(client or service.client_id, secret),
        headers={"X-Forwarded-For": address},
        timeout=DEADLINE,
    )


def test_a_client_that_guesses_has_to_wait_and_no_other(own_service):
    own_service.start(**LASTING)
    wrong = "a-secret-that-is-guessed"
    assert {status(own_service, wrong) for _ in range(10)} == {401}
    refused = request(own_service, wrong, "192.0.2.1")
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert refused.json()["error"] == "temporarily_unavailable"
    assert "WWW-Authenticate" not in refused.headers
    # Another address of the same proxy, and another name.
    assert status(own_service, wrong, "192.0.2.2") == 401
    assert status(own_service, wrong, client="other") == 401


def test_a_client_that_does_not_exist_is_throttled_alike(own_service):
    own_service.start(**LASTING)
    for client in (own_service.client_id, "unknown"):
        assert [status(own_service, "a-secret-that-is-guessed", client=client) for _ in range(12)] == [401] * 10 + [429] * 2


@pytest.mark.parametrize(
    "neighbour, home",
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::bad", "2001:db8::1"),
        ("64:ff9b::198.51.100.66", "64:ff9b::192.0.2.1"),
    ],
    ids=["address", "network", "nat64"],
)
def test_a_right_secret_passes_whatever_its_neighbours_did(own_service, neighbour, home):
    """They guess at the client itself, and at any names."""
    own_service.start(**LASTING)
    guesses = [status(own_service, "a-secret-that-is-guessed", neighbour) for _ in range(15)]
    guesses += [status(own_service, "a-secret-that-is-guessed", neighbour, client=f"name-{number}") for number in range(110)]
    assert guesses[-1] == guesses[14] == 429
    assert [status(own_service, own_service.client_secret, home) for _ in range(5)] == [200] * 5
    # A neighbour behind a translator is another party, and one in the same network is not.
    assert status(own_service, "a-secret-that-is-guessed", home) == (401 if "64:ff9b" in home else 429)


def test_a_right_secret_passes_behind_a_proxy_that_is_not_named(own_service):
    own_service.start(
        WRIT_ISSUER="https://tokens.example.com", WRIT_TLS="terminated-upstream", WRIT_THROTTLE_WINDOW="1h"
    )
    guesses = [status(own_service, "a-secret-that-is-guessed", "192.0.2.66", client=f"name-{number}") for number in range(105)]
    assert guesses == [401] * 100 + [429] * 5
    assert [status(own_service, own_service.client_secret) for _ in range(5)] == [200] * 5


def test_without_trusted_proxies_the_header_says_nothing(own_service):
    own_service.start(WRIT_THROTTLE_WINDOW="1h")
    guesses = [status(own_service, "a-secret-that-is-guessed", f"192.0.2.{number}") for number in range(11)]
    assert guesses == [401] * 10 + [429]


def test_it_can_be_turned_off(own_service):
    own_service.start(WRIT_THROTTLE_FAILURES="off", WRIT_THROTTLE_ADDRESS_FAILURES="off")
    assert {own_service.request_token(client_secret="a-secret-that-is-guessed").status_code for _ in range(120)} == {401}


def test_the_right_secret_by_the_wrong_method_costs_the_address_nothing(own_service):
    """As libraries do that try Basic first and the body second, in 160 pods."""
    text = own_service.clients_file.read_text()
    method = "    token_endpoint_auth_method: client_secret_post\n"
    own_service.clients_file.write_text(text.replace("    client_secrets:", f"{method}    client_secrets:", 1))
    own_service.start(**LASTING)
    first = [status(own_service, own_service.client_secret) for _ in range(160)]
    assert set(first) <= {401, 429} and first[0] == 401
    assert status(own_service, "a-secret-that-is-guessed", client="other") == 401
    assert own_service.request_token().status_code == 200


# Keys of clients


@contextmanager
def key_server(answer):
    """Serves what `answer()` returns: a status and keys. Gives its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            code, keys = answer()
            body = json.dumps({"keys": [key.as_dict(private=False) for key in keys]}).encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/keys"
        server.shutdown()
        thread.join()


def assertion(service, key, client="job"):
    return joserfc_jwt.encode({"alg": "ES256", "kid": key.kid}, claims(service, client), key)


def test_a_key_server_that_is_down_is_no_failure_of_its_client(own_service):
    key = ECKey.generate_key("P-256", {"kid": "k1"})
    now = [503]
    with key_server(lambda: (now[0], [key])) as url:
        for number in range(12):
            add_client(own_service, "--jwks-uri", url, id=f"job-{number}")
        own_service.start(WRIT_THROTTLE_WINDOW="1h")
        clients = itertools.cycle(f"job-{number}" for number in range(12))
        answers = [ask(own_service, assertion(own_service, key, next(clients))) for _ in range(240)]
        assert {answer.status_code for answer in answers} == {503}
        assert {answer.json()["error"] for answer in answers} == {"temporarily_unavailable"}
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
        # Neither the clients nor their address have failed.
        assert own_service.request_token(client_secret="a-secret-that-is-guessed").status_code == 401
        now[0] = 200
        wait_until(
            "the keys are fetched", lambda: ask(own_service, assertion(own_service, key, "job-0")).status_code == 200
        )
        # A set that lacks the key is a failure as ever.
        other = ECKey.generate_key("P-256", {"kid": "k2"})
        found = [ask(own_service, assertion(own_service, other, "job-1")).status_code for _ in range(12)]
        assert found == [401] * 10 + [429] * 2
        # And the right key is accepted all the same.
        assert ask(own_service, assertion(own_service, key, "job-1")).status_code == 200


def test_an_assertion_with_a_key_in_memory_waits_for_no_other(own_service):
    """Assertions that name an unknown key wait for the set, and fill all the room that their client has."""
    key, unknown = (ECKey.generate_key("P-256", {"kid": kid}) for kid in ("k1", "k2"))
    fetches, may_go_on = [], threading.Event()

    def answer():
        fetches.append("one")
        if len(fetches) > 1:
            may_go_on.wait(DEADLINE)
        return 200, [key]

    with key_server(answer) as url, ThreadPoolExecutor(41) as pool:
        add_client(own_service, "--jwks-uri", url)
        own_service.start(WRIT_THROTTLE_WINDOW="1h")
        assert ask(own_service, assertion(own_service, key)).status_code == 200
        try:
            waiting = [pool.submit(ask, own_service, assertion(own_service, unknown)) for _ in range(41)]
            refused = wait_until("the room is full", lambda: next((each for each in waiting if each.done()), None))
            assert refused.result().status_code == 503
            assert ask(own_service, assertion(own_service, key)).status_code == 200
        finally:
            may_go_on.set()
        codes = sorted(each.result().status_code for each in waiting)
        assert codes == [401] * 10 + [429] * 30 + [503]
        assert ask(own_service, assertion(own_service, key)).status_code == 200


def test_a_set_of_keys_without_kid_is_fetched_again_only_if_none_made_the_signature(own_service):
    key, next_key = (ECKey.generate_key("P-256", {"kid": kid}) for kid in ("k1", "k2"))
    published, fetches = [key], []

    def answer():
        fetches.append("one")
        members = [each.as_dict(private=False) for each in published]
        return 200, [ECKey.import_key({name: member[name] for name in ("kty", "crv", "x", "y")}) for member in members]

    with key_server(answer) as url:
        add_client(own_service, "--jwks-uri", url)
        own_service.start(WRIT_THROTTLE_WINDOW="1h")
        found = [ask(own_service, assertion(own_service, key)).status_code for _ in range(5)]
        assert (found, len(fetches)) == ([200] * 5, 1)
        published[:] = [next_key]
        assert ask(own_service, assertion(own_service, next_key)).status_code == 200
        assert len(fetches) == 2


def test_a_key_server_that_nothing_listens_at(own_service):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    key = ECKey.generate_key("P-256", {"kid": "k1"})
    add_client(own_service, "--jwks-uri", f"http://127.0.0.1:{port}/keys")
    own_service.start()
    answer = ask(own_service, assertion(own_service, key))
    assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")
    # An assertion of a client that does not exist is refused as ever.
    assert ask(own_service, assertion(own_service, key, "unknown")).status_code == 401


# Secrets that people chose

SALT = b"saltsalt"


def add_chosen(service, secret="chosen-secret", iterations=1000, client="chosen"):
    """A client whose secret is stored as a password hash."""
    derived = hashlib.pbkdf2_hmac("sha256", secret.encode(), SALT, iterations, 32)
    parts = "$".join(base64.b64encode(part).decode().rstrip("=") for part in (SALT, derived))
    with service.clients_file.open("a") as file:
        file.write(
            f"  - client_id: {client}\n    client_secrets: [{{ hash: \"$pbkdf2-sha256$i={iterations}${parts}\" }}]\n"
            "    scope: a\n"
        )


def reload(service, number):
    """Has the service read its clients again, and waits until it has."""
    before = service.log.count('"Reloaded"')
    with service.clients_file.open("a") as file:
        file.write(f"# {number}\n")
    service.reload()
    wait_until("the clients are read again", lambda: service.log.count('"Reloaded"') > before)


def test_a_verified_secret_passes_over_the_limit_and_after_reloads(own_service):
    add_chosen(own_service)
    own_service.start(**LASTING)
    chosen = {"secret": "chosen-secret", "client": "chosen"}
    assert status(own_service, **chosen) == 200
    assert [status(own_service, "a-secret-that-is-guessed", client="chosen") for _ in range(12)] == [401] * 10 + [429] * 2
    for number in range(3):
        reload(own_service, number)
        assert status(own_service, **chosen) == 200
        # That has dropped the failures of the client, and not those of the address.
        assert [status(own_service, "a-secret-that-is-guessed", client="chosen") for _ in range(12)] == [401] * 10 + [429] * 2
    assert status(own_service, **chosen, address="198.51.100.1") == 200


def test_over_the_limit_no_password_hash_is_checked(own_service):
    add_chosen(own_service)
    own_service.start(**LASTING)
    assert [status(own_service, "a-secret-that-is-guessed", client="chosen") for _ in range(12)] == [401] * 10 + [429] * 2
    # Nothing has verified the secret yet, and from here nothing will.
    assert status(own_service, "chosen-secret", client="chosen") == 429
    # A client with a generated secret is not concerned, nor the client itself elsewhere.
    assert status(own_service, own_service.client_secret) == 200
    assert status(own_service, "chosen-secret", "198.51.100.1", client="chosen") == 200
    assert status(own_service, "chosen-secret", client="chosen") == 200


def test_a_site_of_many_addresses_does_not_guess_more(own_service):
    """An IPv6 site has 65,536 networks."""
    add_chosen(own_service)
    own_service.start(**LASTING, WRIT_THROTTLE_CLIENT_FAILURES="20")
    guesses = [status(own_service, "a-secret-that-is-guessed", f"2001:db8:1:{number:x}::1", client="chosen") for number in range(30)]
    assert guesses == [401] * 20 + [429] * 10
    # The client itself comes from elsewhere, and has a look.
    assert status(own_service, "chosen-secret", "198.51.100.1", client="chosen") == 200
    # Now it is verified, and right from everywhere.
    assert status(own_service, "chosen-secret", "2001:db8:1:2::1", client="chosen") == 200


def test_a_client_gets_its_turn_among_guesses_from_many_addresses(own_service):
    """First in first out it would be refused: more guesses wait than may. And its patience is not held against it."""
    add_chosen(own_service, iterations=400_000)
    own_service.start(**LASTING)
    host, _, port = own_service.issuer.removeprefix("http://").partition(":")
    guesses = max(1, os.cpu_count() // 2) * 33 + 7
    with ExitStack() as stack:
        connections = []
        for number in range(guesses):
            form = urlencode({"grant_type": "client_credentials", "client_id": f"name-{number}", "client_secret": "wrong"})
            connection = stack.enter_context(socket.create_connection((host, int(port)), timeout=10 * DEADLINE))
            connection.sendall(
                f"POST /oauth2/token HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 203.0.113.{number % 15}\r\n"
                f"Content-Length: {len(form)}\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n{form}".encode()
            )
            connections.append(connection)
        found = []
        while not found or found[-1] == 503:
            found.append(status(own_service, "chosen-secret", "198.51.100.1", client="chosen"))
        assert found[-1] == 200, found
        assert len(found) < 10
        answers = [int(connection.recv(65536).split()[1]) for connection in connections]
        assert set(answers) == {401, 503}
