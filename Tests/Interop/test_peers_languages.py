"""Libraries of Go, Rust, Node.js and Ruby, with the functions of Documentation/Verifying.md."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import requests

from forge import Forge, check
from peers import TOOLS, Lines, check_retired_key, find, needs, snippet
from service import DEADLINE

PROGRAMS = Path(__file__).parent / "programs"
GO_LIBRARIES = TOOLS / "go/usr/share/gocode"
CRATES = Path("/usr/share/cargo/registry")
NODE_LIBRARIES = TOOLS / "node/usr/share/nodejs"


def go(service, folder, name):
    """Without modules: Debian's libraries are a GOPATH. What was compiled is kept for the next run."""
    source = f"{name.replace('-', '_')}_main.go"
    text = snippet(f"go {name}", service)
    # There a path has no version.
    (folder / "verify.go").write_text(text.replace("github.com/golang-jwt/jwt/v4", "github.com/golang-jwt/jwt"))
    shutil.copy(PROGRAMS / source, folder)
    root = TOOLS / "go/usr/lib/go-1.19"
    environment = {"GO111MODULE": "off", "GOPATH": str(GO_LIBRARIES), "GOCACHE": str(TOOLS / "go-cache")}
    if root.exists():
        environment["GOROOT"] = str(root)
    compiler = root / "bin/go" if root.exists() else find("go")
    command = [compiler, "build", "-o", "verifier", "verify.go", source]
    subprocess.run(command, cwd=folder, env={**os.environ, **environment}, check=True)
    return Lines(folder, [folder / "verifier"])


def rust(service, folder):
    """Debian's crates in place of crates.io. What was compiled is kept for the next run."""
    shutil.copytree(PROGRAMS / "rust", folder, dirs_exist_ok=True)
    (folder / "verify.rs").write_text(snippet("rust rust", service))
    (folder / "keys.json").write_text(requests.get(service.jwks_uri, timeout=DEADLINE).text)
    (folder / ".cargo").mkdir()
    (folder / ".cargo/config.toml").write_text(
        f'[source.crates-io]\nreplace-with = "debian"\n[source.debian]\ndirectory = "{CRATES}"\n'
    )
    target = TOOLS / "rust"
    command = ["cargo", "build", "--quiet", "--offline", "--target-dir", target]
    subprocess.run(command, cwd=folder, check=True)
    return Lines(folder, [target / "debug/verifier", "keys.json"])


def node(service, folder):
    (folder / "verify.js").write_text(snippet("js node", service))
    shutil.copy(PROGRAMS / "node_main.js", folder)
    return Lines(folder, ["node", "node_main.js"], NODE_PATH=str(NODE_LIBRARIES))


def ruby(service, folder):
    (folder / "verify.rb").write_text(snippet("ruby ruby", service))
    shutil.copy(PROGRAMS / "ruby_main.rb", folder)
    return Lines(folder, ["ruby", "ruby_main.rb"])


def has_ruby_jwt():
    return find("ruby") and subprocess.run(["ruby", "-e", "require 'jwt'"], capture_output=True).returncode == 0


needs_go = needs(GO_LIBRARIES)
needs_rust = [needs("cargo"), needs(CRATES / "jsonwebtoken-8.2.0")]
needs_node = [needs("node"), needs(NODE_LIBRARIES / "jose")]
needs_ruby = pytest.mark.skipif(not has_ruby_jwt(), reason="no Ruby with the library jwt: see script/setup")
VERIFIERS = [
    pytest.param("go-oidc", lambda *where: go(*where, "go-oidc"), marks=needs_go),
    pytest.param("golang-jwt, as above", lambda *where: go(*where, "golang-jwt"), marks=needs_go),
    pytest.param("jsonwebtoken", rust, marks=needs_rust),
    pytest.param("jose (Node.js)", node, marks=needs_node),
    pytest.param("jwt (Ruby), as above", ruby, marks=needs_ruby),
]


@pytest.mark.parametrize("name, start", VERIFIERS)
def test_a_library(module_service, tmp_path, name, start):
    forge = Forge(module_service)
    with start(module_service, tmp_path) as program:
        check(forge, program.accepts)


@pytest.mark.parametrize("name, start", [each for each in VERIFIERS if each.values[0] != "jsonwebtoken"])
def test_a_retired_key(own_service, tmp_path, name, start):
    own_service.start()
    with start(own_service, tmp_path) as program:
        check_retired_key(own_service, {name: program.accepts})
