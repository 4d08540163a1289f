"""DPoP at the token endpoint, RFC 9449: proofs by joserfc, and what an attacker makes of them."""

import hashlib
import json
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from faults import Clock, clock_library, metric
from proofs import KEYS, Prover, keyed_by, refusal, request_token
from raw_http import CLOSE, LENGTH, RawConnection, fill, post
from service import DEADLINE, Service, assert_clear_error, wait_until
from test_client_authentication import ASSERTION_TYPE, add_client, write_key_set
from test_client_authentication import KEYS as ASSERTION_KEYS
from test_client_authentication import claims as assertion_claims
from test_log import events
from tokens import claims, encode_base64url

ROOT = Path(__file__).parents[2]
TOO_LONG = 4097


@pytest.fixture(scope="module")
def proof_service(tmp_path_factory):
    """A running service that accepts proofs."""
    with Service(tmp_path_factory.mktemp("writ")) as service:
        yield started(service)


def started(service, url=None, **environment):
    """Ready for proofs of any client: what was made in the second of the start may have been used before."""
    service.start(**environment)
    prover = Prover(url or service.token_endpoint)
    wait_until("the second of the start has passed", lambda: request_token(service, prover.proof()).status_code == 200)
    return service


@pytest.fixture
def prover(proof_service):
    return Prover(proof_service.token_endpoint)


def secret_of(service, *arguments):
    added = json.loads(service.writ("clients", "add", *arguments, "--json").stdout)
    return added["client_id"], added["client_secret"]


def jkt(answer):
    assert answer.status_code == 200, answer.text
    content = answer.json()
    assert content["token_type"] == "DPoP"
    return claims(content["access_token"])["cnf"]


def assert_refused(answer, reason):
    assert refusal(answer) == (400, "invalid_dpop_proof", reason)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "WWW-Authenticate" not in answer.headers


@pytest.mark.parametrize("algorithm", KEYS)
def test_a_token_is_bound_to_the_key_that_made_the_proof(proof_service, algorithm):
    prover = Prover(proof_service.token_endpoint, algorithm)
    assert jkt(request_token(proof_service, prover.proof())) == {"jkt": prover.thumbprint}
    metadata = requests.get(f"{proof_service.issuer}/.well-known/oauth-authorization-server", timeout=DEADLINE).json()
    assert set(metadata["dpop_signing_alg_values_supported"]) == set(KEYS)


def test_without_a_proof_nothing_changes(proof_service):
    answer = request_token(proof_service).json()
    assert answer["token_type"] == "Bearer"
    assert "cnf" not in claims(answer["access_token"])


def test_the_log_has_the_key_and_never_the_proof(proof_service, prover):
    proof = prover.proof()
    answer = request_token(proof_service, proof)
    refused = request_token(proof_service, proof)

    def logged():
        return [event for event in events(proof_service, "Token issued") if event.get("jkt") == prover.thumbprint]

    [event] = wait_until("it is logged", logged)
    assert event["jti"] == claims(answer.json()["access_token"])["jti"]

    def refusals():
        return [each for each in events(proof_service, "Refused") if each["request_id"] == refused.headers["X-Request-Id"]]

    assert wait_until("the refusal too", refusals)[0]["cause"] == "proof_repeated"
    assert proof not in proof_service.log and proof.split(".")[1] not in proof_service.log


