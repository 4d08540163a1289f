"""`access_token.reuse`: within it a client gets the token that it got before, and a stampede costs one signature."""

import json
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
import requests

from service import DEADLINE, wait_until


def claims(answer):
    return jwt.decode(answer.json()["access_token"], options={"verify_signature": False})


@pytest.fixture
def reusing(own_service):
    """Longer than any test takes."""
    return own_service.start(WRIT_ACCESS_TOKEN_REUSE="5m")


def metric(service, name):
    text = requests.get(f"{service.management}/metrics", timeout=DEADLINE).text
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))


def test_off_unless_asked_for(own_service):
    service = own_service.start()
    tokens = [service.request_token().json()["access_token"] for _ in range(3)]
    assert len(set(tokens)) == 3
    assert metric(service, "writ_tokens_reused_total") == 0


def test_the_same_token_for_the_same_request(reusing):
    first, second = reusing.request_token(), reusing.request_token()
    assert first.json()["access_token"] == second.json()["access_token"]
    assert second.json()["expires_in"] <= first.json()["expires_in"] == 900
    assert second.headers["Cache-Control"] == "no-store"
    assert metric(reusing, "writ_tokens_reused_total") == 1
    lines = [json.loads(line) for line in reusing.log.splitlines() if '"Token issued"' in line]
    assert [line.get("reused") for line in lines] == [None, "true"]
    assert lines[0]["jti"] == lines[1]["jti"] == claims(first)["jti"]


def test_another_one_for_another_request(reusing):
    answers = [
        reusing.request_token(),
        reusing.request_token(scope="site.read"),
        reusing.request_token(scope="site.documentation site.read"),
    ]
    assert len({claims(answer)["jti"] for answer in answers}) == 3
    assert [answer.json()["scope"] for answer in answers][1:] == ["site.read", "site.documentation site.read"]


def test_whoever_cannot_prove_who_it_is_gets_nothing(reusing):
    assert reusing.request_token().ok
    assert reusing.request_token(client_secret="wrong").status_code == 401


def test_a_client_can_do_without(own_service):
    service = own_service
    text = service.clients_file.read_text()
    service.clients_file.write_text(text.replace("    scope:", "    access_token_reuse: off\n    scope:", 1))
    service.start(WRIT_ACCESS_TOKEN_REUSE="5m")
    assert claims(service.request_token())["jti"] != claims(service.request_token())["jti"]


def test_a_client_that_gets_a_refresh_token_gets_an_access_token_of_its_own(reusing):
    added = json.loads(reusing.writ("clients", "add", "nightly", "--grant-type", "refresh_token", "--json").stdout)
    reusing.reload()
    wait_until("the client is known", lambda: reusing.request_token("nightly", added["client_secret"]).ok)
    answers = [reusing.request_token("nightly", added["client_secret"]) for _ in range(2)]
    assert claims(answers[0])["jti"] != claims(answers[1])["jti"]


def test_a_stampede_costs_one_signature(reusing):
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda _: reusing.request_token(), range(320)))
    assert all(answer.ok for answer in answers)
    assert len({claims(answer)["jti"] for answer in answers}) == 1
    assert metric(reusing, "writ_signing_queue_wait_seconds_count") == 1
    assert metric(reusing, "writ_tokens_reused_total") == 319
