"""Places of keys that fail while clients ask for tokens: what clients get, what operators see, and what the service does meanwhile
and afterwards."""

import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import jwt
import pytest
import requests

from authority import Authority, replace
from faults import events, metric, open_files
from key_places import (
    Load,
    Vault,
    add_client,
    counted,
    each,
    launch,
    needs_p11_kit,
    needs_softhsm,
    served,
    signatures,
    softhsm,
    stand_in,
    use,
    use_place,
)
from service import DEADLINE, Service, assert_clear_error, wait_until
from test_introspection import JWT_ANSWER
from test_rotation import published, signing_key
from test_status_lists import fetch, place as list_of
from vault_stand_in import vault as running_vault

# How much longer a slow place takes than a request waits.
WAIT = 0.4


class Scene:
    """A running service with a key in a place, and clients."""

    def __init__(self, service, place, kid):
        self.service, self.place, self.kid = service, place, kid
        self.clients = [add_client(service, f"client-{number}") for number in range(3)]
        self.inspector = introspector(service)

    def lines(self, level):
        """What the log says of places."""
        texts = [event["message"] for event in events(self.service, level)]
        return [text for text in texts if text.startswith(("No signature from", "Signatures come again from"))]

    def check_what_needs_no_signature(self, token):
        """The key set, the metadata, introspection and the checks of probes."""
        service = self.service
        for url in (
            service.jwks_uri,
            f"{service.issuer}/.well-known/oauth-authorization-server",
            f"{service.management}/healthz",
            f"{service.management}/readyz",
            f"{service.management}/metrics",
        ):
            assert requests.get(url, timeout=DEADLINE).status_code == 200, url
        answer = self.introspect(token)
        assert answer.status_code == 200 and answer.json()["active"] is True

    def introspect(self, token, **fields):
        url = f"{self.service.issuer}/oauth2/introspect"
        return requests.post(url, data={"token": token}, auth=self.inspector, headers=fields, timeout=DEADLINE)


def introspector(service):
    added = service.writ("clients", "add", "api", "--introspect", "--json")
    answer = json.loads(added.stdout)
    service.secrets.add(answer["client_secret"])
    return answer["client_id"], answer["client_secret"]


def scene(folder, maker, stack, **settings):
    for name in ("place", "service"):
        (folder / name).mkdir(mode=0o700)
    place = stack.enter_context(maker(folder / "place"))
    service = stack.enter_context(Service(folder / "service"))
    kid = use(service, place)
    scene = Scene(service, place, kid)
    launch(service, **{"WRIT_REMOTE_KEYS_WAIT": f"{int(WAIT * 1000)}ms", **settings})
    return scene


@pytest.fixture(scope="module")
def at_vault(tmp_path_factory):
    with ExitStack() as stack:
        yield scene(tmp_path_factory.mktemp("vault"), stand_in, stack)


@pytest.fixture(scope="module", params=[pytest.param(served, marks=needs_p11_kit)])
def at_token(request, tmp_path_factory):
    with ExitStack() as stack:
        yield scene(tmp_path_factory.mktemp("token"), request.param, stack)


def check_outage(scene, begin, end, result, words):
    """The place fails under load, and comes back."""
    service = scene.service
    token = service.access_token()
    before = counted(service), signatures(service).get(result, 0), len(scene.lines("error")), len(scene.lines("info"))
    key_set = published(service)
    with Load(service, scene.clients) as load:
        load.wait_until("all have tokens", lambda answer: answer.status == 200)
        begin()
        load.wait_until("all are refused", lambda answer: answer.status == 503)
        scene.check_what_needs_no_signature(token)
        assert published(service) == key_set
        load.wait_until("all are refused again", lambda answer: answer.status == 503, len(load.answers))
        end()
        ended = time.monotonic()
        load.wait_until("all have tokens again", lambda answer: answer.status == 200, len(load.answers))
        print(f"back after {time.monotonic() - ended:.2f} s")
        since = len(load.answers)
        load.wait_until("it stays so", lambda answer: answer.status == 200, since)
        assert {answer.status for answer in load.answers[since:]} == {200}
    assert {answer.status for answer in load.answers} == {200, 503}
    for answer in load.answers:
        if answer.status == 200:
            assert (answer.kid, answer.fault) == (scene.kid, None)
        else:
            assert answer.error == "temporarily_unavailable" and 1 <= int(answer.retry_after) <= 4
    refused = sum(answer.status == 503 for answer in load.answers)
    assert counted(service) - before[0] == refused
    assert signatures(service)[result] > before[1]
    # A line for each reason of the outage, and one for the end of it. What came before it may be answered after it has begun.
    wait_until("its end is told", lambda: len(scene.lines("info")) > before[3])
    complaints = scene.lines("error")[before[2] :]
    assert 1 <= len(set(complaints)) <= 4, complaints
    assert len(complaints) <= 4 + len(scene.clients), complaints
    assert any(words in complaint for complaint in complaints), complaints
    assert set(scene.lines("info")) == {f"Signatures come again from {scene.place.origin}"}
    assert metric(service, "writ_remote_signatures_in_flight", place=scene.place.kind) in (0, None)
    refusals = [event for event in events(service) if event.get("cause") == "signing_key_unavailable"]
    assert refusals


