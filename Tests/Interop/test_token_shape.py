"""Tokens for resource servers that do not keep to RFC 9068: `token_shape`, audiences that are names, a chosen `kid`."""

import json

import jwt
import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session

from service import DEADLINE, RESOURCE, Service, assert_clear_error, wait_until
from tokens import claims, header

SHAPE = "    token_shape: { typ: JWT, scope: array, scope_claim: scp }\n"


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with Service(tmp_path_factory.mktemp("writ")) as service:
        (service.folder / "keys/rs256.pem").rename(service.folder / "keys/kid=MINE.pem")
        service.api = add(service, "api", "--introspect")
        names = "--audience", "rabbitmq", "--audience", "kafka"
        service.queue = add(service, "queue", *names, "--scope", "a b", "--grant-type", "refresh_token")
        service.old = add(service, "old", "--resource", RESOURCE, "--scope", "a b")
        with service.clients_file.open("a") as file:
            file.write(SHAPE)
        yield service.start()


def add(service, name, *arguments):
    answer = json.loads(service.writ("clients", "add", name, *arguments, "--json").stdout)
    return answer["client_id"], answer["client_secret"]


def token_type(service, client):
    return header(service.request_token(*client).json()["access_token"])["typ"]


def introspect(service, token):
    session = OAuth2Session(*service.api, default_timeout=DEADLINE)
    return session.introspect_token(f"{service.issuer}/oauth2/introspect", token=token).json()


def verify(service, token, audience):
    """As a resource server that knows nothing of RFC 9068."""
    key = jwt.PyJWKClient(service.jwks_uri).get_signing_key_from_jwt(token)
    return jwt.decode(token, key, algorithms=["RS256"], audience=audience, issuer=service.issuer)


def test_a_token_has_the_shape_of_its_client(running):
    answer = running.request_token(*running.old, scope="b").json()
    assert answer["scope"] == "b"
    token = answer["access_token"]
    assert header(token) == {"alg": "RS256", "typ": "JWT", "kid": "MINE"}
    assert verify(running, token, RESOURCE)["scp"] == ["b"]
    assert "scope" not in claims(token)
    answer = introspect(running, token)
    assert (answer["active"], answer["scope"], answer["scp"]) == (True, "b", ["b"])
    # Others have that of RFC 9068.
    assert header(running.access_token())["typ"] == "at+jwt"
    assert claims(running.access_token())["scope"] == "site.read site.documentation"


def test_what_is_lost_is_warned_about(running):
    warning = "client old has token_shape with typ JWT"
    assert warning in running.writ("config", "check", "--running").stderr
    running.wait_for_log(warning)
    text = running.clients_file.read_text()
    try:
        running.clients_file.write_text(text.replace("audiences:", "token_shape: { typ: JWT }\n    audiences:"))
        running.wait_for_log("client queue has token_shape with typ JWT")
    finally:
        running.clients_file.write_text(text)
    wait_until("the client has its former shape", lambda: token_type(running, running.queue) == "at+jwt")
    # At the start, and with each change of the file.
    wait_until("each is logged", lambda: running.log.count(warning) == 3)


def test_writs_own_verifier_refuses_it_and_says_why(running):
    token = running.request_token(*running.old).json()["access_token"]
    where = "--issuer", running.issuer, "--audience", RESOURCE, "--jwks", running.jwks_uri
    refusal = running.writ("token", "verify", *where, input=token, status=1)
    assert_clear_error(refusal, "its type is not the expected one")
    assert "--type" in refusal.stderr
    shown = running.writ("token", "verify", *where, "--type", "JWT", input=token).stdout
    assert json.loads(shown) == claims(token)
    for other in "at+jwt", "none", "secevent+jwt":
        running.writ("token", "verify", *where, "--type", other, input=token, status=1)
    # The scope is an array in a claim of another name.
    running.writ("token", "verify", *where, "--type", "JWT", "--scope-claim", "scp", input=token)


