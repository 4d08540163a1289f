"""joserfc as the verifier, offline: with the key set that `writ keys export` prints."""

import json

import pytest
import requests
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet

from service import DEADLINE, RESOURCE
from tokens import PARTS, flip_one_bit, header


@pytest.fixture(scope="module")
def token(signing_service):
    return signing_service.access_token()


@pytest.fixture(scope="module")
def key_set(signing_service):
    return KeySet.import_key_set(json.loads(signing_service.writ("keys", "export").stdout))


def test_verifies(signing_service, algorithm, key_set, token):
    verified = jwt.decode(token, key_set, algorithms=[algorithm])

    assert verified.header["typ"] == "at+jwt"
    jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": signing_service.issuer},
        aud={"essential": True, "value": RESOURCE},
        exp={"essential": True},
        iat={"essential": True},
    ).validate(verified.claims)


@pytest.mark.parametrize("part", PARTS)
def test_one_flipped_bit_is_refused(algorithm, key_set, token, part):
    # In the header the flipped bit makes another key id: the key is given, so that the signature has to catch it.
    key = key_set.get_by_kid(header(token)["kid"])

    with pytest.raises(BadSignatureError):
        jwt.decode(flip_one_bit(token, part), key, algorithms=[algorithm])


def test_the_exported_keys_are_the_published_ones(signing_service, key_set):
    published = KeySet.import_key_set(requests.get(signing_service.jwks_uri, timeout=DEADLINE).json())

    assert {key.kid for key in key_set} == {key.kid for key in published}
    assert not any(key.is_private for key in [*key_set, *published])
