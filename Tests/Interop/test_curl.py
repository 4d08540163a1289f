"""curl as the client: what a person pastes, and what the oldest clients send."""

import json
import subprocess

import pytest

from service import DEADLINE, RESOURCE, SCOPE, Service
from tokens import claims


def curl(*arguments) -> tuple[int, dict[str, str], str]:
    """The status, the header fields by their names in lower case, and the body."""
    result = subprocess.run(
        ["curl", "--silent", "--show-error", "--include", *arguments],
        capture_output=True,
        encoding="utf-8",
        timeout=DEADLINE,
        check=True,
    )
    head, _, body = result.stdout.partition("\n\n")
    status_line, *fields = head.split("\n")
    pairs = (field.split(": ", 1) for field in fields)
    return int(status_line.split()[1]), {name.lower(): value for name, value in pairs}, body


@pytest.fixture(scope="module")
def legacy_service(tmp_path_factory):
    """A service in the place of one whose clients post to /index.php."""
    with Service(tmp_path_factory.mktemp("writ")) as service:
        yield service.start(WRIT_TOKEN_PATH="/index.php")


def test_the_line_that_init_prints(service):
    """It ends in the history of a shell, so it holds no secret: curl asks for that."""
    line = service.initial["curl"]
    assert service.client_secret not in line
    # Without a terminal, curl reads the secret from standard input.
    result = subprocess.run(
        ["bash", "-c", line],
        input=service.client_secret + "\n",
        capture_output=True,
        encoding="utf-8",
        timeout=DEADLINE,
        start_new_session=True,
    )

    assert result.returncode == 0, result.stderr
    assert claims(json.loads(result.stdout)["access_token"])["aud"] == RESOURCE


def test_a_token_answer(service):
    status, fields, body = curl(
        service.token_endpoint,
        *("--user", f"{service.client_id}:{service.client_secret}"),
        *("--data", "grant_type=client_credentials"),
    )

    assert status == 200
    assert fields["content-type"].startswith("application/json")
    assert fields["cache-control"] == "no-store"
    answer = json.loads(body)
    assert answer == {
        "access_token": answer["access_token"],
        "token_type": "Bearer",
        "expires_in": 900,
        "scope": SCOPE,
    }
    # Not the string that the seed of this project sent.
    assert type(answer["expires_in"]) is int


def test_a_legacy_client_works_unchanged(legacy_service):
    status, _, body = curl(
        f"{legacy_service.issuer}/index.php?option=token&api=oauth2",
        *("-d", "grant_type=client_credentials"),
        *("-d", f"client_id={legacy_service.client_id}"),
        *("-d", f"client_secret={legacy_service.client_secret}"),
    )

    assert status == 200, body
    assert json.loads(body)["scope"] == SCOPE


def test_the_metadata_names_the_legacy_path(legacy_service):
    _, _, body = curl(f"{legacy_service.issuer}/.well-known/oauth-authorization-server")

    assert json.loads(body)["token_endpoint"] == f"{legacy_service.issuer}/index.php"


@pytest.mark.parametrize("form", ["", "client_id={id}&client_secret={secret}"], ids=["alone", "and in the body"])
def test_credentials_in_the_url_are_refused(legacy_service, form):
    id, secret = legacy_service.client_id, legacy_service.client_secret
    status, _, body = curl(
        f"{legacy_service.issuer}/index.php?option=token&api=oauth2&client_id={id}&client_secret={secret}",
        *("-d", "grant_type=client_credentials"),
        *("-d", form.format(id=id, secret=secret)),
    )

    assert status == 400
    answer = json.loads(body)
    assert answer["error"] == "invalid_request"
    assert "URL" in answer["error_description"]
    assert secret not in body


def test_an_error_is_not_cached_either(service):
    status, fields, body = curl(service.token_endpoint, "--data", "grant_type=client_credentials")

    assert status == 401
    assert fields["cache-control"] == "no-store"
    assert json.loads(body)["error"] == "invalid_client"


def test_the_openid_document_is_the_other_one_with_more_members(service):
    _, _, oauth = curl(f"{service.issuer}/.well-known/oauth-authorization-server")
    _, _, openid = curl(f"{service.issuer}/.well-known/openid-configuration")

    document = json.loads(oauth)
    assert document.items() <= json.loads(openid).items()
    assert document["issuer"] == service.issuer
    assert document["token_endpoint"] == service.token_endpoint
    assert document["jwks_uri"] == service.jwks_uri


def test_an_unchanged_key_set_is_not_sent_again(service):
    status, fields, body = curl(service.jwks_uri)
    assert status == 200
    assert json.loads(body)["keys"]
    assert "max-age=300" in fields["cache-control"]

    status, again, body = curl(service.jwks_uri, "--header", f"If-None-Match: {fields['etag']}")
    assert (status, body) == (304, "")
    assert again["etag"] == fields["etag"]

    status, _, _ = curl(service.jwks_uri, "--header", 'If-None-Match: "another"')
    assert status == 200
