"""Nothing that a client sends to prove itself, and nothing that it gets for it, is ever in the log."""

import base64

import requests

from service import DEADLINE


def test_the_log_of_a_whole_session_holds_no_secret(own_service):
    # All that the service could say, it says.
    service = own_service.start(WRIT_LOG_LEVEL="trace")
    id, secret = service.client_id, service.client_secret
    wrong = "a-wrong-secret-of-a-real-client"
    grant = {"grant_type": "client_credentials"}
    # What is sent or answered, and may not be logged.
    confidential = {secret, wrong}

    def post(url=service.token_endpoint, **options):
        answer = requests.post(url, timeout=DEADLINE, **options)
        if authorization := answer.request.headers.get("Authorization"):
            confidential.update([authorization, authorization.rpartition(" ")[2]])
        return answer

    def expect(status, answer):
        assert answer.status_code == status, answer.text
        assert not any(value in answer.text for value in confidential)

    for answer in [
        post(auth=(id, secret), data=grant),
        post(data={**grant, "client_id": id, "client_secret": secret}),
    ]:
        assert answer.status_code == 200
        token = answer.json()["access_token"]
        confidential.update([token, token.rpartition(".")[2]])

    expect(401, post(auth=(id, wrong), data=grant))
    expect(401, post(data={**grant, "client_id": id, "client_secret": wrong}))
    expect(401, post(auth=("nobody", wrong), data=grant))
    expect(400, post(f"{service.token_endpoint}?client_id={id}&client_secret={secret}", data=grant))
    expect(404, post(f"{service.issuer}/no/such/path?client_secret={secret}", data={"client_secret": secret}))
    # Two methods at once, and a parameter twice.
    expect(400, post(auth=(id, secret), data={**grant, "client_id": id, "client_secret": secret}))
    expect(400, post(data=[*grant.items(), ("client_id", id), ("client_secret", secret), ("client_secret", secret)]))
    # Bodies that are no form, or too long for one.
    expect(415, post(json={**grant, "client_id": id, "client_secret": secret}))
    expect(413, post(data={**grant, "client_id": id, "client_secret": secret * 500}))
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    expect(400, post(data=f"client_secret={secret}&grant_type=%FF".encode(), headers=form))
    expect(400, post(auth=(id, secret), data={"grant_type": "refresh_token", "refresh_token": f"writ_rt_{secret}"}))
    expect(400, post(auth=(id, secret), data={**grant, "scope": "site.admin"}))
    expect(405, requests.get(service.token_endpoint, auth=(id, secret), timeout=DEADLINE))

    # Credentials that are not what they should be.
    jumbled = base64.b64encode(f"{id}{secret}".encode()).decode()
    for authorization in [f"Basic {secret}", f"Basic {jumbled}", f"Bearer {token}", f"Digest {secret}", secret]:
        answer = post(data=grant, headers={"Authorization": authorization})
        assert answer.status_code in (400, 401), answer.text

    service.stop()
    assert service.log, "a log without a line would prove nothing"
    for value in confidential:
        assert value not in service.log