class TestVault:
    @pytest.mark.parametrize(
        "behaviour, result, words",
        [
            ({"behaviour": "hang"}, "timed_out", "no answer"),
            ({"behaviour": "late", "seconds": 2 * WAIT}, "timed_out", "no answer"),
            ({"behaviour": "sealed", "on": "any"}, "unavailable", "sealed"),
            ({"behaviour": "standby"}, "unavailable", "standby"),
            ({"behaviour": "redirect"}, "unavailable", "redirects"),
            ({"behaviour": "denied"}, "denied", "denies"),
            ({"behaviour": "garbage"}, "unavailable", "in another way"),
            ({"behaviour": "too-large"}, "unavailable", "Vault at"),
            ({"behaviour": "half"}, "unavailable", "Vault at"),
            ({"behaviour": "close"}, "unavailable", "Vault at"),
            ({"behaviour": "status", "status": 500, "text": "internal"}, "unavailable", "internal"),
            ({"behaviour": "wrong-key"}, "wrong_key", "does not verify"),
            ({"behaviour": "wrong-version"}, "unavailable", "no signature of version 1"),
        ],
        ids=lambda value: value["behaviour"] if isinstance(value, dict) else "",
    )
    def test_it_answers_badly(self, at_vault, behaviour, result, words):
        server = at_vault.place.server
        check_outage(at_vault, lambda: server.behave(**behaviour), server.behave_well, result, words)

    def test_it_is_stopped(self, at_vault):
        check_outage(at_vault, at_vault.place.stop, at_vault.place.start, "unavailable", "gives no answer")

    def test_its_token_is_revoked_and_an_agent_writes_another(self, at_vault):
        place = at_vault.place

        def renew():
            place.server.add_token("s.another-one-of-the-agent")
            replace(place.secret_file, b"s.another-one-of-the-agent\n")

        at_vault.service.secrets.add("s.another-one-of-the-agent")
        check_outage(at_vault, place.server.revoke_tokens, renew, "denied", "denies")

    def test_the_file_with_its_token_is_gone_for_a_while(self, at_vault):
        file = at_vault.place.secret_file
        text = file.read_bytes()
        check_outage(at_vault, file.unlink, lambda: replace(file, text), "denied", "the token of Vault cannot be read")

    def test_its_key_is_another_one_for_a_while(self, at_vault):
        """No token has a signature of the other key."""
        place, keys = at_vault.place, at_vault.place.server.mounts["transit"]
        own = keys["writ"]

        def put_back():
            keys["writ"] = own

        check_outage(at_vault, lambda: place.server.make_key("writ", "ecdsa-p256"), put_back, "wrong_key", "does not verify")

    def test_an_answer_that_comes_twice_harms_nothing(self, at_vault):
        service, server = at_vault.service, at_vault.place.server
        server.behave("twice")
        with Load(service, at_vault.clients) as load:
            load.wait_until("all have tokens", lambda answer: answer.status == 200)
            server.behave_well()
            load.wait_until("all have tokens", lambda answer: answer.status == 200, len(load.answers))
        assert all((answer.kid, answer.fault) == (at_vault.kid, None) for answer in load.answers if answer.status == 200)


