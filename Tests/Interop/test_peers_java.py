"""Nimbus JOSE+JWT and Spring Security, with the classes of Documentation/Verifying.md."""

import shutil
import subprocess
from pathlib import Path

import pytest

from forge import Forge, check
from peers import TOOLS, Lines, check_retired_key, needs, register, snippet
from service import RESOURCE

JARS = TOOLS / "java"
pytestmark = [needs("javac"), needs(JARS / "nimbus-jose-jwt.jar")]
PROGRAMS = Path(__file__).parent / "programs"


def compiled(folder, main, snippets):
    """A running program of the snippets' classes and a main class."""
    sources = []
    for name, text in snippets.items():
        (folder / f"{name}.java").write_text(text)
        sources.append(f"{name}.java")
    shutil.copy(PROGRAMS / f"{main}.java", folder)
    classes = f"{JARS}/*"
    subprocess.run(["javac", "-cp", classes, *sources, f"{main}.java"], cwd=folder, check=True)
    # Both make short work short.
    options = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
    return Lines(folder, ["java", *options, "-cp", f"{classes}:.", main])


@pytest.fixture(scope="module")
def nimbus(module_service, tmp_path_factory):
    text = snippet("java nimbus", module_service)
    with compiled(tmp_path_factory.mktemp("nimbus"), "NimbusMain", {"AccessTokens": text}) as program:
        yield program


@pytest.fixture(scope="module")
def spring(module_service, tmp_path_factory):
    text = snippet("java spring", module_service)
    with compiled(tmp_path_factory.mktemp("spring"), "SpringMain", {"AccessTokenDecoder": text}) as program:
        yield program


def test_nimbus(module_service, nimbus):
    # A claim that is required may be null.
    check(Forge(module_service), nimbus.accepts, but_also=["expiry-null"])


def test_spring(module_service, spring):
    check(Forge(module_service), spring.accepts)


def test_nimbus_with_its_defaults_and_a_client_with_token_shape(module_service, tmp_path):
    """Nimbus' own check of the type refuses `at+jwt`; the client needs nothing but the setting that the page names."""
    lines = snippet("java nimbus", module_service).splitlines(keepends=True)
    text = "".join(line for line in lines if "setJWSTypeVerifier" not in line)
    with compiled(tmp_path, "NimbusMain", {"AccessTokens": text}) as program:
        assert "at+jwt not allowed" in program.ask(module_service.access_token())
        secret = register(module_service, "shaped", resources=[RESOURCE], token_shape={"typ": "JWT"})
        assert program.accepts(module_service.request_token("shaped", secret).json()["access_token"])


def test_spring_with_its_defaults_and_a_client_with_token_shape(module_service, tmp_path):
    lines = snippet("java spring", module_service, **{".validateType(false)": ""}).splitlines(keepends=True)
    start, end = (next(n for n, line in enumerate(lines) if word in line) for word in ("setJwtValidator", ".build());"))
    with compiled(tmp_path, "SpringMain", {"AccessTokenDecoder": "".join(lines[:start] + lines[end + 1 :])}) as program:
        assert not program.accepts(module_service.access_token())
        secret = register(module_service, "shaped-for-spring", resources=[RESOURCE], token_shape={"typ": "JWT"})
        assert program.accepts(module_service.request_token("shaped-for-spring", secret).json()["access_token"])


def test_a_retired_key(module_service, nimbus, spring):
    check_retired_key(module_service, {"Nimbus": nimbus.accepts, "Spring Security": spring.accepts})
