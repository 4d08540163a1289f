"""Prints DPoP proofs (RFC 9449) by ES256, one on a line, for one request each.

    proofs.py FILE METHOD URL COUNT [TOKEN]

The file has the private key. A token is what the proofs are presented with. Runs in the environment of the interop tests, which
has PyJWT.
"""

import hashlib
import json
import os
import sys
import time
from base64 import urlsafe_b64encode
from multiprocessing import Pool
from pathlib import Path
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import ECAlgorithm

CHUNK = 500
# They are good for a minute to either side of `iat`: so for a minute and a half from now, and after a start of the server.
AHEAD = 30

key_file, method, url, count, *token = sys.argv[1:]
key = load_pem_private_key(Path(key_file).read_bytes(), None)
header = {"typ": "dpop+jwt", "jwk": json.loads(ECAlgorithm.to_jwk(key.public_key()))}
claims = {"htm": method, "htu": url, "iat": int(time.time()) + AHEAD}
if token:
    claims["ath"] = urlsafe_b64encode(hashlib.sha256(token[0].encode()).digest()).rstrip(b"=").decode()


def proofs(number):
    return [jwt.encode({**claims, "jti": str(uuid4())}, key, "ES256", header) for _ in range(number)]


if __name__ == "__main__":
    whole, rest = divmod(int(count), CHUNK)
    with Pool(len(os.sched_getaffinity(0))) as pool:
        for lines in pool.imap_unordered(proofs, [CHUNK] * whole + [rest] * (rest > 0)):
            print("\n".join(lines))