class TestToken:
    def test_its_server_is_killed(self, at_token):
        check_outage(at_token, at_token.place.stop, at_token.place.start, "unavailable", "the token answered")

    def test_it_is_killed_again(self, at_token):
        check_outage(at_token, at_token.place.stop, at_token.place.start, "unavailable", "the token answered")

    def test_its_server_stands_still(self, at_token):
        place = at_token.place
        begin, end = (lambda number=number: place.signal(number) for number in (signal.SIGSTOP, signal.SIGCONT))
        check_outage(at_token, begin, end, "timed_out", "no answer")

    def test_it_is_killed_while_it_stands_still(self, at_token):
        place = at_token.place

        def restart():
            place.stop()
            place.start()

        check_outage(at_token, lambda: place.signal(signal.SIGSTOP), restart, "timed_out", "no answer")

    def test_outages_leave_no_threads_and_descriptors(self, at_token):
        place = at_token.place
        counts = []
        for _ in range(4):
            place.stop()
            wait_until("no token is issued", lambda: at_token.service.request_token().status_code == 503)
            place.start()
            wait_until("a token is issued", lambda: at_token.service.request_token().status_code == 200)
            counts.append((open_files(at_token.service), threads(at_token.service)))
        # Requests one after the other need one session.
        assert counts[-1][0] <= counts[0][0] + 2 and counts[-1][1] <= counts[0][1] + 2, counts


def threads(service):
    return len(os.listdir(f"/proc/{service.process.pid}/task"))


class TestStart:
    """`outage` is what `place` does until `recovery`."""

    @pytest.fixture(params=each(served, stand_in))
    def place(self, request, tmp_path):
        with request.param(tmp_path) as place:
            yield place

    def test_without_its_place_the_service_does_not_start(self, own_service, place):
        use(own_service, place)
        place.stop()
        began = own_service.writ("serve", status=1)
        assert "es256.key-uri: the key cannot sign now: " in began.stderr and "hint: " in began.stderr
        assert "Listening" not in began.stderr
        assert place.secret not in began.stderr + began.stdout
        for url in (own_service.jwks_uri, f"{own_service.management}/healthz"):
            with pytest.raises(requests.ConnectionError):
                requests.get(url, timeout=DEADLINE)

    def test_with_start_without_it_starts_and_is_ready_from_the_first_signature_on(self, own_service, place):
        kid = use(own_service, place)
        inspector = introspector(own_service)
        place.stop()
        ready = f"{own_service.management}/readyz"

        def lives():
            try:
                return requests.get(f"{own_service.management}/healthz", timeout=DEADLINE).status_code == 200
            except requests.ConnectionError:
                return False

        launch(own_service, until=lives, WRIT_REMOTE_KEYS_START_WITHOUT="true")
        assert requests.get(ready, timeout=DEADLINE).status_code == 503
        assert kid in published(own_service)
        refused = own_service.request_token()
        assert (refused.status_code, refused.json()["error"]) == (503, "temporarily_unavailable")
        assert int(refused.headers["Retry-After"]) >= 1
        answer = requests.post(
            f"{own_service.issuer}/oauth2/introspect", data={"token": "a"}, auth=inspector, timeout=DEADLINE
        )
        assert answer.json() == {"active": False}
        assert requests.get(ready, timeout=DEADLINE).status_code == 503
        own_service.wait_for_log('"level":"error"')
        place.start()
        wait_until("it is ready", own_service.is_ready)
        assert signing_key(own_service) == kid
        own_service.wait_for_log("the service is ready")
        place.stop()
        # From then on an outage is one of requests, and probes do not take the replica out.
        wait_until("no token is issued", lambda: own_service.request_token().status_code == 503)
        assert requests.get(ready, timeout=DEADLINE).status_code == 200


@contextmanager
def pending(service, clients, count):
    """So many requests of each of these clients that are under way. Gives the futures of their answers."""
    with ThreadPoolExecutor(count * len(clients)) as pool:
        yield [pool.submit(service.request_token, *client) for client in clients for _ in range(count)]