class TestBadProofs:
    """RFC 9449 section 4.3, with real requests."""

    def test_the_request_has_exactly_one(self, proof_service, prover):
        fields = [f"DPoP: {prover.proof()}".encode() for _ in range(2)]
        with RawConnection(proof_service) as connection:
            connection.send(fill(proof_service, post(LENGTH, CLOSE, *fields)))
            answer = connection.answer()
        assert answer.status == 400
        assert json.loads(answer.body)["error_description"].endswith("more than one DPoP proof.")
        joined = f"{prover.proof()}, {prover.proof()}"
        assert_refused(request_token(proof_service, joined), "it is not a JWT, or too long")

    @pytest.mark.parametrize("text", ["", "x", "a.b.c", "..", "a" * TOO_LONG, "eyJhbGciOiJFUzI1NiJ9.e30."])
    def test_no_proof_at_all(self, proof_service, text):
        answer = request_token(proof_service, text)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_dpop_proof")

    @pytest.mark.parametrize("name", ["jti", "htm", "htu", "iat"])
    def test_a_claim_is_missing(self, proof_service, prover, name):
        expected = f"its claim {name} is missing or malformed"
        assert_refused(request_token(proof_service, prover.proof(**{name: None})), expected)

    def test_another_type(self, proof_service, prover):
        for typ in (None, "JWT", "at+jwt", "dpop"):
            answer = request_token(proof_service, prover.proof(header={"typ": typ}))
            assert_refused(answer, "its typ is not dpop+jwt")

    @pytest.mark.parametrize("htm", ["GET", "post", "POST ", "PUT"])
    def test_another_method(self, proof_service, prover, htm):
        assert_refused(request_token(proof_service, prover.proof(htm=htm)), "its htm is another method")

    def test_another_url(self, proof_service, prover):
        issuer, port = proof_service.issuer, proof_service.issuer.rpartition(":")[2]
        for url in [
            f"{issuer}/oauth2/introspect", f"{issuer}/oauth2/token/", f"{issuer}/oauth2/Token", f"{issuer}/oauth2%2Ftoken",
            f"{issuer}/oauth2/token;x", issuer, "/oauth2/token", f"http://127.0.0.1:{int(port) + 1}/oauth2/token",
            "http://127.0.0.1/oauth2/token", f"http://localhost:{port}/oauth2/token", f"https://127.0.0.1:{port}/oauth2/token",
            f"http://user@127.0.0.1:{port}/oauth2/token", f"{issuer}\u212a/oauth2/token", f"{issuer}/oauth2/token\u0301",
        ]:
            assert_refused(request_token(proof_service, prover.proof(htu=url)), "its htu is another URL")

    def test_the_same_url_in_other_words(self, proof_service, prover):
        issuer = proof_service.issuer
        for url in [
            f"{issuer}/oauth2/token?a=b", f"{issuer}/oauth2/token#c", issuer.replace("http", "HTTP") + "/oauth2/token",
            f"{issuer}/%6fauth2/toke%6E", f"{issuer}/x/../oauth2/./token",
        ]:
            assert jkt(request_token(proof_service, prover.proof(htu=url)))
        # The query of the request counts no more than that of the proof.
        assert jkt(request_token(proof_service, prover.proof(), url=f"{proof_service.token_endpoint}?option=token"))

    @pytest.mark.parametrize(("seconds", "reason"), [(-120, "its iat is too long ago"), (120, "its iat is in the future")])
    def test_a_clock_that_is_two_minutes_off(self, proof_service, prover, seconds, reason):
        assert_refused(request_token(proof_service, prover.proof(iat=int(time.time()) + seconds)), reason)

    def test_a_clock_that_is_half_a_minute_ahead_is_accepted(self, proof_service, prover):
        assert jkt(request_token(proof_service, prover.proof(iat=int(time.time()) + 30)))

    def test_a_mac_in_place_of_a_signature(self, proof_service, prover):
        """By the public key, as those know it who have seen one proof."""
        pem = prover.key.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        for header in ({"alg": "HS256"}, {"alg": "none"}):
            answer = request_token(proof_service, prover.by_hand(keyed_by(pem), header))
            assert_refused(answer, "its signature algorithm is not accepted")
        secret = OctKey.generate_key(256)
        for algorithm, reason in [
            ("HS256", "its signature algorithm is not accepted"), ("ES256", "its jwk cannot be used: it is symmetric"),
        ]:
            header = {"alg": algorithm, "jwk": secret.as_dict(private=True)}
            assert_refused(request_token(proof_service, prover.by_hand(keyed_by(secret.raw_value), header)), reason)

    def test_a_key_that_shows_its_private_half(self, proof_service, prover):
        answer = request_token(proof_service, prover.proof(header={"jwk": prover.key.as_dict(private=True)}))
        assert_refused(answer, "its jwk cannot be used: it contains its private half, which only its owner may have")

    def test_an_rsa_key_of_1024_bits(self, proof_service):
        prover = Prover(proof_service.token_endpoint, "RS256", RSAKey.generate_key(1024))
        assert_refused(request_token(proof_service, prover.proof()), "it has no jwk that fits its alg")

    def test_a_key_that_did_not_sign(self, proof_service, prover):
        other = Prover(proof_service.token_endpoint)
        answer = request_token(proof_service, prover.proof(header={"jwk": other.key.as_dict(private=False)}))
        assert_refused(answer, "its signature is not valid")
        assert_refused(request_token(proof_service, prover.proof(header={"jwk": None})), "it has no jwk that fits its alg")
        for jwk in ("https://attacker.example/key", {"kty": "EC"}, {**prover.key.as_dict(private=False), "crv": "P-521"}):
            answer = request_token(proof_service, prover.by_hand(header={"jwk": jwk}))
            assert answer.json()["error"] == "invalid_dpop_proof"

    def test_the_key_of_the_service(self, proof_service):
        """Whoever has it needs no proof; a token that is bound to it is bound to no client."""
        key = RSAKey.import_key((proof_service.folder / "keys/rs256.pem").read_bytes())
        answer = request_token(proof_service, Prover(proof_service.token_endpoint, "RS256", key).proof())
        assert_refused(answer, "its jwk is a key of the server")

    def test_a_second_use(self, proof_service, prover):
        proof = prover.proof(jti="once")
        assert jkt(request_token(proof_service, proof))
        assert_refused(request_token(proof_service, proof), "it was used before")
        # The same jti in another proof of the same key, and in one of another key.
        assert_refused(request_token(proof_service, prover.proof(jti="once")), "it was used before")
        assert jkt(request_token(proof_service, Prover(proof_service.token_endpoint).proof(jti="once")))

    def test_of_many_uses_at_once_one_is_good(self, proof_service, prover):
        proof = prover.proof()
        with ThreadPoolExecutor(16) as pool:
            statuses = list(pool.map(lambda _: request_token(proof_service, proof).status_code, range(16)))
        assert sorted(statuses) == [200] + [400] * 15

    def test_it_is_counted_and_no_failed_authentication(self, proof_service, prover):
        def count(outcome):
            return metric(proof_service, "writ_dpop_proofs_total", outcome=outcome)

        before = count("proof_method")
        for _ in range(30):
            assert_refused(request_token(proof_service, prover.proof(htm="GET")), "its htm is another method")
        assert count("proof_method") == before + 30
        assert count("accepted") > 0
        # Of failures as many as these would be throttled.
        assert jkt(request_token(proof_service, prover.proof()))

    def test_the_proof_of_a_stranger_is_not_recorded(self, proof_service, prover):
        proof = prover.proof()
        answer = request_token(proof_service, proof, client=("nobody", "wrong"))
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert jkt(request_token(proof_service, proof))


