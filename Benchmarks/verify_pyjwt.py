"""CPU time of one verification by PyJWT: arguments are issuer, audience, the files of key set and token, and a count."""

import json
import statistics
import sys
import time
from pathlib import Path

import jwt

issuer, audience, jwks, token, count = sys.argv[1:]
key = jwt.PyJWKSet.from_dict(json.loads(Path(jwks).read_text())).keys[0]
token = Path(token).read_text().strip()
costs = []
for _ in range(5):
    start = time.process_time()
    for _ in range(int(count)):
        jwt.decode(token, key, algorithms=["RS256"], issuer=issuer, audience=audience)
    costs.append((time.process_time() - start) / int(count))
median = statistics.median(costs)
print(f"PyJWT\t{median * 1e6:.2f}\t{int(1 / median)}")
