"""A server that answers as HashiCorp Vault and OpenBao do, and ways to behave badly.

It has the Transit engine, the tokens and the login of Kubernetes service accounts, as far as keys and signatures need them. It
follows the pages "Transit secrets engine (API)", "Kubernetes auth method (API)" and "HTTP API" of OpenBao's documentation
(website/content/docs/api of github.com/openbao/openbao), with the statuses and texts of OpenBao 2.7;
test_vault_stand_in.py sends the same requests to both. Vault's own pages are developer.hashicorp.com/vault/api-docs/secret/transit,
/auth/kubernetes and /system/health, which has the statuses of standbys.

As a program it runs until it is stopped:

    python vault_stand_in.py --port 8200 --token root [--key NAME:TYPE] [--account ROLE:JWT] [--certificate FILE --private-key FILE]

What a test does with methods, another program does over HTTP: `POST /control` with `{"call": "behave", "on": "sign",
"behaviour": "late", "seconds": 1, "times": 2}`, and with the names and arguments of the other methods in CONTROLS. `GET /control`
says how many connections and requests there were.
"""

import argparse
import base64
import json
import re
import secrets
import signal
import socket
import ssl
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

TYPES = {
    **{f"rsa-{bits}": lambda bits=bits: rsa.generate_private_key(65537, bits) for bits in (2048, 3072, 4096)},
    "ecdsa-p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ecdsa-p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    # It encrypts, and has no public half.
    "aes256-gcm96": lambda: None,
}
NAMES = {"ecdsa-p256": "P-256", "ecdsa-p384": "P-384"}
HASHES = {"sha2-256": hashes.SHA256(), "sha2-384": hashes.SHA384(), "sha2-512": hashes.SHA512()}
NAME = r"(?P<name>\w(?:[\w.-]*\w)?)"
# What a path of an engine asks for.
OPERATIONS = {
    "keys": re.compile(rf"keys/{NAME}$"),
    "rotate": re.compile(rf"keys/{NAME}/rotate$"),
    "config": re.compile(rf"keys/{NAME}/config$"),
    "sign": re.compile(rf"sign/{NAME}(?:/(?P<hash>[\w-]+))?$"),
}
BEHAVIOURS = {
    "late",  # the right answer, after `seconds`
    "twice",  # the right answer, and once more behind it, to a question that was not asked
    "wrong-key",  # a signature by another key
    "wrong-version",  # a signature that says that another version made it
    "garbage",  # status 200 with a page of HTML
    "too-large",  # megabytes of JSON
    "half",  # the first half of the right answer, and the end of the connection
    "close",  # the end of the connection, and no answer
    "hang",  # no answer
    "status",  # an answer with `status`, and `text` as Vault's error
    "sealed",  # 503
    "standby",  # 473
    "redirect",  # 307 to `location`, as a standby answers that does not forward
    "denied",  # 403
}
CONTROLS = {
    *("behave", "behave_well", "add_token", "revoke_tokens", "add_account", "make_key", "configure_key", "delete_key", "set_lease"),
}


class Refused(Exception):
    """An answer without success: its status, and Vault's texts."""

    def __init__(self, status, *texts):
        super().__init__(status)
        self.status, self.texts = status, list(texts)


def wrapped(text):
    """As Vault writes the errors of an engine."""
    return f"1 error occurred:\n\t* {text}\n\n"