def test_two_keys_that_ask_at_once_share_no_token(own_service):
    """With `access_token.reuse`, a client on two machines."""
    service = started(own_service, WRIT_ACCESS_TOKEN_REUSE="5m")
    provers = [Prover(service.token_endpoint) for _ in range(2)]

    def ask(number):
        prover = provers[number % 2]
        answer = request_token(service, prover.proof())
        assert jkt(answer) == {"jkt": prover.thumbprint}
        return prover.thumbprint, answer.json()["access_token"]

    with ThreadPoolExecutor(16) as pool:
        pairs = set(pool.map(ask, range(64)))
    assert len(pairs) == 2
    assert request_token(service).json()["token_type"] == "Bearer"


def test_what_may_have_been_used_before_the_start_is_refused(own_service):
    service = started(own_service)
    prover = Prover(service.token_endpoint)
    proof = prover.proof()
    assert jkt(request_token(service, proof))
    for _ in range(2):
        service.process.kill()
        service.process.wait(timeout=DEADLINE)
        service.process = None
        service.start()
        assert_refused(request_token(service, proof), "it may have been used before the server was started")
    wait_until("a proof made since is accepted", lambda: request_token(service, prover.proof()).status_code == 200)


def test_behind_a_proxy_the_public_url_counts(own_service):
    """`htu` is what the client calls, not the address that the service listens on."""
    public = "https://tokens.example.com"
    environment = {"WRIT_ISSUER": public, "WRIT_TLS": "terminated-upstream", "WRIT_TRUSTED_PROXIES": "127.0.0.1/32"}
    service = started(own_service, f"{public}/oauth2/token", **environment)
    prover = Prover(f"{public}/oauth2/token")
    for url in (prover.url, "https://TOKENS.example.com:443/oauth2/token"):
        assert jkt(request_token(service, prover.proof(htu=url)))
    assert_refused(request_token(service, prover.proof(htu=service.token_endpoint)), "its htu is another URL")


