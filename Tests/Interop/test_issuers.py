"""Tokens of platforms as credentials, against a platform with keys of its own, also one that behaves badly."""

import base64
import hmac
import json
import re
import time

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from authority import Authority
from key_server import serving
from oidc_issuer import CONFIGURATION, MAKE, Platform, platform
from service import DEADLINE, RESOURCE, wait_until
from test_client_authentication import ASSERTION_TYPE
from test_log import events

SVID_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
REFUSED = '{"error":"invalid_client","error_description":"Client authentication failed."}'
# A request for which keys have to be fetched waits for the server for this long at most.
FETCH_LIMIT = 5


def base64url(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def configure(service, *issuers, clients=()):
    """Writes the files, and tells a running service."""
    (service.folder / "issuers.yaml").write_text(json.dumps({"issuers": list(issuers)}))
    service.clients_file.write_text(service.clients_file.read_text() + "".join(f"  - {json.dumps(each)}\n" for each in clients))


def entry(platform, name="cluster", **members):
    return {"name": name, "issuer": platform.identifier, **members}


def client(id, *identities, **members):
    return {"client_id": id, "identities": list(identities), "scope": "a b", "resources": [RESOURCE], **members}


def ask(service, token, type=ASSERTION_TYPE, **form):
    form = {"grant_type": "client_credentials", "client_assertion_type": type, "client_assertion": token, **form}
    return requests.post(service.token_endpoint, data=form, timeout=DEADLINE)


def grant(service, token, **form):
    return requests.post(service.token_endpoint, data={"grant_type": GRANT, "assertion": token, **form}, timeout=DEADLINE)


def claims_of(answer):
    assert answer.status_code == 200, answer.text
    return jwt.decode(answer.json()["access_token"], options={"verify_signature": False})


def cause(service, answer, status=401):
    """The word in the log for the request that got this answer."""
    assert answer.status_code == status, answer.text
    request_id = answer.headers["X-Request-Id"]
    (event,) = wait_until(
        "it is logged", lambda: [event for event in events(service, "Refused") if event["request_id"] == request_id]
    )
    return event["cause"]


@pytest.fixture
def cluster():
    with platform() as running:
        yield running


@pytest.fixture
def pods(own_service, cluster):
    """A running service that trusts the platform, with one client there and one that has a secret alone."""
    configure(
        own_service, entry(cluster),
        clients=[
            client("pod", {"issuer": "cluster", "subject": "pod"}, grant_types=["client_credentials", GRANT]),
            client("typed", {"issuer": "cluster", "claims": {"id": "456", "nested/name": "x"}}),
        ],
    )
    return own_service.start()


def test_both_ways_in_and_the_log(pods, cluster):
    token = cluster.token(pods.issuer)
    for answer in (ask(pods, token), ask(pods, token, client_id="pod"), grant(pods, token), grant(pods, token, scope="a")):
        assert claims_of(answer)["sub"] == "pod"
    wait_until("all are logged", lambda: len(events(pods, "Token issued")) == 4)
    for event in events(pods, "Token issued"):
        assert (event["identity_issuer"], event["identity_subject"]) == ("cluster", "pod")
        assert (event["client_id"], event["identity"]) == ("pod", "issuer=cluster,subject=pod")
    # Keys are fetched once, and the document first.
    assert cluster.paths == [CONFIGURATION, "/keys"]
    metrics = requests.get(f"{pods.management}/metrics", timeout=DEADLINE).text
    assert 'writ_identity_requests_total{issuer="cluster",outcome="accepted"} 4\n' in metrics
    assert 'writ_issuer_keys_last_fetch_successful{issuer="cluster"} 1\n' in metrics
    metadata = requests.get(f"{pods.issuer}/.well-known/oauth-authorization-server", timeout=DEADLINE).json()
    assert GRANT in metadata["grant_types_supported"]
    assert "spiffe_jwt" not in metadata["token_endpoint_auth_methods_supported"]


@pytest.mark.parametrize("algorithm", MAKE)
def test_claims_are_copied(own_service, algorithm):
    with platform(algorithm) as cluster:
        copying = client(
            "pod", {"issuer": "cluster", "subject": "pod"},
            claims_from_identity={"namespace": "kubernetes.io/namespace", "groups": "groups"},
        )
        configure(own_service, entry(cluster), clients=[copying])
        own_service.start()
        nested = {"kubernetes.io": {"namespace": "payments"}, "groups": ["a", "b"]}
        got = claims_of(ask(own_service, cluster.token(own_service.issuer, **nested)))
        assert (got["namespace"], got["groups"]) == ("payments", ["a", "b"])
        assert "namespace" not in claims_of(ask(own_service, cluster.token(own_service.issuer)))


# The attack list


def test_another_issuers_token_with_the_same_subject(pods, cluster):
    with platform() as other:
        configure(pods, entry(cluster), entry(other, "other"))
        pods.reload()
        wait_until("both are trusted", lambda: events(pods, "Reloaded"))
        assert cause(pods, ask(pods, other.token(pods.issuer))) == "no_matching_client"
        assert cause(pods, ask(pods, other.token(pods.issuer), client_id="pod")) == "identity_mismatch"
        # The other's key under the name of this issuer.
        assert cause(pods, ask(pods, other.token(pods.issuer, iss=cluster.identifier))) == "identity_signature"


@pytest.mark.parametrize(
    "change",
    [
        lambda issuer: issuer + "/", lambda issuer: issuer.replace("127.0.0.1", "localhost"), lambda issuer: issuer[:-1],
        lambda issuer: issuer.replace("http", "HTTP"), lambda issuer: issuer.replace("http", "https"),
        lambda issuer: issuer.replace("1", "\uff11", 1), lambda issuer: issuer + "\u0301", lambda issuer: issuer + " ",
    ],
)
def test_an_issuer_that_differs_by_little(pods, cluster, change):
    answer = ask(pods, cluster.token(pods.issuer, iss=change(cluster.identifier)))
    assert cause(pods, answer) == "unknown_issuer"
    assert answer.text == REFUSED


@pytest.mark.parametrize("audience", [None, "pair", "endpoint", "other", []])
def test_the_wrong_audience(pods, cluster, audience):
    values = {"pair": [pods.issuer, "https://b.example"], "endpoint": pods.token_endpoint, "other": "https://b.example"}
    token = cluster.token(pods.issuer, aud=values.get(audience, audience) if audience != [] else [])
    assert cause(pods, ask(pods, token)) == "identity_audience"
    assert grant(pods, token).json()["error"] == "invalid_grant"


def test_too_long_a_life_and_other_times(pods, cluster):
    now = int(time.time())
    for changes, word in [
        ({"exp": now + 3700}, "identity_lifetime"), ({"iat": now + 300, "exp": now + 400}, "identity_not_yet_valid"),
        ({"nbf": now + 300}, "identity_not_yet_valid"), ({"iat": now - 900, "exp": now - 60}, "identity_expired"),
        ({"exp": None}, "identity_malformed"), ({"iat": None}, "identity_malformed"),
    ]:
        assert cause(pods, ask(pods, cluster.token(pods.issuer, **changes))) == word


def by_hand(header, claims, sign):
    text = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
    return f"{text}.{base64url(sign(text.encode()))}"


def test_algorithms_that_prove_nothing(pods, cluster):
    public = jwt.PyJWK(cluster.keys[0].as_dict(private=False)).key.public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    claims = cluster.claims(pods.issuer)
    for algorithm, sign in [
        ("none", lambda _: b""), ("none", lambda _: b"x"), ("HS256", lambda text: hmac.digest(public, text, "sha256")),
    ]:
        token = by_hand({"alg": algorithm, "kid": cluster.keys[0].kid}, claims, sign)
        assert cause(pods, ask(pods, token)) == "identity_algorithm"
        assert cause(pods, grant(pods, token), 400) == "identity_algorithm"


def test_keys_that_the_token_brings_along(pods, cluster):
    own = MAKE["RS256"]("own")
    with serving({"keys": [own.as_dict(private=False)]}) as thieves:
        url = f"http://127.0.0.1:{thieves.server_address[1]}/keys"
        for header in [{"jwk": own.as_dict(private=False)}, {"jku": url}, {"x5u": url}]:
            token = cluster.token(pods.issuer, header=header, key=own)
            assert cause(pods, ask(pods, token)) == "identity_no_such_key"
            token = cluster.token(pods.issuer, header={**header, "kid": cluster.keys[0].kid}, key=own)
            assert cause(pods, ask(pods, token)) == "identity_signature"
        assert thieves.seen == []


def test_a_kid_of_another_issuer(pods, cluster):
    with platform() as other:
        other.keys[0] = MAKE["RS256"]("elsewhere")
        configure(pods, entry(cluster), entry(other, "other"), clients=[client("o", {"issuer": "other", "subject": "pod"})])
        pods.reload()
        wait_until("it is trusted", lambda: ask(pods, other.token(pods.issuer)).status_code == 200)
        token = cluster.token(pods.issuer, key=other.keys[0])
        assert cause(pods, ask(pods, token)) == "identity_no_such_key"


def test_a_token_of_writ_itself(pods):
    token = claims_token = pods.access_token()
    assert cause(pods, ask(pods, token)) == "own_token"
    assert cause(pods, grant(pods, claims_token), 400) == "own_token"
    # Also one whose type does not show it.
    text = pods.clients_file.read_text()
    pods.clients_file.write_text(text.replace("client_id: demo", "client_id: demo\n    token_shape: { typ: JWT }"))
    pods.reload()
    wait_until("the type is JWT", lambda: jwt.get_unverified_header(pods.access_token())["typ"] == "JWT")
    assert cause(pods, ask(pods, pods.access_token())) == "own_token"


def test_a_rule_that_pins_no_owner_at_a_shared_issuer(own_service):
    github = {"name": "github", "issuer": "https://token.actions.githubusercontent.com"}
    configure(own_service, github, clients=[client("deploy", {"issuer": "github", "claims": {"environment": "production"}})])
    error = own_service.writ("config", "check", status=1).stderr
    assert "clients.yaml:" in error
    assert "pins no owner, and every account at GitHub Actions gets tokens of this issuer" in error
    # At a start that entry is out, and the others are in.
    own_service.start()
    assert own_service.request_token().status_code == 200


def test_a_token_that_matches_two_clients(pods, cluster):
    configure(pods, entry(cluster), clients=[client("twin", {"issuer": "cluster", "subject": "pod"})])
    pods.reload()
    token = cluster.token(pods.issuer)
    wait_until("the twin is there", lambda: ask(pods, token).status_code == 401)
    assert cause(pods, ask(pods, token)) == "ambiguous_identity"
    assert cause(pods, grant(pods, token), 400) == "ambiguous_identity"
    assert [claims_of(ask(pods, token, client_id=id))["sub"] for id in ("pod", "twin")] == ["pod", "twin"]
    warning = "clients pod and twin: one token of the issuer cluster could be of both"
    assert warning in pods.writ("config", "check", "--running").stderr


@pytest.mark.parametrize(
    "claims, status",
    [
        ({"id": "456", "nested": {"name": "x"}}, 200), ({"id": ["1", "456"], "nested": {"name": ["x"]}}, 200),
        ({"id": "456", "nested/name": "x"}, 200), ({"id": 456, "nested": {"name": "x"}}, 401),
        ({"id": "456", "nested": {"name": {"x": 1}}}, 401), ({"id": [["456"]], "nested": {"name": "x"}}, 401),
        ({"id": {"456": True}, "nested": {"name": "x"}}, 401), ({"id": "456", "nested": [{"name": "x"}]}, 401),
        ({"id": True, "nested": {"name": "x"}}, 401), ({"id": "456"}, 401),
    ],
)
def test_claims_of_other_types(pods, cluster, claims, status):
    assert ask(pods, cluster.token(pods.issuer, sub="typed", **claims)).status_code == status


def test_a_renamed_repository(own_service):
    with platform() as actions:
        # Under the name of a platform of the tests' own: the ids are what counts.
        configure(
            own_service, entry(actions, "github"),
            clients=[
                client("by-id", {"issuer": "github", "claims": {"repository_id": "74"}}),
                client("by-name", {"issuer": "github", "claims": {"repository": "octo-org/octo-repo"}}),
            ],
        )
        own_service.start()

        def ids(**claims):
            token = actions.token(own_service.issuer, sub="repo", **claims)
            return [id for id in ("by-id", "by-name") if ask(own_service, token, client_id=id).status_code == 200]

        assert ids(repository_id="74", repository="octo-org/octo-repo") == ["by-id", "by-name"]
        assert ids(repository_id="74", repository="octo-org/renamed") == ["by-id"]
        # Another repository that was registered under the former name.
        assert ids(repository_id="999", repository="octo-org/octo-repo") == ["by-name"]


# Bad days of an issuer


def slow(handler):
    time.sleep(FETCH_LIMIT + 2)
    handler.reply({})


BAD = {
    "redirects": lambda handler: handler.reply({}, 302, Location="/elsewhere"),
    "another issuer": lambda handler: handler.reply({"issuer": "https://evil.example", "jwks_uri": "https://evil.example/k"}),
    "10 MB": lambda handler: handler.reply(b" " * (10 << 20)), "slow": slow, "500": lambda handler: handler.reply({}, 500),
    "rubbish": lambda handler: handler.reply(b"<html>"), "no jwks_uri": lambda handler: handler.reply({"issuer": "x"}),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_document_is_an_outage(pods, cluster, name):
    cluster.answers[CONFIGURATION] = BAD[name]
    token = cluster.token(pods.issuer)
    for id in ({}, {"client_id": "pod"}, {"client_id": "typed"}):
        answer = ask(pods, token, **id)
        assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")
        assert int(answer.headers["Retry-After"]) >= 1
        assert cause(pods, answer, 503) == "issuer_keys_unavailable"
    assert "/elsewhere" not in cluster.paths
    assert any(f"No keys from {cluster.identifier} (issuer cluster): " in line for line in pods.log.splitlines())
    metrics = requests.get(f"{pods.management}/metrics", timeout=DEADLINE).text
    assert 'writ_issuer_keys_last_fetch_successful{issuer="cluster"} 0\n' in metrics
    # Nobody's failed attempt: the client that it named is served, also from this address.
    cluster.answers.clear()
    wait_until("the issuer is well again", lambda: ask(pods, token).status_code == 200)


def test_keys_change_over_and_stay_while_the_issuer_is_down(pods, cluster):
    assert ask(pods, cluster.token(pods.issuer)).status_code == 200
    old = cluster.keys[0]
    cluster.rotate()
    # The unknown kid makes the service look again.
    assert ask(pods, cluster.token(pods.issuer)).status_code == 200
    assert ask(pods, cluster.token(pods.issuer, key=old)).status_code == 200
    cluster.answers[CONFIGURATION] = BAD["500"]
    assert ask(pods, cluster.token(pods.issuer)).status_code == 200
    # Guesses at kids are no load for the issuer, whose keys were fetched again just now.
    count = len(cluster.seen)
    strange = MAKE["RS256"]("strange")
    for _ in range(30):
        assert ask(pods, cluster.token(pods.issuer, key=strange)).status_code == 401
    assert len(cluster.seen) - count <= 4


def test_an_unknown_kid_while_the_issuer_is_down(pods, cluster):
    """The issuer may have published that key by now. What its last keys signed is accepted all the while."""
    assert ask(pods, cluster.token(pods.issuer)).status_code == 200
    cluster.answers[CONFIGURATION] = BAD["500"]
    count = len(cluster.seen)
    strange = MAKE["RS256"]("strange")
    for _ in range(30):
        assert cause(pods, ask(pods, cluster.token(pods.issuer, key=strange)), 503) == "issuer_keys_unavailable"
        assert ask(pods, cluster.token(pods.issuer)).status_code == 200
    assert len(cluster.seen) - count <= 4


def test_a_client_that_is_removed_while_its_issuer_is_down(pods, cluster):
    cluster.answers[CONFIGURATION] = BAD["500"]
    token = cluster.token(pods.issuer)
    assert ask(pods, token).status_code == 503
    pods.writ("clients", "remove", "pod", "--yes")
    reloads = len(events(pods, "Reloaded"))
    pods.reload()
    wait_until("it is gone", lambda: len(events(pods, "Reloaded")) > reloads)
    assert ask(pods, token).status_code == 503
    cluster.answers.clear()
    wait_until("the issuer is well again", lambda: ask(pods, token).status_code != 503)
    assert cause(pods, ask(pods, token)) == "no_matching_client"


def test_refusals_are_nobodys_failed_attempts(pods, cluster):
    """Three hundred of them, and the right secret of a client that each names is accepted, a wrong one not throttled."""
    bad = cluster.token(pods.issuer, sub="stranger")
    for _ in range(100):
        for id in (pods.client_id, "pod", "nobody"):
            assert ask(pods, bad, client_id=id).status_code == 401
    assert pods.request_token(client_secret="wrong-as-can-be").status_code == 401
    assert pods.request_token().status_code == 200
    assert ask(pods, cluster.token(pods.issuer)).status_code == 200


def test_a_token_for_single_use(own_service, cluster):
    """Once, and after a restart not again. With a leeway of zero a token made after the start is good at once."""
    configure(
        own_service, entry(cluster, single_use=True, leeway="0s"),
        clients=[client("pod", {"issuer": "cluster", "subject": "pod"})])
    own_service.start()

    def fresh():
        return ask(own_service, cluster.token(own_service.issuer)).status_code == 200

    wait_until("a token is later than the start", fresh)
    token = cluster.token(own_service.issuer)
    assert ask(own_service, token).status_code == 200
    assert cause(own_service, ask(own_service, token)) == "identity_replayed"
    assert cause(own_service, ask(own_service, cluster.token(own_service.issuer, jti=None))) == "identity_without_jti"
    own_service.stop()
    own_service.start()
    assert cause(own_service, ask(own_service, token)) == "identity_before_start"
    wait_until("a token is later than the start", fresh)


def test_refresh_tokens_with_an_identity(own_service, cluster):
    configure(own_service, entry(cluster))
    for id in ("pod", "other"):
        identity = ["--identity", f"issuer=cluster,subject={id}"]
        own_service.writ("clients", "add", id, "--grant-type", "refresh_token", "--scope", "a", *identity)
    own_service.start()
    refresh_token = ask(own_service, cluster.token(own_service.issuer)).json()["refresh_token"]

    def refresh(**changes):
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return ask(own_service, cluster.token(own_service.issuer, **changes), **form)

    assert claims_of(refresh())["sub"] == "pod"
    # Another workload of the platform has no use for it, and neither has a token that is refused.
    assert refresh(sub="other").json()["error"] == "invalid_grant"
    assert refresh(sub="stranger").json()["error"] == "invalid_client"


# Keys from elsewhere


def test_jwks_uri_with_a_private_authority_and_a_bearer_token(own_service, tmp_path):
    authority = Authority()
    own_service.folder.joinpath("ca.pem").write_bytes(authority.root_pem)
    bearer = own_service.folder / "bearer"
    bearer.write_text("first\n")
    bearer.chmod(0o600)
    with platform() as cluster, serving(cluster.key_set(), authority.issue(), tmp_path) as server:
        url = f"https://localhost:{server.server_address[1]}/openid/v1/jwks"
        members = {"jwks_uri": url, "ca_file": "ca.pem", "bearer_token_file": "bearer"}
        configure(own_service, entry(cluster, **members), clients=[client("pod", {"issuer": "cluster", "subject": "pod"})])
        own_service.start()
        assert ask(own_service, cluster.token(own_service.issuer)).status_code == 200
        assert [fields["Authorization"] for fields in server.seen] == ["Bearer first"]
        assert "first" not in own_service.log
        # It is not sent to the issuer's own origin, from which nothing was asked.
        assert cluster.seen == []
    bearer.chmod(0o644)
    assert "other users can read" in own_service.writ("config", "check", "--running", status=1).stderr


def test_keys_in_a_file_are_watched(own_service):
    with platform() as cluster:
        def write():
            (own_service.folder / "keys.json").write_text(json.dumps(cluster.key_set()))

        write()
        configure(
            own_service, entry(cluster, jwks_file="keys.json"),
            clients=[client("pod", {"issuer": "cluster", "subject": "pod"})])
        own_service.start()
        assert ask(own_service, cluster.token(own_service.issuer)).status_code == 200
        cluster.rotate(keep=0)
        assert cause(own_service, ask(own_service, cluster.token(own_service.issuer))) == "identity_no_such_key"
        write()
        wait_until(
            "the file is read", lambda: ask(own_service, cluster.token(own_service.issuer)).status_code == 200)
        assert cluster.seen == []


@pytest.mark.parametrize("place", ["URL", "file"])
def test_a_spiffe_bundle(own_service, place):
    with platform("ES256") as spire:
        bundle = {**spire.key_set(use="jwt-svid"), "spiffe_sequence": 1, "spiffe_refresh_hint": 300}
        bundle["keys"].append({**MAKE["ES256"]("x509").as_dict(private=False), "use": "x509-svid"})
        spire.answers["/bundle"] = lambda handler: handler.reply(bundle)
        (own_service.folder / "bundle.json").write_text(json.dumps(bundle))
        members = {"spiffe_bundle": f"{spire.identifier}/bundle" if place == "URL" else "bundle.json"}
        issuer = {"name": "spire", "issuer": "spiffe://example.org", **members}
        id = "spiffe://example.org/ns/payments/sa/api"
        configure(own_service, issuer, clients=[client("api", {"issuer": "spire", "subject": id})])
        own_service.start()
        token = spire.token(own_service.issuer, iss=None, sub=id)
        assert claims_of(ask(own_service, token, SVID_TYPE))["client_id"] == "api"
        assert claims_of(ask(own_service, token, SVID_TYPE, client_id="api"))["client_id"] == "api"
        other = spire.token(own_service.issuer, iss=None, sub="spiffe://example.org/ns/other/sa/api")
        assert cause(own_service, ask(own_service, other, SVID_TYPE)) == "no_matching_client"
        foreign = spire.token(own_service.issuer, iss=None, sub="spiffe://evil.example/ns/payments/sa/api")
        assert cause(own_service, ask(own_service, foreign, SVID_TYPE)) == "unknown_issuer"
        metadata = requests.get(f"{own_service.issuer}/.well-known/oauth-authorization-server", timeout=DEADLINE).json()
        assert "spiffe_jwt" in metadata["token_endpoint_auth_methods_supported"]


def test_a_bundle_without_keys_keeps_those_that_there_were(own_service):
    with platform("ES256") as spire:
        answers = [{**spire.key_set(use="jwt-svid"), "spiffe_refresh_hint": 1}]
        spire.answers["/bundle"] = lambda handler: handler.reply(answers[-1])
        issuer = {"name": "spire", "issuer": "spiffe://example.org", "spiffe_bundle": f"{spire.identifier}/bundle"}
        id = "spiffe://example.org/a"
        configure(own_service, issuer, clients=[client("a", {"issuer": "spire", "subject": id})])
        own_service.start()
        token = spire.token(own_service.issuer, iss=None, sub=id)
        assert ask(own_service, token, SVID_TYPE).status_code == 200
        answers.append({"keys": []})
        strange = spire.token(own_service.issuer, iss=None, sub=id, key=MAKE["ES256"]("strange"))
        assert cause(own_service, ask(own_service, strange, SVID_TYPE), 503) == "issuer_keys_unavailable"
        own_service.wait_for_log("the set has no key that can be used")
        assert ask(own_service, token, SVID_TYPE).status_code == 200


# The command line


def test_issuers_test_says_which_client_or_which_rule(own_service):
    with platform() as cluster:
        configure(
            own_service, entry(cluster),
            clients=[client("pod", {"issuer": "cluster", "claims": {"id": "456", "environment": "production"}})])

        def test(status=0, **changes):
            token = changes.pop("token", None) or cluster.token(own_service.issuer, **changes)
            result = own_service.writ("issuers", "test", "--json" if status == 0 else "--client-id", *(
                [] if status == 0 else ["pod"]), input=token, status=status)
            return result.stdout if status == 0 else result.stderr

        good = {"id": "456", "environment": "production"}
        assert json.loads(test(**good)) == {
            **{"client_id": "pod", "issuer": "cluster", "subject": "pod"},
            "identity": "issuer=cluster,id=456,environment=production",
            "accepted_as": [ASSERTION_TYPE],
            "refused_as": {GRANT: "grant_type_not_allowed"},
        }
        assert 'client pod: id is 456, and not "456"' in test(1, **{**good, "id": 456})
        assert 'client pod: environment is missing, and not "production"' in test(1, id="456")
        assert 'aud is "https://b.example", and not' in test(1, aud="https://b.example", **good)
        assert "iss is the identifier of no trusted issuer" in test(1, iss=cluster.identifier + "/")
        assert "no key of the issuer cluster has the kid" in test(1, token=cluster.token("x", key=MAKE["RS256"]("k")))
        # Nothing of a token that is not verified is shown.
        forged = cluster.token(own_service.issuer, key=MAKE["RS256"](cluster.keys[0].kid), sub="forged-subject")
        assert "forged-subject" not in test(1, token=forged)
        assert "it is not a signed JWT" in test(1, token="a.b.c")
        cluster.answers[CONFIGURATION] = BAD["500"]
        assert "the keys of the issuer cluster cannot be fetched: the answer has status 500" in test(1, **good)


def test_issuers_test_tries_each_way(own_service):
    """An issuer whose tokens are also JWT-SVIDs: the metadata of a SPIFFE server, and its bundle."""
    id = "spiffe://example.org/api"
    with platform("ES256") as spire:
        (own_service.folder / "bundle.json").write_text(json.dumps(spire.key_set(use="jwt-svid")))
        bundle = {"name": "bundle", "issuer": "spiffe://example.org", "spiffe_bundle": "bundle.json"}
        configure(
            own_service, entry(spire, "spire"), bundle,
            clients=[
                client("svid", {"issuer": "bundle", "subject": id}, token_endpoint_auth_method="spiffe_jwt"),
                client("grant", {"issuer": "spire", "subject": "g"}, grant_types=[GRANT]),
                client("both", {"issuer": "spire", "subject": "b"}, grant_types=["client_credentials", GRANT]),
                client("wrong", {"issuer": "spire", "subject": "w"}, token_endpoint_auth_method="spiffe_jwt"),
            ])

        def test(*options, status=0, **changes):
            result = own_service.writ(
                "issuers", "test", *options, input=spire.token(own_service.issuer, **changes), status=status)
            return result.stdout if status == 0 else result.stderr

        shown = json.loads(test("--json", sub=id))
        assert (shown["client_id"], shown["accepted_as"]) == ("svid", [SVID_TYPE])
        assert shown["refused_as"] == {ASSERTION_TYPE: "no_matching_client", GRANT: "no_matching_client"}
        shown = json.loads(test("--json", sub="g"))
        assert (shown["accepted_as"], shown["refused_as"]) == ([GRANT], {ASSERTION_TYPE: "grant_type_not_allowed"})
        shown = json.loads(test("--json", sub="b"))
        assert (shown["accepted_as"], shown["refused_as"]) == ([ASSERTION_TYPE, GRANT], {})
        assert re.search(rf"^accepted as +{GRANT}$", test(sub="b"), re.MULTILINE)
        refused = test(status=1, sub="w")
        assert "token_endpoint_auth_method allows another way alone (wrong_method)" in refused
        assert f"as {GRANT}: grant_types of the client" in refused
        assert "(grant_type_not_allowed)" in refused


def test_issuers_list_and_clients_add(own_service):
    with platform() as cluster:
        configure(own_service, entry(cluster))
        (listed,) = json.loads(own_service.writ("issuers", "list", "--json").stdout)
        assert (listed["name"], listed["issuer"], listed["keys"]) == ("cluster", cluster.identifier, "discovery")
        assert (listed["audience"], listed["longest_lifetime"]) == (own_service.issuer, "1h")
        assert own_service.writ("issuers", "list").stdout.splitlines()[1].startswith(f"cluster  {cluster.identifier}")
        own_service.writ("clients", "add", "pod", "--scope", "a", "--identity", "issuer=cluster,subject=pod,id=456")
        assert "identity" in own_service.writ("clients", "show", "pod").stdout
        (shown,) = [json.loads(own_service.writ("clients", "show", "pod", "--json").stdout)["identities"]]
        assert shown == [{"issuer": "cluster", "subject": "pod", "claims": {"id": "456"}}]
        error = own_service.writ("clients", "add", "b", "--identity", "issuer=clustr,subject=b", status=1).stderr
        assert "there is no issuer called clustr" in error and "there are cluster" in error
        own_service.start()
        assert ask(own_service, cluster.token(own_service.issuer, id="456")).status_code == 200


def test_problems_have_their_line(own_service):
    (own_service.folder / "issuers.yaml").write_text(
        "issuers:\n  - name: a\n    issuer: https://a.example\n    audienc: x\n  - name: b\n    issuer: http://b.example\n"
    )
    error = own_service.writ("config", "check", status=1).stderr
    assert "issuers.yaml:4: unknown key audienc" in error and "did you mean audience?" in error
    assert "issuers.yaml:6: issuer is not https" in error
    error = own_service.writ("issuers", "list", status=1).stderr
    assert "issuers.yaml:4" in error
