"""A folder with everything that the measured servers share: the program, keys, clients, a certificate."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from failure import BenchError, Unavailable
from preparation import CLIENT_CERTIFICATE, INTEROP_PYTHON, ROOT

SCOPE = "site.read site.documentation"
RESOURCE = "https://api.example.com"
# The module of SoftHSM, by the distribution.
SOFTHSM = [Path("/usr/lib/softhsm/libsofthsm2.so"), Path("/usr/lib64/pkcs11/libsofthsm2.so")]
# The identifier of a platform's issuer, by the algorithm of its tokens.
PLATFORM = "https://%s.example.com"
SMALL_REGISTRY, LARGE_REGISTRY = 10, 100_000
# The files of the large registry, if it is a folder.
TEAMS = 200
# In the large registry clients are told by their number.
LARGE_ID, LARGE_SECRET = "client-%06d", "secret-of-client-%06d"


@dataclass(frozen=True)
class Client:
    id: str
    # None for one that has a key.
    secret: str | None


class WorkingFolder:
    """Made once for a run, and gone after it. Servers are started in it, one after another."""

    def __init__(self, binary):
        self._folder = tempfile.TemporaryDirectory(prefix="writ-bench-")
        self.path = Path(self._folder.name)
        # A copy: a build in the meantime changes nothing of what is measured.
        self.binary = Path(shutil.copy2(binary, self.path / "program"))

    def __enter__(self):
        try:
            self._fill()
        except BaseException:
            self._folder.cleanup()
            raise
        return self

    def __exit__(self, *_):
        self._folder.cleanup()

    def _fill(self):
        initial = self.writ("init", ".", "--issuer", "http://127.0.0.1")
        self.client = Client(initial["client_id"], initial["client_secret"])
        for algorithm in ("ES256", "EdDSA"):
            # In folders of their own: the key set of other servers is not to be longer for them.
            self.writ("keys", "generate", "--algorithm", algorithm, WRIT_KEYS=algorithm)
            self.writ("keys", "rotate", "--sealing", WRIT_KEYS=algorithm)
        self.refreshing = self._add_client("refreshing", "--grant-type", "refresh_token")
        self.introspecting = self._add_client("introspecting", "--introspect")
        self.other = self._add_client("other")
        self.assertion_key = self.path / "assertion.pem"
        self.openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self.assertion_key)
        self.openssl("pkey", "-in", self.assertion_key, "-pubout", "-out", "assertion.pub.pem")
        self.asserting = self._add_client("asserting", "--jwks", "assertion.pub.pem")
        self.proof_key = self.path / "proof.pem"
        self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.proof_key)
        # It is registered in a file of its own: otherwise servers would ask for certificates.
        self.certified = Client("certified", None)
        for number in range(5, SMALL_REGISTRY):
            self._add_client(f"client-{number}")

    def _add_client(self, name, *options):
        added = self.writ("clients", "add", name, "--scope", SCOPE, "--resource", RESOURCE, *options)
        return Client(name, added.get("client_secret"))

    def writ(self, *arguments, **environment):
        """Runs one command in the folder, and returns what it says in JSON."""
        result = subprocess.run(
            [self.binary, *arguments, "--json"],
            cwd=self.path,
            env=clean_environment(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if result.returncode != 0:
            raise BenchError(f"writ {' '.join(map(str, arguments))}: {result.stderr.strip()}")
        return json.loads(result.stdout)

    def openssl(self, *arguments):
        result = subprocess.run(
            ["openssl", *arguments], cwd=self.path, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        if result.returncode != 0:
            raise BenchError(f"openssl {' '.join(map(str, arguments))}: {result.stderr.strip()}")

    def write(self, name, text):
        path = self.path / name
        path.write_text(text)
        return path

    @cached_property
    def token(self):
        """A PKCS#11 token in software: its settings, with a key for RS256, and what the process needs in its environment."""
        modules = [path for path in SOFTHSM if path.exists()]
        if not modules or not shutil.which("softhsm2-util"):
            raise Unavailable("there is no SoftHSM: script/setup test")
        (self.path / "tokens").mkdir()
        environment = {"SOFTHSM2_CONF": str(self.write("softhsm2.conf", f"directories.tokendir = {self.path}/tokens\n"))}
        self.write("pin", "1234\n").chmod(0o600)
        made = subprocess.run(
            ["softhsm2-util", "--init-token", "--free", "--label", "writ", "--pin", "1234", "--so-pin", "1234"],
            env=clean_environment(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )
        if made.returncode != 0:
            raise BenchError(f"softhsm2-util: {made.stderr[-400:]}")
        settings = {"pkcs11.module": str(modules[0]), "pkcs11.pin_file": "pin", "keys": "token-keys"}
        variables = {"WRIT_PKCS11_MODULE": str(modules[0]), "WRIT_PKCS11_PIN_FILE": "pin", "WRIT_KEYS": "token-keys"}
        self.writ("keys", "generate", "--pkcs11", "pkcs11:token=writ", **environment, **variables)
        self.writ("keys", "rotate", "--sealing", WRIT_KEYS="token-keys")
        return settings, environment

    @cached_property
    def tls(self):
        """The settings for a certificate with an EC key, P-256."""
        self.openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
            *("-keyout", "tls.key", "-out", "tls.crt"),
        )
        (self.path / "tls.key").chmod(0o600)
        return {"tls.certificate": "tls.crt", "tls.private_key": "tls.key"}

    @cached_property
    def mutual_tls(self):
        """The settings for a client that authenticates with a certificate, of an authority, which its tokens are bound to."""
        self.write("req.cnf", "[req]\ndistinguished_name = name\n[name]\n")
        for name, *options in [
            ("clients-ca", "basicConstraints=critical,CA:TRUE"),
            ("client", "subjectAltName=DNS:client.example.com", "-CA", "clients-ca.crt", "-CAkey", "clients-ca.key"),
        ]:
            self.openssl(
                *("req", "-x509", "-config", "req.cnf", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"),
                *("-days", "2", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.crt", "-addext"),
                *options,
            )
        client = {
            "client_id": self.certified.id,
            "token_endpoint_auth_method": "tls_client_auth",
            "tls_client_auth_san_dns": "client.example.com",
            "tls_client_certificate_bound_access_tokens": True,
            "scope": SCOPE,
            "resources": [RESOURCE],
        }
        self.write("certified.yaml", json.dumps({"clients": [client]}))
        return {**self.tls, "tls.client_ca": "clients-ca.crt", "clients": "certified.yaml"}

    @property
    def presenting_certificate(self):
        """A command that has wrk present the certificate of that client."""
        if not CLIENT_CERTIFICATE.exists():
            raise Unavailable(f"there is no {CLIENT_CERTIFICATE.relative_to(ROOT)}: leave --no-build out")
        certificate, key = self.path / "client.crt", self.path / "client.key"
        return "env", f"LD_PRELOAD={CLIENT_CERTIFICATE}", f"CLIENT_CERTIFICATE={certificate}", f"CLIENT_KEY={key}"

    def proofs(self, name, method, url, count, *token):
        """A file with so many DPoP proofs, which are good for a minute and a half."""
        if not INTEROP_PYTHON.exists():
            raise Unavailable("no .build/interop-venv, which makes the proofs: script/setup test")
        path = self.path / name
        command = [INTEROP_PYTHON, ROOT / "Benchmarks/Load/proofs.py", self.proof_key, method, url, str(count), *token]
        with path.open("wb") as file:
            made = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.PIPE, text=True)
        if made.returncode != 0:
            raise BenchError(f"no proofs: {made.stderr[-400:]}")
        return path

    @cached_property
    def platforms(self):
        """The settings for two issuers of workloads' tokens, with an RSA and an EC key, and one client of both."""
        options = {"RS256": ("RSA", "rsa_keygen_bits:2048"), "ES256": ("EC", "ec_paramgen_curve:P-256")}
        issuers, identities = [], []
        for algorithm, (kind, option) in options.items():
            self.openssl("genpkey", "-algorithm", kind, "-pkeyopt", option, "-out", f"{algorithm}.pem")
            self.write(f"{algorithm}.jwks", self.identities("keys", f"{algorithm}.pem"))
            issuers.append({"name": algorithm, "issuer": PLATFORM % algorithm, "jwks_file": f"{algorithm}.jwks"})
            identities.append({"issuer": algorithm, "subject": "workload"})
        grants = ["client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer"]
        access = {"grant_types": grants, "scope": SCOPE, "resources": [RESOURCE]}
        client = {"client_id": "workload", "identities": identities, **access}
        # JSON is YAML too.
        self.write("platforms.yaml", json.dumps({"issuers": issuers}))
        self.write("workloads.yaml", json.dumps({"clients": [client]}))
        return {"issuers": "platforms.yaml", "clients": "workloads.yaml"}

    def identities(self, *arguments):
        """What identities.py prints."""
        if not INTEROP_PYTHON.exists():
            raise Unavailable("no .build/interop-venv, which makes the tokens of platforms: script/setup test")
        command = [INTEROP_PYTHON, ROOT / "Benchmarks/Load/identities.py", *arguments]
        made = subprocess.run(command, cwd=self.path, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if made.returncode != 0:
            raise BenchError(f"identities.py: {made.stderr[-400:]}")
        return made.stdout.strip()

    @cached_property
    def large_registry(self):
        """The file of 100,000 clients, in the layout that `writ clients add` writes."""
        return self._write_registry(self.path / "large.yaml", range(LARGE_REGISTRY))

    @cached_property
    def teams(self):
        """A folder with the same clients in 200 files."""
        folder = self.path / "large.d"
        folder.mkdir(mode=0o700)
        for team in range(TEAMS):
            self._write_registry(folder / f"team-{team:03}.yaml", range(team, LARGE_REGISTRY, TEAMS))
        return folder

    def _write_registry(self, path, numbers):
        with path.open("w") as file:
            file.write("clients:\n")
            for number in numbers:
                digest = hashlib.sha256((LARGE_SECRET % number).encode()).digest()
                text = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
                file.write(
                    f"  - client_id: {LARGE_ID % number}\n"
                    f"    client_name: Client number {number}\n"
                    "    client_secrets:\n"
                    f'      - hash: "sha256:{text}"\n'
                    f"    scope: {SCOPE}\n"
                    "    resources:\n"
                    f"      - {RESOURCE}\n"
                )
        path.chmod(0o600)
        return path


def clean_environment(additions=None):
    """This environment without the settings of whoever runs the benchmark."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("WRIT_")}
    return {**inherited, **(additions or {})}