def test_a_refresh_token_is_bound_to_no_key(own_service):
    """RFC 9449 section 5: it is bound to the client, which authenticates. Each refresh has the key of its own proof."""
    client = secret_of(own_service, "nightly", "--scope", "a", "--grant-type", "refresh_token")
    service = started(own_service)
    first, second = Prover(service.token_endpoint), Prover(service.token_endpoint)
    answer = request_token(service, first.proof(), client=client)
    assert jkt(answer) == {"jkt": first.thumbprint}
    form = {"grant_type": "refresh_token", "refresh_token": answer.json()["refresh_token"]}
    assert jkt(request_token(service, second.proof(), client=client, **form)) == {"jkt": second.thumbprint}
    assert request_token(service, client=client, **form).json()["token_type"] == "Bearer"


def test_introspection_says_what_a_token_is_bound_to(own_service):
    inspector = secret_of(own_service, "inspector", "--introspect")
    service = started(own_service)
    prover = Prover(service.token_endpoint)
    token = request_token(service, prover.proof()).json()["access_token"]
    introspect = f"{service.issuer}/oauth2/introspect"
    answer = requests.post(introspect, data={"token": token}, auth=inspector, timeout=DEADLINE).json()
    assert (answer["active"], answer["token_type"], answer["cnf"]) == (True, "DPoP", {"jkt": prover.thumbprint})
    bearer = requests.post(introspect, data={"token": service.access_token()}, auth=inspector, timeout=DEADLINE).json()
    assert bearer["token_type"] == "Bearer" and "cnf" not in bearer


