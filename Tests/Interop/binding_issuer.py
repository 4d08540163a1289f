"""An issuer that binds tokens to the key of its client: to the key of a DPoP proof, or to the certificate of the connection."""

import hashlib
import json
import ssl
import threading
import time
import uuid
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import jwt
from joserfc.jwk import ECKey

from tokens import encode_base64url

AUDIENCE = "https://api.example.com"


def proven_key(proof, method, url):
    """The thumbprint of the key of a proof, if the proof is good for the request; and its nonce."""
    key = ECKey.import_key(jwt.get_unverified_header(proof)["jwk"])
    claims = jwt.decode(proof, key.as_pem(private=False), algorithms=["ES256"], options={"verify_aud": False})
    assert jwt.get_unverified_header(proof)["typ"] == "dpop+jwt"
    assert (claims["htm"], claims["htu"]) == (method, url) and abs(claims["iat"] - time.time()) < 60
    return key.thumbprint(), claims.get("nonce")


class BindingIssuer:
    """`nonce` is what it asks for in proofs, and `type` what it says of its tokens. `seen` has the form of each request."""

    def __init__(self, context=None):
        self.key = ECKey.generate_key("P-256", {"kid": "k1"})
        self.nonce, self.type, self.seen, self.aliases = None, None, [], None
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None
        if context:
            # The handshake is made by the thread of the connection.
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.identifier = f"{'https' if context else 'http'}://127.0.0.1:{self.server.server_address[1]}"

    def handler(issuer):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                metadata = {"issuer": issuer.identifier, "token_endpoint": f"{issuer.identifier}/token"}
                metadata["jwks_uri"] = f"{issuer.identifier}/keys"
                if issuer.aliases:
                    metadata["mtls_endpoint_aliases"] = issuer.aliases
                keys = {"keys": [{**issuer.key.as_dict(private=False), "alg": "ES256", "use": "sig"}]}
                self.reply(keys if self.path == "/keys" else metadata)

            def do_POST(self):
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                issuer.seen.append({name: values[0] for name, values in form.items()})
                confirmation, proof = {}, self.headers["DPoP"]
                if proof:
                    confirmation["jkt"], nonce = proven_key(proof, "POST", f"{issuer.identifier}/token")
                    if issuer.nonce and nonce != issuer.nonce:
                        return self.reply({"error": "use_dpop_nonce"}, 400, **{"DPoP-Nonce": issuer.nonce})
                certificate = getattr(self.connection, "getpeercert", lambda _: None)(True)
                if certificate:
                    confirmation["x5t#S256"] = encode_base64url(hashlib.sha256(certificate).digest())
                self.reply(
                    {
                        "access_token": issuer.token(cnf=confirmation),
                        "token_type": issuer.type or ("DPoP" if proof else "Bearer"),
                        "expires_in": 300,
                    }
                )

            def reply(self, value, status=200, **fields):
                body = json.dumps(value).encode()
                self.send_response(status)
                for name, text in {"Content-Type": "application/json", "Content-Length": str(len(body)), **fields}.items():
                    self.send_header(name, text)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        return Handler

    def token(self, **claims):
        now = int(time.time())
        defaults = {"iss": self.identifier, "sub": "job", "client_id": "job", "aud": AUDIENCE, "scope": "site.read"}
        times = {"iat": now, "exp": now + 300, "jti": str(uuid.uuid4())}
        header = {"typ": "at+jwt", "kid": "k1"}
        return jwt.encode({**defaults, **times, **claims}, self.key.as_pem(private=True), "ES256", header)


@contextmanager
def binding_issuer(pair=None, clients=None, folder=None):
    """Over TLS with a certificate of its own, and with `clients` (certificates in PEM) those of clients are asked for."""
    context = None
    if pair:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        pair.install(folder)
        context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
        if clients:
            context.load_verify_locations(cadata=clients)
            context.verify_mode = ssl.CERT_OPTIONAL
    issuer = BindingIssuer(context)
    thread = threading.Thread(target=issuer.server.serve_forever)
    thread.start()
    try:
        yield issuer
    finally:
        issuer.server.shutdown()
        thread.join()
        issuer.server.server_close()