class Key:
    """A key of the engine with its versions, by number."""

    def __init__(self, name, type, exportable=False, allow_plaintext_backup=False, derived=False):
        self.name, self.type, self.derived = name, type, derived
        self.exportable, self.allow_plaintext_backup = exportable, allow_plaintext_backup
        self.deletion_allowed = False
        self.min_decryption_version, self.min_encryption_version = 1, 0
        self.versions = {}
        self.rotate()

    @property
    def latest_version(self):
        return max(self.versions)

    def rotate(self):
        self.versions[max(self.versions, default=0) + 1] = TYPES[self.type]()

    def public_key(self, version=None):
        """Of the newest version, unless one is named."""
        return self.versions[version or self.latest_version].public_key()

    def public_text(self, version):
        if self.derived:
            return ""
        if self.type == "ed25519":
            return base64.b64encode(self.public_key(version).public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
        return self.public_key(version).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def describe_version(self, version):
        if self.type not in ("ed25519", *NAMES) and not self.type.startswith("rsa"):
            return 1796065288
        return {
            "certificate_chain": "",
            "creation_time": "2026-11-30T19:01:28.108528788Z",
            "name": NAMES.get(self.type, self.type),
            "public_key": self.public_text(version),
        }

    def describe(self):
        shown = [version for version in sorted(self.versions) if version >= self.min_decryption_version]
        return {
            "allow_plaintext_backup": self.allow_plaintext_backup,
            "auto_rotate_period": 0,
            "deletion_allowed": self.deletion_allowed,
            "derived": self.derived,
            "exportable": self.exportable,
            "imported_key": False,
            "keys": {str(version): self.describe_version(version) for version in shown},
            "latest_version": self.latest_version,
            "min_available_version": 0,
            "min_decryption_version": self.min_decryption_version,
            "min_encryption_version": self.min_encryption_version,
            "name": self.name,
            "soft_deleted": False,
            "supports_decryption": self.type.startswith(("rsa", "aes")),
            "supports_derivation": self.type in ("ed25519", "aes256-gcm96"),
            "supports_encryption": self.type.startswith(("rsa", "aes")),
            "supports_signing": not self.type.startswith("aes"),
            "type": self.type,
        }

    def sign(self, body, hash_name, key=None, shown_version=None):
        """`vault:vVERSION:SIGNATURE`, by another key if there is one."""
        if self.type.startswith("aes"):
            raise Refused(400, f"key type {self.type} does not support signing")
        hash = HASHES.get(hash_name or body.get("hash_algorithm") or "sha2-256")
        if hash is None:
            raise Refused(400, f'invalid hash algorithm "{hash_name}"')
        if body.get("marshaling_algorithm", "asn1") not in ("asn1", "jws"):
            raise Refused(400, f'invalid marshaling type "{body["marshaling_algorithm"]}"')
        try:
            octets = base64.b64decode(body.get("input", ""), validate=True)
        except ValueError as error:
            raise Refused(400, f"unable to decode input as base64: {error}") from None
        version = body.get("key_version") or self.latest_version
        if version > self.latest_version:
            raise Refused(500, wrapped("requested version for signing is higher than the latest key version"))
        if version not in self.versions or version < max(self.min_encryption_version, self.min_decryption_version):
            raise Refused(500, wrapped("requested version for signing is less than the minimum encryption key version"))
        key = key or self.versions[version]
        if self.type != "ed25519" and not body.get("prehashed"):
            digest = hashes.Hash(hash)
            digest.update(octets)
            octets = digest.finalize()
        try:
            signature = self.signature(key, octets, hash, body)
        except ValueError:
            raise Refused(500, wrapped("crypto/rsa: input must be hashed message")) from None
        is_jws = self.type.startswith("ecdsa") and body.get("marshaling_algorithm") == "jws"
        encoded = base64.urlsafe_b64encode(signature).rstrip(b"=") if is_jws else base64.b64encode(signature)
        return {"key_version": version, "signature": f"vault:v{shown_version or version}:{encoded.decode()}"}

    def signature(self, key, octets, hash, body):
        if self.type == "ed25519":
            return key.sign(octets)
        if self.type.startswith("rsa"):
            if body.get("signature_algorithm", "pss") == "pkcs1v15":
                return key.sign(octets, padding.PKCS1v15(), Prehashed(hash))
            salt = body.get("salt_length", "auto")
            size = {"auto": padding.PSS.MAX_LENGTH, "hash": hash.digest_size}.get(salt) or int(salt)
            return key.sign(octets, padding.PSS(padding.MGF1(hash), size), Prehashed(hash))
        der = key.sign(octets, ec.ECDSA(Prehashed(hash)))
        if body.get("marshaling_algorithm") != "jws":
            return der
        size = (key.key_size + 7) // 8
        return b"".join(number.to_bytes(size, "big") for number in decode_dss_signature(der))


class Vault:
    """The server, what is in it and what it is asked. `seen` has the requests: method, path, fields and body."""

    def __init__(self, port=0, token="root", mount="transit", pair=None, folder=None, namespace=""):
        self.lock = threading.RLock()
        # Token -> the paths that it may use, `None` for all; `*` at the end stands for anything.
        self.tokens = {token: None}
        self.accounts = {}
        self.auth_mounts = {"kubernetes"}
        self.lease = 3600
        self.mounts = {mount: {}}
        self.mount, self.namespace, self.port = mount, namespace, port
        self.seen = []
        self.bad = []
        self.connections = set()
        # How many connections there were.
        self.accepted = 0
        self.context = None
        self.released = threading.Event()
        self.server = None
        if pair is not None:
            (folder / "vault.crt").write_bytes(pair.certificate_pem)
            (folder / "vault.key").write_bytes(pair.key_pem())
            self.use_certificate(folder / "vault.crt", folder / "vault.key")

    def use_certificate(self, certificate, key):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)

    @property
    def origin(self):
        return f"{'https' if self.context else 'http'}://127.0.0.1:{self.port}"

    def uri(self, name):
        """As a `.key-uri` file has it."""
        return f"vault+{self.origin}/{self.mount}/keys/{name}"

    def key(self, name):
        return self.mounts[self.mount][name]

    # What is in it

    def make_key(self, name, type="rsa-2048", **options):
        with self.lock:
            self.mounts[self.mount][name] = Key(name, type, **options)
            return self.key(name)

    def configure_key(self, name, **members):
        """`deletion_allowed`, `min_decryption_version` and `min_encryption_version`; and `exportable`, which never becomes false."""
        with self.lock:
            for member, value in members.items():
                setattr(self.key(name), member, value)

    def delete_key(self, name):
        with self.lock:
            del self.mounts[self.mount][name]

    def add_token(self, token, paths=None):
        with self.lock:
            self.tokens[token] = paths

    def revoke_tokens(self):
        with self.lock:
            self.tokens.clear()

    def add_account(self, role, jwt):
        """A service account that the role is bound to."""
        with self.lock:
            self.accounts.setdefault(role, set()).add(jwt)

    def set_lease(self, seconds):
        self.lease = seconds

    # Ways to behave badly

    def behave(self, behaviour, on="sign", times=None, **options):
        """Answers the next requests of a kind badly: `sign`, `keys`, `rotate`, `login`, `any`. Without `times` all of them do,
        until behave_well."""
        assert behaviour in BEHAVIOURS, behaviour
        with self.lock:
            self.bad.append({"behaviour": behaviour, "on": on, "times": times, **options})

    def behave_well(self):
        with self.lock:
            self.bad.clear()
            self.released.set()
            self.released = threading.Event()

    def take_behaviour(self, operation):
        with self.lock:
            for bad in self.bad:
                if bad["on"] not in ("any", operation):
                    continue
                if bad["times"] is not None:
                    bad["times"] -= 1
                    if bad["times"] == 0:
                        self.bad.remove(bad)
                return bad
        return None

    # Answers

    def operation(self, path):
        """The kind of a request, its mount and the groups of its path."""
        if match := re.fullmatch(r"auth/(.+)/login", path):
            return "login", match.group(1), {}
        if path == "sys/health":
            return "health", "sys", {}
        for mount in sorted(self.mounts, key=len, reverse=True):
            if path.startswith(f"{mount}/"):
                for name, pattern in OPERATIONS.items():
                    if match := pattern.match(path[len(mount) + 1 :]):
                        return name, mount, match.groupdict()
                return "unsupported", mount, {}
        return "unknown", None, {}

    def answer(self, method, path, fields, body, bad):
        """The status and the value of the right answer, or of one that is wrong in its contents."""
        operation, mount, groups = self.operation(path)
        with self.lock:
            if operation == "health":
                return 200, {"initialized": True, "sealed": False, "standby": False, "version": "2.7.2"}
            if fields.get("X-Vault-Namespace", "").strip("/") != self.namespace:
                operation = "unknown"
            if operation == "login":
                return self.log_in(mount, path, body)
            self.check_token(fields, path)
            if operation == "unknown":
                raise Refused(404, f'no handler for route "{path}". route entry not found.')
            if operation == "unsupported":
                raise Refused(404, wrapped("unsupported path"))
            return self.answer_engine(operation, method, self.mounts[mount], body, groups, bad)

    def check_token(self, fields, path):
        token = fields.get("X-Vault-Token")
        if token is None:
            raise Refused(403, "permission denied")
        if token not in self.tokens:
            raise Refused(403, "permission denied")
        paths = self.tokens[token]
        if paths is not None and not any(
            path.startswith(each[:-1]) if each.endswith("*") else path == each for each in paths
        ):
            raise Refused(403, wrapped("permission denied"))

    def log_in(self, mount, path, body):
        if mount not in self.auth_mounts:
            raise Refused(404, f'no handler for route "{path}". route entry not found.')
        role = body.get("role", "")
        if role not in self.accounts:
            raise Refused(400, f'invalid role name "{role}"')
        if body.get("jwt") not in self.accounts[role]:
            raise Refused(403, "permission denied")
        token = f"s.{secrets.token_urlsafe(18)}"
        self.tokens[token] = None
        auth = {
            "client_token": token,
            "accessor": secrets.token_urlsafe(18),
            "policies": ["default"],
            "token_policies": ["default"],
            "metadata": {"role": role, "service_account_name": "writ"},
            "lease_duration": self.lease,
            "renewable": True,
            "token_type": "service",
            "num_uses": 0,
        }
        return 200, envelope(None, auth)

    def answer_engine(self, operation, method, keys, body, groups, bad):
        name = groups["name"]
        key = keys.get(name)
        if operation == "sign":
            if key is None:
                raise Refused(400, "signing key not found")
            wrong = {}
            if bad and bad["behaviour"] == "wrong-key":
                wrong["key"] = TYPES[key.type]()
            if bad and bad["behaviour"] == "wrong-version":
                wrong["shown_version"] = key.latest_version + 1
            return 200, envelope(key.sign(body, groups["hash"], **wrong))
        if operation == "keys" and method in ("POST", "PUT"):
            type = body.get("type", "aes256-gcm96")
            if key is None:
                if type not in TYPES:
                    raise Refused(400, f'unknown key type "{type}"')
                options = {option: bool(body.get(option)) for option in ("exportable", "allow_plaintext_backup", "derived")}
                key = keys[name] = Key(name, type, **options)
            # A key that is there stays as it is, whatever type is asked for.
            return 200, envelope(key.describe())
        if key is None and operation == "keys":
            raise Refused(404)
        if key is None:
            raise Refused(400, "key not found")
        if operation == "keys" and method == "DELETE":
            if not key.deletion_allowed:
                raise Refused(400, f"error deleting policy {name}: deletion is not allowed for this key")
            del keys[name]
            return 204, None
        if operation == "rotate":
            key.rotate()
        if operation == "config":
            for member in ("deletion_allowed", "min_decryption_version", "min_encryption_version"):
                if member in body:
                    setattr(key, member, body[member])
        return 200, envelope(key.describe())

    # The server

    def start(self):
        self.server = Server(("127.0.0.1", self.port), self.handler())
        self.port = self.server.server_address[1]
        if self.context:
            # The handshake is made by the thread of the connection.
            self.server.socket = self.context.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()
        return self

    def stop(self):
        """Ends all connections, also those that clients keep. start() listens at the same port again."""
        self.released.set()
        self.released = threading.Event()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def handler(vault):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # An answer is one packet: its end would wait for the client's acknowledgement of its head.
            wbufsize = -1
            disable_nagle_algorithm = True

            def setup(self):
                with vault.lock:
                    vault.connections.add(self.request)
                    vault.accepted += 1
                super().setup()

            def finish(self):
                vault.connections.discard(self.request)
                super().finish()

            def serve(self):
                octets = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.path == "/control":
                    return self.control(json.loads(octets or b"{}"))
                body = json.loads(octets) if octets else {}
                path = self.path.removeprefix("/v1/")
                vault.seen.append((self.command, path, dict(self.headers), body))
                bad = vault.take_behaviour(vault.operation(path)[0])
                # What stops meanwhile lets go of this one.
                released = vault.released
                if bad and bad["behaviour"] == "late":
                    time.sleep(bad.get("seconds", 1))
                if bad and bad["behaviour"] == "hang":
                    released.wait()
                    return self.end()
                try:
                    status, value = vault.answer(self.command, path, self.headers, body, bad)
                except Refused as refusal:
                    status, value = refusal.status, {"errors": refusal.texts}
                self.misbehave(bad, status, value) if bad else self.reply(status, value)

            do_GET = do_POST = do_PUT = do_DELETE = serve

            def misbehave(self, bad, status, value):
                match bad["behaviour"]:
                    case "garbage":
                        self.reply(200, b"<html><body>It works!</body></html>")
                    case "too-large":
                        self.reply(200, b'{"data":{"signature":"' + b"A" * (4 << 20) + b'"}}')
                    case "half":
                        self.reply(status, value, half=True)
                        self.end()
                    case "close":
                        self.end()
                    case "status":
                        self.reply(bad["status"], {"errors": [bad["text"]] if "text" in bad else []})
                    case "sealed":
                        self.reply(503, {"errors": ["Vault is sealed"]})
                    case "standby":
                        self.reply(473, {"errors": []})
                    case "redirect":
                        self.reply(307, b"", Location=bad.get("location", f"https://127.0.0.1:1{self.path}"))
                    case "denied":
                        self.reply(403, {"errors": ["permission denied"]})
                    case "twice":
                        self.reply(status, value)
                        self.reply(status, value)
                    case _:
                        self.reply(status, value)

            def reply(self, status, value, half=False, **fields):
                body = b"" if value is None else value if isinstance(value, bytes) else json.dumps(value).encode() + b"\n"
                self.send_response(status)
                for name, text in {"Content-Type": "application/json", "Cache-Control": "no-store", **fields}.items():
                    self.send_header(name, text)
                if status != 204:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: len(body) // 2] if half else body)

            def end(self):
                self.close_connection = True

            def control(self, message):
                if self.command == "GET":
                    return self.reply(200, {"connections": vault.accepted, "requests": len(vault.seen)})
                call = message.pop("call", None)
                if call not in CONTROLS:
                    return self.reply(400, {"errors": [f"no {call}"]})
                if call == "behave":
                    vault.behave(message.pop("behaviour"), **message)
                else:
                    getattr(vault, call)(**message)
                self.reply(204, None)

            def log_message(self, *_):
                pass

        return Handler


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def handle_error(self, *_):
        """A client that ends a connection is no news for the output of the tests."""


def envelope(data, auth=None):
    return {
        "request_id": "b7a215a5-330a-e013-78d8-9861e0e7e794",
        "lease_id": "",
        "renewable": False,
        "lease_duration": 0,
        "data": data,
        "wrap_info": None,
        "warnings": None,
        "auth": auth,
    }


@contextmanager
def vault(**options):
    """A server that runs until the block ends."""
    running = Vault(**options).start()
    try:
        yield running
    finally:
        running.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", action="append", default=[])
    parser.add_argument("--key", action="append", default=[], metavar="NAME:TYPE")
    parser.add_argument("--account", action="append", default=[], metavar="ROLE:JWT")
    parser.add_argument("--certificate")
    parser.add_argument("--private-key")
    options = parser.parse_args()
    running = Vault(options.port, token=(options.token or ["root"])[0])
    for token in options.token[1:]:
        running.add_token(token)
    for name, type in (each.split(":") for each in options.key):
        running.make_key(name, type)
    for role, jwt in (each.split(":", 1) for each in options.account):
        running.add_account(role, jwt)
    if options.certificate:
        running.use_certificate(options.certificate, options.private_key)
    running.start()
    print(running.origin, flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    running.stop()


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    main()
