"""RFC 7009 at POST /oauth2/revoke: a client revokes what it has got up to now."""

import os

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session

from faults import own_mounts
from service import DEADLINE, wait_until
from test_status_lists import add, fetch, is_active, is_revoked, token_of


@pytest.fixture
def revoking(own_service):
    return own_service.start(WRIT_ACCESS_TOKEN_STATUS_LIST="on", WRIT_REVOCATION="on")


def revoke(service, client, token, **more):
    return requests.post(f"{service.issuer}/oauth2/revoke", data={"token": token, **more}, auth=client, timeout=DEADLINE)


def refusal(answer):
    return answer.status_code, answer.json()["error"]


def metadata(service):
    return fetch(f"{service.issuer}/.well-known/oauth-authorization-server").json()


def test_everything_of_the_client_up_to_now(revoking):
    client, other = add(revoking, "job", "--grant-type", "refresh_token"), add(revoking, "other")
    reader = add(revoking, "reader", "--introspect")
    answer = revoking.request_token(*client).json()
    first, refresh_token = answer["access_token"], answer["refresh_token"]
    second, others = token_of(revoking, client), token_of(revoking, other)
    answer = revoke(revoking, client, first, token_type_hint="access_token")
    assert answer.status_code == 200 and not answer.content
    # From the answer on, without a wait.
    new = token_of(revoking, client)
    assert [is_revoked(revoking, token) for token in (first, second, new, others)] == [True, True, False, False]
    assert [is_active(revoking, token, reader) for token in (first, second, new, others)] == [False, False, True, True]
    assert not is_active(revoking, refresh_token, reader)
    assert "access_tokens_not_before" in revoking.clients_file.read_text()


def test_a_refresh_token(revoking):
    client = add(revoking, "job", "--grant-type", "refresh_token")
    answer = revoking.request_token(*client).json()
    assert revoke(revoking, client, answer["refresh_token"]).status_code == 200
    form = {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"]}
    refused = requests.post(revoking.token_endpoint, data=form, auth=client, timeout=DEADLINE)
    assert refusal(refused) == (400, "invalid_grant")
    assert is_revoked(revoking, answer["access_token"])


def test_what_needs_no_revocation(revoking):
    client = add(revoking, "job")
    before = revoking.clients_file.read_text()
    token = token_of(revoking, client)
    for text in ["x", "eyJ.eyJ.x", token[:-6] + "AAAAAA", "writ_rt_" + "A" * 60, "\u00e9\x00"]:
        assert revoke(revoking, client, text).status_code == 200, text
    assert revoking.clients_file.read_text() == before
    assert not is_revoked(revoking, token)


def test_a_token_of_another_client(revoking):
    client, other = add(revoking, "job"), add(revoking, "other")
    token = token_of(revoking, other)
    assert refusal(revoke(revoking, client, token)) == (400, "invalid_grant")
    assert not is_revoked(revoking, token)
    revoking.wait_for_log('"cause":"token_of_another_client"')


def test_who_does_not_prove_who_it_is(revoking):
    token = revoking.access_token()
    client = (revoking.client_id, "wrong")
    assert refusal(revoke(revoking, client, token)) == (401, "invalid_client")
    assert refusal(requests.post(f"{revoking.issuer}/oauth2/revoke", data={"token": token}, timeout=DEADLINE)) == (
        401, "invalid_client")
    assert refusal(revoke(revoking, (revoking.client_id, revoking.client_secret), "")) == (400, "invalid_request")
    assert requests.get(f"{revoking.issuer}/oauth2/revoke", timeout=DEADLINE).status_code == 405
    assert not is_revoked(revoking, token)


def test_a_library_that_revokes(revoking):
    client = add(revoking, "job")
    session = OAuth2Session(*client, token_endpoint=revoking.token_endpoint)
    token = session.fetch_token(revoking.token_endpoint, grant_type="client_credentials", timeout=DEADLINE)
    url = metadata(revoking)["revocation_endpoint"]
    assert session.revoke_token(url, token=token["access_token"], timeout=DEADLINE).status_code == 200
    assert is_revoked(revoking, token["access_token"])


def test_the_metadata_says_what_there_is(revoking):
    document = metadata(revoking)
    assert document["revocation_endpoint"] == f"{revoking.issuer}/oauth2/revoke"
    for suffix in ["methods_supported", "signing_alg_values_supported"]:
        assert document[f"revocation_endpoint_auth_{suffix}"] == document[f"token_endpoint_auth_{suffix}"]


def test_without_the_setting_there_is_none(own_service):
    service = own_service.start()
    assert not [name for name in metadata(service) if name.startswith("revocation")]
    client = (service.client_id, service.client_secret)
    assert refusal(revoke(service, client, service.access_token())) == (404, "invalid_request")


@pytest.mark.skipif(os.geteuid() != 0, reason="a folder is made read-only by a mount")
def test_a_file_that_cannot_be_written(own_service):
    service = own_service
    mount = [*own_mounts(), "bash", "-c", 'mount --bind -o ro . . && cd "$PWD" && exec "$@"', "-"]
    service.start(prefix=mount, WRIT_REVOCATION="on")
    assert "revocation_endpoint" not in metadata(service)
    client = (service.client_id, service.client_secret)
    assert refusal(revoke(service, client, service.access_token())) == (404, "invalid_request")
    wait_until("the log says why", lambda: "clients.yaml" in service.log and "revocation" in service.log)
