"""Stands for a platform: prints its public keys, or a token of one of its workloads.

    identities.py keys FILE                          the JWK Set of a private key
    identities.py token FILE ALGORITHM ISSUER AUDIENCE

Runs in the environment of the interop tests, which has PyJWT.
"""

import json
import sys
import time
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

LIFETIME = 3600
KEY_ID = "k1"


def key_set(key):
    algorithm = RSAAlgorithm if isinstance(key, RSAPrivateKey) else ECAlgorithm
    return {"keys": [{**json.loads(algorithm.to_jwk(key.public_key())), "kid": KEY_ID}]}


def token(key, algorithm, issuer, audience):
    now = int(time.time())
    claims = {"iss": issuer, "sub": "workload", "aud": audience, "iat": now, "exp": now + LIFETIME}
    return jwt.encode(claims, key, algorithm, {"kid": KEY_ID})


if __name__ == "__main__":
    task, file, *arguments = sys.argv[1:]
    private_key = load_pem_private_key(Path(file).read_bytes(), None)
    print(json.dumps(key_set(private_key)) if task == "keys" else token(private_key, *arguments))
