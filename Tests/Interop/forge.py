"""Tokens as the service makes them, and tokens that are wrong in one way each."""

import base64
import hmac
import json
import time

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

# The wrong types. Many verifiers accept them.
TYPES = ("type-jwt", "type-absent", "type-introspection")


def base64url(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


class Forge:
    """Makes tokens with the service's own key, right but for what is asked to be wrong."""

    def __init__(self, service, **claims):
        token = service.access_token()
        self.key = (service.folder / "keys/rs256.pem").read_bytes()
        self.header = jwt.get_unverified_header(token)
        self.claims = {**jwt.decode(token, options={"verify_signature": False}), **claims}

    def token(self, key=None, header=None, without=(), **claims):
        header = {**self.header, **(header or {})}
        payload = {name: value for name, value in {**self.claims, **claims}.items() if name not in without}
        return jwt.encode(payload, key or self.key, header["alg"], header)

    def by_hand(self, algorithm, sign, **header):
        """What PyJWT refuses to make."""
        header = {**self.header, "alg": algorithm, **header}
        parts = [base64url(json.dumps(part).encode()) for part in (header, self.claims)]
        text = ".".join(parts)
        return f"{text}.{base64url(sign(text.encode()))}"

    def bad(self):
        now = int(time.time())
        stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        public = serialization.load_pem_private_key(self.key, None).public_key()
        secret = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        good = self.token()
        header, _, signature = good.split(".")
        return {
            "audience": self.token(aud="https://other.example.com"),
            "issuer": self.token(iss="https://other.example.com"),
            "expired": self.token(exp=now - 3600, iat=now - 7200),
            "no-expiry": self.token(without=["exp"]),
            "expiry-null": self.token(exp=None),
            "type-jwt": self.token(header={"typ": "JWT"}),
            "type-absent": self.token(header={"typ": None}),
            "type-introspection": self.token(header={"typ": "token-introspection+jwt"}),
            "type-a-number": self.by_hand("HS256", lambda _: b"x", typ=5),
            "another-key": self.token(key=stranger),
            "hmac-of-the-public-key": self.by_hand("HS256", lambda text: hmac.digest(secret, text, "sha256")),
            "unsigned": self.by_hand("none", lambda _: b""),
            "changed-payload": ".".join([header, self.token(sub="other").split(".")[1], signature]),
            "changed": good[:-6] + ("AAAAAA" if good[-6:] != "AAAAAA" else "BBBBBB"),
            "cut": good[: good.rindex(".") + 1],
            "nonsense": "a.b.c",
        }


def check(forge, accepts, but_also=(), map=map):
    """`accepts` is true for the good token and for no other, but for what the documentation says is accepted too."""
    assert accepts(forge.token()), "the good token is refused"
    bad = forge.bad()
    accepted = {name for name, is_accepted in zip(bad, map(accepts, bad.values()), strict=True) if is_accepted}
    assert accepted == set(but_also)
