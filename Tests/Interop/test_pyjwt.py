"""PyJWT as the verifier, with the keys from the running service."""

import jwt
import pytest

from service import RESOURCE, SCOPE
from tokens import PARTS, flip_one_bit

CLAIMS = ["iss", "sub", "aud", "exp", "iat", "jti", "client_id", "scope"]


@pytest.fixture(scope="module")
def token(signing_service):
    return signing_service.access_token()


@pytest.fixture(scope="module")
def verify(signing_service, algorithm, token):
    """Verifies as a resource server does; the key is the one that the untouched token names."""
    key = jwt.PyJWKClient(signing_service.jwks_uri).get_signing_key_from_jwt(token)

    def verify(token, **expected):
        return jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            options={"require": CLAIMS},
            **{"audience": RESOURCE, "issuer": signing_service.issuer, **expected},
        )

    return verify


def test_verifies(signing_service, verify, token):
    claims = verify(token)

    assert sorted(claims) == sorted(CLAIMS)
    assert claims["sub"] == claims["client_id"] == signing_service.client_id
    assert claims["scope"] == SCOPE
    assert claims["exp"] - claims["iat"] == 900


def test_the_header_is_of_an_access_token(token, algorithm):
    header = jwt.get_unverified_header(token)

    assert header == {"alg": algorithm, "typ": "at+jwt", "kid": header["kid"]}


def test_two_tokens_have_two_ids(signing_service, verify, token):
    assert verify(token)["jti"] != verify(signing_service.access_token())["jti"]


@pytest.mark.parametrize("part", PARTS)
def test_one_flipped_bit_is_refused(verify, token, part):
    with pytest.raises(jwt.InvalidSignatureError):
        verify(flip_one_bit(token, part))


def test_another_audience_is_refused(verify, token):
    with pytest.raises(jwt.InvalidAudienceError):
        verify(token, audience="https://other.example.com")


def test_another_issuer_is_refused(verify, token):
    with pytest.raises(jwt.InvalidIssuerError):
        verify(token, issuer="https://tokens.example.com")
