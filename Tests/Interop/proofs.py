"""DPoP proofs as joserfc makes them, and proofs by hand that no library makes."""

import hashlib
import hmac
import json
import time
import uuid

import requests
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from service import DEADLINE
from tokens import encode_base64url

KEYS = {
    "RS256": lambda: RSAKey.generate_key(2048), "PS256": lambda: RSAKey.generate_key(2048),
    "ES256": lambda: ECKey.generate_key("P-256"), "ES384": lambda: ECKey.generate_key("P-384"),
    "EdDSA": lambda: OKPKey.generate_key("Ed25519"), "Ed25519": lambda: OKPKey.generate_key("Ed25519"),
}


class Prover:
    """A client's key, and the proofs that it makes for one URL."""

    def __init__(self, url, algorithm="ES256", key=None):
        self.url, self.algorithm = url, algorithm
        self.key = key or KEYS[algorithm]()
        self.thumbprint = self.key.thumbprint()

    def header(self, **changes):
        good = {"typ": "dpop+jwt", "alg": self.algorithm, "jwk": self.key.as_dict(private=False)}
        return present({**good, **changes})

    def claims(self, **changes):
        good = {"jti": str(uuid.uuid4()), "htm": "POST", "htu": self.url, "iat": int(time.time())}
        return present({**good, **changes})

    def proof(self, header={}, **changes):
        return joserfc_jwt.encode(
            self.header(**header), self.claims(**changes), self.key, algorithms=[self.algorithm]
        )

    def by_hand(self, sign=lambda text: b"x" * 64, header={}, **changes):
        """What joserfc refuses to make."""
        parts = [encode_base64url(json.dumps(part).encode()) for part in (self.header(**header), self.claims(**changes))]
        text = ".".join(parts)
        return f"{text}.{encode_base64url(sign(text.encode()))}"


def present(members):
    return {name: value for name, value in members.items() if value is not None}


def keyed_by(secret):
    """A MAC in place of a signature."""
    return lambda text: hmac.digest(secret, text, hashlib.sha256)


def request_token(service, proof=None, client=None, url=None, **form):
    """A token request with a `DPoP` field, or without, of the demo client or of another with its secret."""
    client_id, secret = client or (service.client_id, service.client_secret)
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret, **form}
    headers = {} if proof is None else {"DPoP": proof}
    return requests.post(url or service.token_endpoint, data=form, headers=headers, timeout=DEADLINE)


def refusal(answer):
    """The status, the error, and which rule is broken, as the client is told."""
    content = answer.json()
    return answer.status_code, content.get("error"), content.get("error_description", "").partition(": ")[2].rstrip(".")
