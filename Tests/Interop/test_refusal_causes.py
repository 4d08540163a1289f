"""The log, the metrics and the traces say why a request was refused; the client learns no more than before."""

import json
import time

import jwt
import pytest
import requests

from service import DEADLINE, wait_until
from test_client_authentication import KEYS, add_client, ask, claims, write_key_set
from test_log import events

RULES = "    client_assertion: { longest_lifetime: 1h, single_use: false }\n"


@pytest.fixture(scope="module")
def key():
    return KEYS["ES256"]()


def assertion(service, key, **changes):
    return jwt.encode(claims(service, **changes), key.as_pem(private=True), "ES256", {"kid": "k1"})


def test_each_refusal_has_its_cause(own_service, key):
    add_client(own_service, "--jwks", write_key_set(own_service, key))
    own_service.start()
    now = int(time.time())
    good = assertion(own_service, key)
    assert ask(own_service, good).status_code == 200
    refused = [
        (ask(own_service, good), "assertion_replayed", "job"),
        (ask(own_service, assertion(own_service, key, exp=now + 600)), "assertion_lifetime", "job"),
        (ask(own_service, assertion(own_service, key, aud="https://elsewhere.example")), "assertion_audience", "job"),
        (ask(own_service, assertion(own_service, key, jti=None)), "assertion_without_jti", "job"),
        (ask(own_service, assertion(own_service, key, iat=now - 3600)), "assertion_before_start", "job"),
        (ask(own_service, jwt.encode(claims(own_service), "k" * 32, "HS256")), "assertion_algorithm", "job"),
        (ask(own_service, "a.b.c", client_id="job"), "assertion_malformed", "job"),
        (ask(own_service, "a.b.c", client_id="writ_cs_in_the_wrong_place"), "assertion_malformed", None),
        (own_service.request_token(client_secret="wrong"), "wrong_secret", own_service.client_id),
        (own_service.request_token(client_id="nobody"), "unknown_client", None),
    ]
    assert {answer.text for answer, _, _ in refused} == {
        '{"error":"invalid_client","error_description":"Client authentication failed."}'
    }
    wait_until("all are logged", lambda: len(events(own_service, "Refused")) == len(refused))
    logged = events(own_service, "Refused")
    assert [event["cause"] for event in logged] == [cause for _, cause, _ in refused]
    assert [event.get("client_id") for event in logged] == [client for _, _, client in refused]
    assert "in_the_wrong_place" not in own_service.log
    metrics = requests.get(f"{own_service.management}/metrics", timeout=DEADLINE).text
    assert 'writ_refusals_total{cause="assertion_malformed"} 2\n' in metrics
    assert 'writ_refusals_total{cause="wrong_secret"} 1\n' in metrics


def test_a_grant_that_is_not_offered_is_refused_before_the_client(own_service):
    own_service.start()
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:saml2-bearer", "assertion": "a.b.c"}
    answer = requests.post(own_service.token_endpoint, data=form, timeout=DEADLINE)
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")
    wait_until("it is logged", lambda: events(own_service, "Refused"))
    assert events(own_service, "Refused")[0]["cause"] == "grant_type_unsupported"


def test_rules_of_a_client_take_effect_at_once_and_are_a_warning(own_service, key):
    add_client(own_service, "--jwks", write_key_set(own_service, key))
    own_service.start()
    long = assertion(own_service, key, exp=int(time.time()) + 3600, jti=None)
    assert ask(own_service, long).status_code == 401
    text = own_service.clients_file.read_text()
    own_service.clients_file.write_text(text + RULES)
    own_service.reload()
    wait_until("the rules apply", lambda: ask(own_service, long).status_code == 200)
    assert ask(own_service, long).status_code == 200
    warning = "client job has client_assertion.single_use off"
    assert any(warning in json.loads(line)["message"] for line in own_service.wait_for_log(warning))
    assert warning in own_service.writ("config", "check", "--running").stderr
    assert '"client_assertion":{"longest_lifetime":"1h","single_use":false}' in own_service.writ(
        "clients", "show", "job", "--json"
    ).stdout
    # The rule holds again as soon as it is there again.
    own_service.clients_file.write_text(text)
    own_service.reload()
    wait_until("the rules are gone", lambda: ask(own_service, long).status_code == 401)
