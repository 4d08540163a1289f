"""Looks at tokens as a resource server does, with the key set that is published just then."""

from collections import Counter

import jwt
import requests

from service import DEADLINE, RESOURCE, SCOPE


class TokenCheck:
    def __init__(self, service, lifetime):
        self.service, self.lifetime = service, lifetime
        self.session = requests.Session()
        self.keys = {}
        self.checked = 0
        # How many tokens each key has signed, and what was wrong with how many.
        self.key_ids, self.wrong = Counter(), Counter()

    def check(self, client, token):
        self.checked += 1
        try:
            key_id = jwt.get_unverified_header(token)["kid"]
            if self.checked % 50 == 1 or key_id not in self.keys:
                self.fetch()
            claims = jwt.decode(
                token,
                self.keys[key_id],
                algorithms=["RS256"],
                issuer=self.service.issuer,
                audience=RESOURCE,
                options={"require": ["exp", "iat", "iss", "aud", "sub", "jti"]},
            )
            assert claims["exp"] - claims["iat"] == self.lifetime, "exp"
            assert claims["client_id"] == claims["sub"] == client, "client_id"
            assert claims["scope"] == SCOPE, "scope"
            self.key_ids[key_id] += 1
        except KeyError as error:
            self.wrong[f"not in the key set: {error}"] += 1
        except (jwt.PyJWTError, AssertionError, requests.RequestException) as error:
            self.wrong[f"{type(error).__name__}: {error}"] += 1

    def fetch(self):
        answer = self.session.get(self.service.jwks_uri, timeout=DEADLINE)
        self.keys = {key.key_id: key.key for key in jwt.PyJWKSet.from_dict(answer.json()).keys}