class TestInFlight:
    @pytest.fixture
    def hanging(self, own_service, tmp_path):
        """Vault hangs, two signatures may be under way, and requests wait for long: what is answered meanwhile waits for nothing."""
        with ExitStack() as stack:
            scene_ = scene(tmp_path, stand_in, stack, WRIT_REMOTE_KEYS_WAIT="10s", WRIT_REMOTE_KEYS_IN_FLIGHT="2")
            scene_.token = scene_.service.access_token()
            scene_.place.server.behave("hang")
            yield scene_
            scene_.place.server.behave_well()

    def in_flight(self, scene):
        return metric(scene.service, "writ_remote_signatures_in_flight", place="vault") or metric(
            scene.service, "writ_remote_signatures_in_flight"
        )

    def test_so_many_are_under_way_and_no_more(self, hanging):
        service, server = hanging.service, hanging.place.server
        signed = sum(path.startswith("transit/sign") for _, path, *_ in server.seen)

        def asked():
            return sum(path.startswith("transit/sign") for _, path, *_ in server.seen) - signed

        with pending(service, hanging.clients, 4) as answers:
            wait_until("two are under way", lambda: self.in_flight(hanging) == 2 and asked() == 2)
            # Those that wait are counted, and what needs no signature is answered.
            hanging.check_what_needs_no_signature(hanging.token)
            assert not any(answer.done() and answer.result().status_code == 200 for answer in answers)
            assert (self.in_flight(hanging), asked()) == (2, 2)
            server.behave_well()
            statuses = [answer.result().status_code for answer in answers]
        # What was under way got no answer from Vault.
        assert set(statuses) <= {200, 503} and statuses.count(503) <= 2
        assert service.request_token().status_code == 200
        wait_until("nothing is under way", lambda: self.in_flight(hanging) == 0)

    def test_the_flood_of_a_client_does_not_starve_another(self, hanging):
        service, server = hanging.service, hanging.place.server
        loud, quiet = hanging.clients[:2]
        with pending(service, [loud], 24) as flood:
            wait_until("two are under way", lambda: self.in_flight(hanging) == 2)
            with pending(service, [quiet], 1) as (answer,):
                server.behave_well()
                server.behave("late", seconds=0.05)
                assert answer.result().status_code == 200
                # Its turn came in the midst of the others, which came first.
                assert not all(other.done() for other in flood)
            assert {other.result().status_code for other in flood} <= {200, 503}

    def test_who_waits_too_long_is_refused(self, tmp_path):
        with ExitStack() as stack:
            few = scene(tmp_path, stand_in, stack, WRIT_REMOTE_KEYS_WAIT="300ms", WRIT_REMOTE_KEYS_IN_FLIGHT="2")
            few.place.server.behave("hang")
            with pending(few.service, few.clients, 4) as answers:
                answers = [answer.result() for answer in answers]
            assert {answer.status_code for answer in answers} == {503}
            assert {answer.json()["error"] for answer in answers} == {"temporarily_unavailable"}
            assert all(int(answer.headers["Retry-After"]) >= 1 for answer in answers)
            results = signatures(few.service)
            assert results["timed_out"] >= 2 and sum(results.values()) >= len(answers)
            few.place.server.behave_well()
            wait_until("all is well", lambda: few.service.request_token().status_code == 200)
            wait_until("nothing is under way", lambda: self.in_flight(few) == 0)

    def test_the_service_ends_while_a_signature_hangs(self, tmp_path):
        with ExitStack() as stack:
            few = scene(tmp_path, stand_in, stack, WRIT_REMOTE_KEYS_IN_FLIGHT="2")
            few.place.server.behave("hang")
            with pending(few.service, few.clients, 2) as answers:
                wait_until("two are under way", lambda: self.in_flight(few) == 2)
                few.service.stop()
                for answer in answers:
                    try:
                        assert answer.result().status_code == 503
                    except requests.ConnectionError:
                        continue


@pytest.mark.parametrize("maker", each(softhsm, stand_in))
def test_status_lists_and_signed_introspection(tmp_path, maker):
    with ExitStack() as stack:
        settings = {"WRIT_ACCESS_TOKEN_STATUS_LIST": "on", "WRIT_ACCESS_TOKEN_LIFETIME": "2m"}
        scene_ = scene(tmp_path, maker, stack, **settings)
        service, token = scene_.service, scene_.service.access_token()
        uri, _ = list_of(token)
        text = fetch(uri).text
        signed = scene_.introspect(token, Accept=JWT_ANSWER)
        assert signed.headers["Content-Type"] == JWT_ANSWER
        for each_text, audience in ((text, None), (signed.text, "api")):
            header = jwt.get_unverified_header(each_text)
            assert (header["alg"], header["kid"]) == ("ES256", scene_.kid)
            key = jwt.PyJWKClient(service.jwks_uri).get_signing_key_from_jwt(each_text)
            jwt.decode(each_text, key, algorithms=["ES256"], audience=audience, options={"verify_aud": audience is not None})
        if maker is stand_in:
            scene_.place.stop()
            # The last list stays; a response that needs a signature says when to ask again.
            assert fetch(uri).text == text
            refused = scene_.introspect(token, Accept=JWT_ANSWER)
            assert (refused.status_code, refused.json()["error"]) == (503, "temporarily_unavailable")
            assert int(refused.headers["Retry-After"]) >= 1
            assert scene_.introspect(token).json()["active"] is True
            scene_.place.start()
            wait_until("it is signed", lambda: scene_.introspect(token, Accept=JWT_ANSWER).status_code == 200)


