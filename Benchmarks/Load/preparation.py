"""What has to be there before anything is measured: load generators, and release builds."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from failure import BenchError

ROOT = Path(__file__).resolve().parents[2]
VERIFY_BENCH = ROOT / "Benchmarks/.build/release/verify-bench"
BARE_VERIFY = ROOT / "Benchmarks/.build/bare-verify"
CLIENT_CERTIFICATE = ROOT / "Benchmarks/.build/client-certificate.so"
# script/setup makes it: a Python with PyJWT and cryptography.
INTEROP_PYTHON = ROOT / ".build/interop-venv/bin/python"
# The command, and Debian's package that has it.
GENERATORS = {"wrk": "wrk", "h2load": "nghttp2-client"}


def say(text):
    """News for people: standard output is for the table."""
    print(f"script/bench: {text}", file=sys.stderr, flush=True)


def install_generators():
    missing = [package for command, package in GENERATORS.items() if not shutil.which(command)]
    if not missing:
        return
    if not shutil.which("apt-get"):
        raise BenchError(f"no apt-get here; install what Debian calls {' '.join(missing)}, to put load on the service")
    as_root = [] if os.geteuid() == 0 else ["sudo"]
    say(f"installing {' '.join(missing)} with {' '.join([*as_root, 'apt-get'])}, to put load on the service")
    build([*as_root, "apt-get", "update", "-qq"])
    environment = ["env", "DEBIAN_FRONTEND=noninteractive"]
    build([*as_root, *environment, "apt-get", "install", "-qq", "-y", "--no-install-recommends", *missing])


def build_service():
    """The release build of the service, and what script/setup provides."""
    build(["script/setup", "test"])
    if "WRIT_BINARY" not in os.environ:
        say("building (release)")
        build(["swift", "build", "-c", "release", "--product", "writ"])


def build_verifiers():
    say("building the verifiers' benchmark (release)")
    build(["swift", "build", "-c", "release", "--package-path", "Benchmarks", "--product", "verify-bench"])
    build(["clang", "-O2", "-Wall", "-Werror", "-o", BARE_VERIFY, "Benchmarks/bare_verify.c", "-lcrypto"])


def build_client_certificate():
    """What has wrk present the certificate of a client."""
    CLIENT_CERTIFICATE.parent.mkdir(exist_ok=True)
    source = "Benchmarks/client_certificate.c"
    build(["clang", "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o", CLIENT_CERTIFICATE, source, "-lssl"])


def build(command):
    result = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    if result.returncode != 0:
        raise BenchError(f"failed: {' '.join(map(str, command))}")


def service_binary():
    path = Path(os.environ.get("WRIT_BINARY") or ROOT / ".build/release/writ").absolute()
    if not path.is_file():
        raise BenchError(f"there is no {path}: leave --no-build out")
    return path
