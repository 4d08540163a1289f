"""A platform that gives its workloads signed tokens: an OpenID issuer with keys of its own, and ways to behave badly.

As a program it writes a token for a pod into a file, as the kubelet does, and changes its keys on SIGUSR1:

    python oidc_issuer.py --port 9000 --token-file FILE --subject SUBJECT --audience AUDIENCE
"""

import argparse
import json
import os
import signal
import threading
import time
import uuid
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from joserfc.jwk import ECKey, RSAKey

CONFIGURATION = "/.well-known/openid-configuration"
MAKE = {
    "RS256": lambda kid: RSAKey.generate_key(2048, {"kid": kid}),
    "ES256": lambda kid: ECKey.generate_key("P-256", {"kid": kid}),
}


class Platform:
    """The issuer, its keys and its answers. `answers` replaces what it says at a path by a function of the handler."""

    def __init__(self, algorithm="RS256", port=0):
        self.algorithm = algorithm
        self.count = 0
        self.keys = []
        self.answers = {}
        self.seen = []
        self.rotate()
        self.server = ThreadingHTTPServer(("127.0.0.1", port), self.handler())
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None
        self.identifier = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.jwks_uri = f"{self.identifier}/keys"

    def handler(platform):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                platform.seen.append((self.path, dict(self.headers)))
                if answer := platform.answers.get(self.path):
                    return answer(self)
                if self.path == CONFIGURATION:
                    return self.reply({"issuer": platform.identifier, "jwks_uri": platform.jwks_uri})
                if self.path == "/keys":
                    return self.reply(platform.key_set())
                self.reply({}, 404)

            def reply(self, value, status=200, **fields):
                body = value if isinstance(value, bytes) else json.dumps(value).encode()
                self.send_response(status)
                for name, text in {"Content-Type": "application/json", "Content-Length": str(len(body)), **fields}.items():
                    self.send_header(name, text)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        return Handler

    @property
    def paths(self):
        return [path for path, _ in self.seen]

    def key_set(self, **members):
        return {"keys": [{**key.as_dict(private=False), "use": "sig", **members} for key in self.keys]}

    def rotate(self, keep=1):
        """Makes the next key, which signs from now on; of those before it the last ones stay published."""
        self.count += 1
        self.keys = [MAKE[self.algorithm](f"key-{self.count}"), *self.keys[:keep]]

    def claims(self, audience, **changes):
        now = int(time.time())
        good = {
            **{"iss": self.identifier, "sub": "pod", "aud": audience, "iat": now, "exp": now + 600},
            **{"nbf": now, "jti": str(uuid.uuid4())},
        }
        return {name: value for name, value in {**good, **changes}.items() if value is not None}

    def token(self, audience, header=None, key=None, **changes):
        key = key or self.keys[0]
        return jwt.encode(
            self.claims(audience, **changes), key.as_pem(private=True), self.algorithm, {"kid": key.kid, **(header or {})}
        )

    def start(self):
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        return self

    def stop(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@contextmanager
def platform(algorithm="RS256"):
    running = Platform(algorithm).start()
    try:
        yield running
    finally:
        running.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--token-file", required=True)
    parser.add_argument("--subject", required=True)
    parser.add_argument("--audience", required=True)
    options = parser.parse_args()
    issuer = Platform("RS256", options.port)

    def write():
        draft = f"{options.token_file}.new"
        with open(draft, "w") as file:
            file.write(issuer.token(options.audience, sub=options.subject))
        os.replace(draft, options.token_file)

    def rotate(*_):
        issuer.rotate(keep=0)
        write()

    # Who gets an answer may count on the file and on the signal.
    write()
    signal.signal(signal.SIGUSR1, rotate)
    issuer.start()
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