class TestLogins:
    def test_kubernetes(self, own_service, tmp_path):
        """The service account's token is replaced while the service runs, and Vault's token ends."""
        authority = Authority()
        first, second = "first-token-of-the-account", "second-token-of-the-account"
        account = tmp_path / "account-token"
        replace(account, first.encode(), mode=0o644)
        (tmp_path / "vault-ca.pem").write_bytes(authority.root_pem)
        own_service.secrets.update({first, second})
        with running_vault(pair=authority.issue(), folder=tmp_path) as server:
            place = Vault(tmp_path, server)
            server.add_account("writ", first)
            place.environment = {
                "WRIT_VAULT_KUBERNETES_ROLE": "writ",
                "WRIT_VAULT_KUBERNETES_TOKEN_FILE": str(account),
                "WRIT_VAULT_CA_FILE": str(tmp_path / "vault-ca.pem"),
            }
            use_place(own_service, place)
            without = {**place.environment, "WRIT_VAULT_CA_FILE": str(tmp_path / "other.pem")}
            (tmp_path / "other.pem").write_bytes(Authority().root_pem)
            refused = own_service.writ("keys", "generate", "--vault", place.uri, status=1, environment=without)
            assert_clear_error(refused, "certificate")
            assert not server.seen
            kid = use(own_service, place)
            launch(own_service)
            assert signing_key(own_service) == kid

            def logins():
                return [body["jwt"] for _, path, _, body in server.seen if path == "auth/kubernetes/login"]

            assert set(logins()) == {first}
            count = len(logins())
            for _ in range(5):
                own_service.access_token()
            assert len(logins()) == count
            # The kubelet replaces the file; the token of Vault ends.
            replace(account, second.encode(), mode=0o644)
            server.accounts["writ"] = {second}
            server.revoke_tokens()
            wait_until("it has logged in again", lambda: own_service.request_token().status_code == 200)
            assert logins()[count:] == [second]
            # A role that is gone is a refusal that says so.
            server.accounts.clear()
            server.revoke_tokens()
            wait_until("no token is issued", lambda: own_service.request_token().status_code == 503)
            own_service.wait_for_log("No signature from Vault")
            server.add_account("writ", second)
            wait_until("it has logged in again", lambda: own_service.request_token().status_code == 200)
            assert first not in own_service.log and second not in own_service.log

    @pytest.mark.parametrize("place", [pytest.param(softhsm, marks=needs_softhsm)])
    def test_a_wrong_pin_is_tried_once(self, own_service, place, tmp_path):
        """SoftHSM locks no token, others do."""
        with place(tmp_path) as token:
            use(own_service, token)
            token.write_secret("not-the-pin-of-it")
            own_service.secrets.add("not-the-pin-of-it")
            began = own_service.writ("serve", status=1)
            assert "CKR_PIN_INCORRECT" in began.stderr and "pkcs11.pin_file" in began.stderr
            launch(
                own_service,
                until=lambda: "Started without a key" in own_service.log,
                WRIT_REMOTE_KEYS_START_WITHOUT="true",
            )
            wait_until("it answers", lambda: answers(own_service))
            assert own_service.request_token().status_code == 503
            token.write_secret(token.secret)
            wait_until("it is ready", own_service.is_ready)
            assert own_service.request_token().status_code == 200
            assert "not-the-pin-of-it" not in own_service.log + began.stderr


def answers(service):
    try:
        return requests.get(service.jwks_uri, timeout=DEADLINE).ok
    except requests.ConnectionError:
        return False