def test_an_audience_may_be_a_name(running):
    answer = running.request_token(*running.queue, audience="kafka").json()
    assert verify(running, answer["access_token"], "kafka")["aud"] == "kafka"
    with pytest.raises(jwt.InvalidAudienceError):
        verify(running, answer["access_token"], "rabbitmq")
    # The first is the default.
    assert claims(running.request_token(*running.queue).json()["access_token"])["aud"] == "rabbitmq"
    both = running.request_token(*running.queue, audience=["kafka", "rabbitmq"]).json()
    assert claims(both["access_token"])["aud"] == ["kafka", "rabbitmq"]
    form = {"grant_type": "refresh_token", "refresh_token": both["refresh_token"], "audience": "rabbitmq"}
    narrowed = requests.post(running.token_endpoint, data=form, auth=running.queue, timeout=DEADLINE).json()
    assert claims(narrowed["access_token"])["aud"] == "rabbitmq"
    assert introspect(running, narrowed["refresh_token"])["aud"] == ["kafka", "rabbitmq"]
    refused = running.request_token(*running.queue, resource="kafka")
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_target")
    where = "--issuer", running.issuer, "--audience", "kafka", "--jwks", running.jwks_uri
    running.writ("token", "verify", *where, input=answer["access_token"])


def test_the_commands_show_names_and_shapes(running):
    shown = json.loads(running.writ("clients", "show", "queue", "--json").stdout)
    assert (shown["resources"], shown["audiences"]) == ([], ["rabbitmq", "kafka"])
    assert "audience               kafka" in running.writ("clients", "show", "queue").stdout
    listed = {client["client_id"]: client for client in json.loads(running.writ("clients", "list", "--json").stdout)}
    assert listed["old"]["token_shape"] == {"typ": "JWT", "scope": "array", "scope_claim": "scp"}
    assert "token_shape" not in listed["demo"]
    assert "rabbitmq kafka" in running.writ("clients", "list").stdout
    refusal = running.writ("clients", "add", "x", "--audience", "https://a.example", status=64)
    assert_clear_error(refusal, "--audience", "resources")


def test_an_empty_path_and_a_slash_are_one_resource(running):
    answer = running.request_token(*running.old, resource=f"{RESOURCE}/")
    assert claims(answer.json()["access_token"])["aud"] == RESOURCE
    for other in (f"{RESOURCE}//", RESOURCE.upper(), f"{RESOURCE}/a", f"{RESOURCE}:443/"):
        assert running.request_token(*running.old, resource=other).json()["error"] == "invalid_target"


def test_an_empty_scope_is_left_out(running):
    answer = running.request_token(*running.api).json()
    assert "scope" not in answer
    assert "scope" not in claims(answer["access_token"])
    assert "scope" not in introspect(running, answer["access_token"])


@pytest.mark.parametrize("field", ["", "Bearer abc", "Negotiate YII=", "DPoP abc"])
def test_an_authorization_that_is_no_client_authentication_is_passed_over(running, field):
    client_id, client_secret = running.old
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
    fields = {"Authorization": field}
    answer = requests.post(running.token_endpoint, data=form, headers=fields, timeout=DEADLINE)
    assert answer.status_code == 200, answer.text
    alone = requests.post(
        running.token_endpoint, data={"grant_type": "client_credentials"}, headers=fields, timeout=DEADLINE
    )
    assert (alone.status_code, alone.json()["error"]) == (401, "invalid_client")
    assert alone.headers["WWW-Authenticate"].startswith("Basic ")


def test_a_key_is_listed_exported_and_retired_by_the_kid_in_its_name(own_service):
    keys = own_service.folder / "keys"
    (keys / "rs256.pem").rename(keys / "kid=AAAA:BBBB.pem")
    own_service.start()
    assert header(own_service.access_token())["kid"] == "AAAA:BBBB"
    assert [key["kid"] for key in json.loads(own_service.writ("keys", "export").stdout)["keys"]] == ["AAAA:BBBB"]
    # Another key with this kid is refused, and changes nothing.
    own_service.shell("umask 077; openssl genpkey -algorithm RSA -out 'keys/20200101T000000Z-kid=AAAA:BBBB.pem'")
    assert_clear_error(own_service.writ("config", "check", "--running", status=1), "has its kid")
    own_service.wait_for_log("20200101T000000Z-kid=AAAA:BBBB.pem")
    where = "--issuer", own_service.issuer, "--audience", RESOURCE, "--jwks", own_service.jwks_uri
    own_service.writ("token", "verify", *where, input=own_service.access_token())
    (keys / "20200101T000000Z-kid=AAAA:BBBB.pem").unlink()
    own_service.writ("keys", "rotate", "--now")
    own_service.writ("keys", "retire", "AAAA:BBBB")
    [key] = json.loads(own_service.writ("keys", "list", "--json").stdout)[:1]
    wait_until("the next key signs", lambda: header(own_service.access_token())["kid"] == key["kid"])
    assert not (keys / "kid=AAAA:BBBB.pem").exists()
