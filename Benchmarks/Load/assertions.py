"""Prints the bodies of token requests with client assertions (RFC 7523), each with a `jti` of its own.

Arguments are the private key, the client, the audience and how many. Runs in the environment of the interop tests, which has
PyJWT.
"""

import os
import sys
import time
from multiprocessing import Pool
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_private_key

LIFETIME = 240
CHUNK = 500

key_file, client_id, audience, count = sys.argv[1:]
key = load_pem_private_key(Path(key_file).read_bytes(), None)


def bodies(number):
    now = int(time.time())
    claims = {"iss": client_id, "sub": client_id, "aud": audience, "iat": now, "exp": now + LIFETIME}
    lines = []
    for _ in range(number):
        fields = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": jwt.encode({**claims, "jti": str(uuid4())}, key, "RS256"),
        }
        lines.append(urlencode(fields))
    return lines


if __name__ == "__main__":
    with Pool(len(os.sched_getaffinity(0))) as pool:
        for lines in pool.imap_unordered(bodies, [CHUNK] * -(-int(count) // CHUNK)):
            print("\n".join(lines))
