"""The help of every command ends with examples that run; man pages and completion scripts are made of the same."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

import exports
import key_places
from oidc_issuer import platform
from service import BINARY, DEADLINE, Service, clean_environment

ROOT = Path(__file__).parents[2]
# The key of RFC 7638 section 3.1, whose thumbprint the examples name.
PUBLIC_KEY = {
    "kty": "RSA",
    "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknj"
    "hMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5ha"
    "jrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    "e": "AQAB",
}


def commands():
    """The names of every command, the shortest first."""
    dump = json.loads(subprocess.run([BINARY, "--experimental-dump-help"], capture_output=True, check=True).stdout)

    def walk(command, path):
        yield path
        for each in command.get("subcommands", []):
            if each["commandName"] != "help":
                yield from walk(each, [*path, each["commandName"]])

    return sorted(walk(dump["command"], []), key=len)


def help_of(path):
    return subprocess.run([BINARY, *path, "--help"], capture_output=True, check=True, encoding="utf-8").stdout


def examples(path):
    text = help_of(path)
    assert "\n\nEXAMPLES:\n" in text, f"{path}: no example"
    return [line.strip() for line in text.partition("\n\nEXAMPLES:\n")[2].splitlines()]


@pytest.fixture
def places(tmp_path):
    """The places of keys that the examples name: a token with a key, if SoftHSM is there, and a stand-in for Vault."""
    made = []
    if all(not mark.args[0] for mark in key_places.needs_softhsm):
        (tmp_path / "token").mkdir()
        token = key_places.Token(tmp_path / "token")
        token.make_object("signing", "RSA:2048")
        made.append(token)
    (tmp_path / "vault").mkdir()
    with key_places.stand_in(tmp_path / "vault") as vault:
        yield [*made, vault]


@pytest.fixture
def working_folder(own_service, places):
    """A folder with what the examples name: a running service, a token, keys, clients, places of keys, and a second folder
    `site`."""
    from joserfc.jwk import RSAKey

    folder = own_service.folder
    key = RSAKey.import_key(PUBLIC_KEY).as_pem(private=False)
    (folder / "keys/20200101T000000Z-old.pub.pem").write_bytes(key)
    (folder / "keys/20200101T000000Z-old.pub.pem").chmod(0o600)
    own_service.writ("clients", "add", "api", "--introspect", "--json")
    secret = json.loads(own_service.writ("clients", "rotate-secret", "api", "--json").stdout)["client_secret"]
    for name, text in (("secret.txt", own_service.client_secret), ("api.txt", secret)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
    subprocess.run(
        "openssl genpkey -algorithm ed25519 | openssl pkey -pubout -out job.pub.pem", shell=True, cwd=folder, check=True)
    trust_issuers(own_service)
    for name, export in (("realm.json", exports.keycloak_realm()), ("registration.json", exports.registration())):
        (folder / name).write_text(json.dumps(export))
        (folder / name).chmod(0o600)
    own_service.start(**{name: value for place in places for name, value in place.environment.items()})
    own_service.places = {place.kind: place.uri for place in places}
    (folder / "token.txt").write_text(own_service.access_token())
    return own_service


def trust_issuers(service):
    """Trusts GitHub and an issuer whose keys are in a file, with a client there and a token for it."""
    with platform() as issuer:
        (service.folder / "ci.jwks").write_text(json.dumps(issuer.key_set()))
        (service.folder / "token.jwt").write_text(issuer.token(service.issuer, iss="https://ci.example.com", sub="build"))
    entries = [
        {"name": "github", "issuer": "https://token.actions.githubusercontent.com"},
        {"name": "ci", "issuer": "https://ci.example.com", "jwks_file": "ci.jwks"},
    ]
    (service.folder / "issuers.yaml").write_text(json.dumps({"issuers": entries}))
    service.writ("clients", "add", "build", "--scope", "site.read", "--identity", "issuer=ci,subject=build")


def run_examples(service, path):
    folder = service.folder
    for line in examples(path):
        if "reporting" in line and "clients add" not in line and "reporting" not in service.clients_file.read_text():
            service.writ("clients", "add", "reporting", "--scope", "site.read")
        if "init site" in line:
            shutil.rmtree(folder / "site", ignore_errors=True)
        elif "site/writ.yaml" in line and not (folder / "site").exists():
            service.writ("init", "site")
        line = line.replace("127.0.0.1:8080", service.issuer.removeprefix("http://")) if "init" not in line else line
        if " serve" in line:
            # It runs until it is stopped; the addresses of the other folder are the standard ones. Without --foreground, timeout
            # signals its process group too, and a second signal ends the service at once.
            line = f"WRIT_LISTEN=127.0.0.1:0 WRIT_MANAGEMENT=off timeout --foreground --preserve-status --signal TERM 3 {line}"
        if "pkcs11" in line and "pkcs11" not in service.places:
            continue
        line = line.replace("vault+https://vault.example.com/transit/keys/writ", service.places["vault"])
        if "proposed.yaml" in line:
            shutil.copy(service.clients_file, folder / "proposed.yaml")
        result = service.shell(line)
        # What is to be reported is status 1.
        statuses = {0, 1} if "clients lint" in line else {0}
        assert result.returncode in statuses and "error:" not in result.stderr, f"$ {line}\n{result.stdout}{result.stderr}"
        if re.search("keys (generate|adopt|rotate)", line):
            # The next key may begin in the same second.
            for path in set(folder.glob("keys/2*")) - {folder / "keys/20200101T000000Z-old.pub.pem"}:
                path.unlink()


def test_every_example_runs(working_folder):
    paths = commands()
    assert len(paths) > 20
    for path in paths:
        run_examples(working_folder, path)


@pytest.mark.parametrize("arguments", [["keys", "rotate", "--help"], ["help", "keys", "rotate"], ["keys", "rotate", "-h"]])
def test_each_way_to_ask_for_help_shows_them(arguments):
    shown = subprocess.run([BINARY, *arguments], capture_output=True, check=True, encoding="utf-8").stdout
    assert shown == help_of(["keys", "rotate"])


@pytest.fixture(scope="module")
def share(tmp_path_factory):
    folder = tmp_path_factory.mktemp("manual")
    subprocess.run([ROOT / "script/manual", BINARY, folder], check=True, capture_output=True, timeout=DEADLINE * 3)
    return folder / "share"


def test_every_command_has_a_man_page(share):
    pages = {page.stem: page.read_text() for page in (share / "man/man1").iterdir()}
    assert set(pages) == {"-".join(["writ", *path]) for path in commands()}
    for path in commands():
        text = pages["-".join(["writ", *path])]
        assert all(line.replace("\\", r"\e").replace("-", r"\-") in text for line in examples(path))
        for option in re.findall(r"(?m)^  (?:-\w, )?(--[a-z-]+)", help_of(path)):
            assert option.replace("-", r"\-") in text, f"{path}: {option}"


@pytest.mark.skipif(not shutil.which("groff"), reason="groff, which checks man pages, is missing")
def test_man_pages_are_without_a_mistake(share):
    for page in sorted((share / "man/man1").iterdir()):
        result = subprocess.run(
            ["groff", "-man", "-Tutf8", "-ww", page], capture_output=True, encoding="utf-8", timeout=DEADLINE)
        assert result.returncode == 0 and result.stderr == "", f"{page}: {result.stderr}"
        # Each letter of a heading is printed twice, one over the other.
        assert "EXAMPLES" in re.sub(".\b", "", result.stdout)


def test_bash_completes_commands_and_options(share):
    script = shlex.quote(str(share / "bash-completion/completions/writ"))
    line = (
        f"source {script} && complete -p writ && COMP_WORDS=(writ keys ro) COMP_CWORD=2 && "
        "COMP_LINE='writ keys ro' COMP_POINT=12 && $(complete -p writ | sed -E 's/.*-F ([^ ]+).*/\\1/') writ ro keys && "
        'echo "${COMPREPLY[@]}"')
    result = subprocess.run(
        ["bash", "-c", line], capture_output=True, encoding="utf-8", env=clean_environment({}), timeout=DEADLINE)
    assert result.returncode == 0, result.stderr
    assert "rotate" in result.stdout.splitlines()[-1]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_shells_read_their_scripts(share, shell):
    name = {"zsh": "zsh/site-functions/_writ", "fish": "fish/vendor_completions.d/writ.fish"}[shell]
    text = (share / name).read_text()
    assert "retire" in text and "rotate-secret" in text
    if not shutil.which(shell):
        pytest.skip(f"{shell} is missing; only the text was checked")
    subprocess.run([shell, "--no-execute", share / name], check=True, timeout=DEADLINE)