def test_the_documentation_shows_it(own_service):
    """The program of SenderConstrained.md and the client's line, with the entry and the setting of the operator."""
    page = (ROOT / "Documentation/SenderConstrained.md").read_text()
    program, entry, setting = (
        re.search(rf"^```{name}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE).group(1) for name in ("python proof.py", "yaml", r"yaml(?=\ndpop)")
    )
    (own_service.folder / "proof.py").write_text(program)
    digest = encode_base64url(hashlib.sha256(b"the secret of courier").digest())
    own_service.clients_file.write_text(entry.replace("sha256:...", f"sha256:{digest}"))
    with (own_service.folder / "writ.yaml").open("a") as file:
        file.write(setting)
    own_service.start()
    own_service.secrets.add("the secret of courier")
    lines = re.search(r"^    (TOKENS=.*?)\n\n", page, re.DOTALL | re.MULTILINE).group(1)
    lines = lines.replace("https://tokens.example.com", own_service.issuer).replace("python3", sys.executable)
    lines = lines.replace("--user courier", "--user 'courier:the secret of courier' --include")
    first = own_service.shell(lines).stdout
    assert "use_dpop_nonce" in first
    nonce = re.search(r"^DPoP-Nonce: (\S+)", first, re.MULTILINE | re.IGNORECASE).group(1)
    second = own_service.shell(lines.replace("POST $TOKENS)", f"POST $TOKENS {nonce})")).stdout
    answer = json.loads(second.splitlines()[-1])
    shown = json.loads(re.search(r'^    (\{"access_token".*)$', page, re.MULTILINE).group(1))
    assert {name: answer[name] for name in shown if name != "access_token"} == {
        name: value for name, value in shown.items() if name != "access_token"
    }
    key = ECKey.import_key((own_service.folder / "dpop.pem").read_bytes())
    assert claims(answer["access_token"])["cnf"] == {"jkt": key.thumbprint()}


class TestClientsThatMustSendProofs:
    """`dpop_bound_access_tokens`, RFC 9449 section 5.2."""

    @pytest.fixture
    def courier(self, own_service):
        return secret_of(own_service, "courier", "--scope", "a", "--grant-type", "refresh_token", "--dpop-bound")

    def test_no_token_without_a_proof(self, own_service, courier):
        own_service.start()
        prover = Prover(own_service.token_endpoint)
        answer = request_token(own_service, client=courier)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_dpop_proof")
        assert answer.json()["error_description"] == "The client must send a DPoP proof."
        # With such a client the service is ready when proofs are accepted.
        bound = request_token(own_service, prover.proof(), client=courier)
        assert jkt(bound) == {"jkt": prover.thumbprint}
        form = {"grant_type": "refresh_token", "refresh_token": bound.json()["refresh_token"]}
        assert request_token(own_service, client=courier, **form).json()["error"] == "invalid_dpop_proof"
        assert jkt(request_token(own_service, prover.proof(), client=courier, **form))
        # Others need none, and no client needs one for anything but tokens.
        assert request_token(own_service).json()["token_type"] == "Bearer"

    def test_it_is_shown_and_takes_effect_at_once(self, own_service, courier):
        own_service.start()
        assert "dpop_bound_access_tokens  true" in own_service.writ("clients", "show", "courier").stdout
        shown = {each["client_id"]: each for each in json.loads(own_service.writ("clients", "list", "--json").stdout)}
        assert shown["courier"]["dpop_bound_access_tokens"] is True
        assert "dpop_bound_access_tokens" not in shown["demo"]
        text = own_service.clients_file.read_text()
        assert text.count("dpop_bound_access_tokens: true") == 1
        own_service.clients_file.write_text(text.replace("dpop_bound_access_tokens: true", "dpop_bound_access_tokens: false"))
        own_service.reload()
        wait_until("it needs none", lambda: request_token(own_service, client=courier).status_code == 200)


class TestNonces:
    """`dpop: { nonce: on }`, RFC 9449 section 8."""

    @pytest.fixture
    def asking(self, own_service):
        return own_service.start(WRIT_DPOP_NONCE="on")

    def test_a_client_gets_a_nonce_and_goes_on_with_the_next(self, asking):
        prover = Prover(asking.token_endpoint)
        answer = request_token(asking, prover.proof())
        assert (answer.status_code, answer.json()["error"]) == (400, "use_dpop_nonce")
        for _ in range(3):
            assert answer.headers["Cache-Control"] == "no-store"
            answer = request_token(asking, prover.proof(nonce=answer.headers["DPoP-Nonce"]))
            assert jkt(answer) == {"jkt": prover.thumbprint}
        assert "DPoP-Nonce" not in request_token(asking).headers
        wait_until("it is logged", lambda: events(asking, "Refused"))
        assert events(asking, "Refused")[0]["cause"] == "proof_nonce"
        assert metric(asking, "writ_dpop_proofs_total", outcome="proof_nonce") == 1

    def test_the_refusal_uses_up_no_assertion(self, own_service):
        """A client may send the same assertion again, with another proof: what takes no signature check comes first."""
        key = ASSERTION_KEYS["ES256"]()
        add_client(own_service, "--jwks", write_key_set(own_service, key))
        own_service.start(WRIT_DPOP_NONCE="on")
        prover = Prover(own_service.token_endpoint)
        assertion = joserfc_jwt.encode({"alg": "ES256", "kid": "k1"}, assertion_claims(own_service), key, algorithms=["ES256"])
        form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}

        def ask(proof):
            return requests.post(own_service.token_endpoint, data=form, headers={"DPoP": proof}, timeout=DEADLINE)

        refused = ask(prover.proof())
        assert refused.json()["error"] == "use_dpop_nonce"
        nonce = refused.headers["DPoP-Nonce"]
        assert ask(prover.proof(nonce=nonce, htm="GET")).json()["error"] == "invalid_dpop_proof"
        assert jkt(ask(prover.proof(nonce=nonce)))
        assert ask(prover.proof(nonce=nonce)).json()["error"] == "invalid_client"

    def test_other_nonces_are_refused(self, asking, tmp_path_factory):
        prover = Prover(asking.token_endpoint)
        nonce = request_token(asking, prover.proof()).headers["DPoP-Nonce"]
        with Service(tmp_path_factory.mktemp("other")) as other:
            # Another service, even with the same keys.
            for key in (asking.folder / "keys").glob("*.sealing"):
                (other.folder / "keys" / key.name).write_bytes(key.read_bytes())
                (other.folder / "keys" / key.name).chmod(0o600)
            other.start(WRIT_DPOP_NONCE="on")
            foreign = request_token(other, Prover(other.token_endpoint).proof()).headers["DPoP-Nonce"]
        for text in ["", "x", nonce[:-1], nonce + "A", nonce[:-1] + ("A" if nonce[-1] != "A" else "B"), foreign, "A" * 32]:
            answer = request_token(asking, prover.proof(nonce=text))
            assert (answer.status_code, answer.json()["error"]) == (400, "use_dpop_nonce"), text
        assert jkt(request_token(asking, prover.proof(nonce=nonce)))

    def test_a_nonce_of_yesterday(self, own_service, clock_library, tmp_path):
        clock = Clock(tmp_path, clock_library)
        service = own_service.start(**clock.environment, WRIT_DPOP_NONCE="on")
        prover = Prover(service.token_endpoint)

        def nonce_at(offset):
            clock.set(offset)
            return request_token(service, prover.proof(iat=int(time.time()) + offset)).headers["DPoP-Nonce"]

        ages = {-86400: False, -310: False, -200: True, 30: True, 90: False}
        nonces = {offset: nonce_at(offset) for offset in ages}
        clock.set(0)
        fresh = nonce_at(0)
        for offset, is_good in ages.items():
            answer = request_token(service, prover.proof(nonce=nonces[offset]))
            # What is older than the start asks for a nonce once more, and nothing worse.
            assert answer.json().get("error") in ((None, "use_dpop_nonce") if is_good else ("use_dpop_nonce",)), offset
        assert jkt(request_token(service, prover.proof(nonce=fresh)))

    def test_a_nonce_of_one_replica_is_good_at_the_other_and_after_a_rotation(self, asking):
        prover = Prover(asking.token_endpoint)
        with asking.replica() as replica:
            def ask(nonce):
                return request_token(asking, prover.proof(nonce=nonce), url=f"{replica}/oauth2/token")

            def nonce():
                return request_token(asking, prover.proof()).headers["DPoP-Nonce"]

            # Once it was made since both have started.
            wait_until("the replica accepts it", lambda: ask(nonce()).status_code == 200)
            assert jkt(request_token(asking, prover.proof(nonce=ask(None).headers["DPoP-Nonce"])))
            own = nonce()
            asking.writ("keys", "rotate", "--sealing", "--now")
            asking.reload()
            wait_until("there are two keys", lambda: metric_count(asking, 'use="sealing"') == 2)
            assert jkt(request_token(asking, prover.proof(nonce=own)))
            assert jkt(ask(own))

    def test_after_a_restart_the_nonce_decides(self, asking):
        prover = Prover(asking.token_endpoint)
        nonce = request_token(asking, prover.proof()).headers["DPoP-Nonce"]
        used = prover.proof(nonce=nonce)
        assert jkt(request_token(asking, used))
        asking.process.kill()
        asking.process.wait(timeout=DEADLINE)
        asking.process = None
        asking.start(WRIT_DPOP_NONCE="on")
        answer = request_token(asking, used)
        assert (answer.status_code, answer.json()["error"]) == (400, "use_dpop_nonce")
        # A client whose clock is behind the start goes on at once.
        slow = prover.proof(nonce=answer.headers["DPoP-Nonce"], iat=int(time.time()) - 30)
        assert jkt(request_token(asking, slow))

    def test_it_needs_a_sealing_key(self, own_service):
        for key in (own_service.folder / "keys").glob("*.sealing"):
            key.unlink()
        for command in (["serve"], ["config", "check"]):
            result = own_service.writ(*command, environment={"WRIT_DPOP_NONCE": "on"}, status=1)
            assert "holds no sealing key that can be used now, and dpop.nonce is on" in result.stderr
            assert "writ keys rotate --sealing" in result.stderr
        assert_clear_error(own_service.writ("config", "check", environment={"WRIT_DPOP_NONCE": "maybe"}, status=1), "dpop.nonce")


def metric_count(service, label):
    text = requests.get(f"{service.management}/metrics", timeout=DEADLINE).text
    lines = [line for line in text.splitlines() if line.startswith("writ_key_state{") and label in line and line.endswith(" 1")]
    return len(lines)
