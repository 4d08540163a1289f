"""Clients of other products: `writ clients import`, and what they get with the secrets that they have."""

import base64
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

import exports
from service import BINARY, DEADLINE, clean_environment, wait_until
from tokens import claims, header

PAGE = (Path(__file__).parents[2] / "Documentation/Migrating.md").read_text()


def base64_text(octets):
    return base64.b64encode(octets).rstrip(b"=").decode()


# As Hydra stores it: 25,000 rounds of PBKDF2 in PHC string format.
SALT = b"saltsaltsaltsalt"
HYDRA_HASH = "$pbkdf2-sha256$i=25000,l=32$%s$%s" % (
    base64_text(SALT), base64_text(hashlib.pbkdf2_hmac("sha256", exports.HYDRA_SECRET.encode(), SALT, 25000, 32)))

# Product -> its files, the client, its secret, and what its tokens must have.
PRODUCTS = {
    "keycloak": (
        [exports.keycloak_realm()], "batch", exports.KEYCLOAK_SECRET,
        {"scope": "orders.read", "aud": "https://orders.example.com", "azp": "batch", "typ": "Bearer",
         "preferred_username": "service-account-batch", "lifetime": 600, "header": "JWT"},
    ),
    "hydra": (
        [{"items": [exports.hydra_client()], "is_last_page": True, "next_page_token": ""},
         [{"client_id": "hydra-batch", "client_secret": HYDRA_HASH}]],
        "hydra-batch", exports.HYDRA_SECRET,
        {"scp": ["orders.read"], "aud": "https://orders.example.com", "lifetime": 1800, "header": "JWT"},
    ),
    "auth0": (
        [[exports.auth0_client()], [exports.auth0_grant()], [exports.auth0_server()]], "AbCdEf123", exports.AUTH0_SECRET,
        {"scope": "orders.read", "aud": "https://orders.example.com", "azp": "AbCdEf123", "gty": "client-credentials",
         "lifetime": 3600, "header": "JWT"},
    ),
    "cognito": (
        [exports.cognito_client()], "3n4b5urk1ft4fl3mg5e62d9ado", exports.COGNITO_SECRET,
        {"scope": "https://orders.example.com/read", "token_use": "access", "version": 2, "lifetime": 1200, "header": "JWT"},
    ),
    "rfc7591": (
        [exports.registration()], "s6BhdRkqt3", exports.RFC7591_SECRET,
        {"scope": "orders.read", "lifetime": 900, "header": "at+jwt"},
    ),
}
# A million of them take as little memory, and some minutes in a debug build.
THOUSANDS_OF_USERS = int(os.environ.get("WRIT_THOUSANDS_OF_USERS", "40"))
SECRETS = [value for name, value in vars(exports).items() if name.endswith("_SECRET")] + [HYDRA_HASH]


def write(service, *contents, name="export"):
    names = []
    for index, content in enumerate(contents):
        path = service.folder / f"{name}{index}.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=2))
        path.chmod(0o600)
        names.append(path.name)
    return names


def run_import(service, source, *contents, options=(), status=0):
    result = service.writ("clients", "import", "--from", source, *write(service, *contents), *options, status=status)
    assert not any(secret in result.stdout + result.stderr for secret in SECRETS), "a secret is on the terminal"
    return result


@pytest.mark.parametrize("source", PRODUCTS)
def test_a_client_gets_tokens_with_the_secret_that_it_has(own_service, source):
    files, client_id, secret, expected = PRODUCTS[source]
    own_service.start()
    result = run_import(own_service, source, *files)
    assert "Imported one client into " in result.stderr
    text = own_service.clients_file.read_text()
    assert (secret not in text) and f"client_id: {client_id}" in text.replace('"', "")
    own_service.secrets.add(secret)

    def answer():
        return requests.post(
            own_service.token_endpoint, data={"grant_type": "client_credentials"}, auth=(client_id, secret), timeout=DEADLINE)

    wait_until("the client is there", lambda: answer().status_code == 200)
    body = answer().json()
    found = claims(body["access_token"])
    assert {name: found.get(name) for name in expected if name not in ("lifetime", "header")} == {
        name: value for name, value in expected.items() if name not in ("lifetime", "header")}
    assert found["exp"] - found["iat"] == body["expires_in"] == expected["lifetime"]
    assert header(body["access_token"])["typ"] == expected["header"]
    own_service.writ("config", "check", "--running")


@pytest.mark.parametrize("source", PRODUCTS)
def test_a_dry_run_shows_what_comes_over_and_changes_nothing(own_service, source):
    files, client_id, _, expected = PRODUCTS[source]
    before = own_service.clients_file.read_bytes()
    shown = run_import(own_service, source, *files, options=["--dry-run"])
    assert re.search(rf"(?m)^{client_id} +import +client_secret", shown.stdout)
    result = json.loads(run_import(own_service, source, *files, options=["--dry-run", "--json"]).stdout)
    (client,) = result["clients"]
    assert (client["client_id"], client["result"], result["written"]) == (client_id, "whole", False)
    assert client["client"]["client_id"] == client_id and client["not_carried"] == []
    assert own_service.clients_file.read_bytes() == before


BAD = exports.keycloak_client(clientId="bad", secret="**********")
LOSSY = exports.keycloak_client(clientId="lossy", directAccessGrantsEnabled=True)
WEB = exports.keycloak_client(clientId="web", publicClient=True)


def test_what_cannot_be_carried_stops_the_import_unless_it_is_partial(own_service):
    realm = exports.keycloak_realm(exports.keycloak_client(), BAD, LOSSY, WEB)
    before = own_service.clients_file.read_bytes()
    for options in ([], ["--dry-run"]):
        stopped = run_import(own_service, "keycloak", realm, options=options, status=1)
        assert "error: 2 clients cannot be carried whole" in stopped.stderr and "hint: --partial" in stopped.stderr
        assert re.search(r"(?m)^bad +not carried +the export has stars in place of its secret$", stopped.stdout)
        assert re.search(r"(?m)^lossy +not carried +the grant type password$", stopped.stdout)
        assert re.search(r"(?m)^web +left out +it is a public client", stopped.stdout)
    assert own_service.clients_file.read_bytes() == before
    done = json.loads(run_import(own_service, "keycloak", realm, options=["--partial", "--json"]).stdout)
    results = {client["client_id"]: client["result"] for client in done["clients"]}
    assert results == {"batch": "whole", "bad": "refused", "lossy": "part", "web": "left_out"} and done["written"]
    ids = [client["client_id"] for client in json.loads(own_service.writ("clients", "list", "--json").stdout)]
    assert ids == ["demo", "batch", "lossy"]


def test_identifiers_that_are_there_are_all_named_and_nothing_is_written(own_service):
    realm = exports.keycloak_realm(*(exports.keycloak_client(clientId=name) for name in ("new", "a", "b")))
    for name in ("a", "b"):
        own_service.writ("clients", "add", name)
    before = own_service.clients_file.read_bytes()
    for options in ([], ["--dry-run"], ["--partial"]):
        refused = run_import(own_service, "keycloak", realm, options=options, status=1)
        assert "has the client a already" in refused.stderr and "has the client b already" in refused.stderr
    assert own_service.clients_file.read_bytes() == before
    twice = run_import(own_service, "rfc7591", exports.registration(), exports.registration(), status=1)
    assert "has the client s6BhdRkqt3 twice" in twice.stderr


def test_another_file_is_created_or_appended_to(own_service):
    own_service.clients_file.write_text(own_service.clients_file.read_text() + "# the end\n")
    before = own_service.clients_file.read_bytes()
    run_import(own_service, "rfc7591", exports.registration(), options=["--into", "imported.yaml"])
    created = own_service.folder / "imported.yaml"
    assert created.stat().st_mode & 0o777 == 0o600
    created.write_text("# by hand\n" + created.read_text())
    run_import(own_service, "cognito", exports.cognito_client(), options=["--into", "imported.yaml"])
    assert created.read_text().startswith("# by hand\nclients:\n") and created.read_text().count("client_id:") == 2
    refused = run_import(own_service, "cognito", exports.cognito_client(), options=["--into", "imported.yaml"], status=1)
    assert "imported.yaml: has the client 3n4b5urk1ft4fl3mg5e62d9ado already" in refused.stderr
    assert own_service.clients_file.read_bytes() == before
    own_service.start(WRIT_CLIENTS="imported.yaml")
    assert own_service.request_token("s6BhdRkqt3", exports.RFC7591_SECRET).status_code in (200, 401)
    answer = requests.post(
        own_service.token_endpoint, data={"grant_type": "client_credentials"}, auth=("s6BhdRkqt3", exports.RFC7591_SECRET),
        timeout=DEADLINE)
    assert answer.status_code == 200
    run_import(own_service, "rfc7591", exports.registration(client_id="x"), options=["--into", "no/such.yaml"], status=1)


@pytest.mark.parametrize(
    ("source", "content", "message"),
    [
        ("keycloak", "", "cannot be used: the file is empty"),
        ("keycloak", "clients: []", "cannot be used: not an object, at octet 0"),
        ("keycloak", json.dumps(exports.keycloak_realm())[:-1], "cannot be used: neither , nor } after a member"),
        ("keycloak", json.dumps(exports.keycloak_realm())[:600], "cannot be used: "),
        ("keycloak", "{}", "is no export of keycloak"),
        ("keycloak", exports.auth0_client(), "holds no client of keycloak"),
        ("hydra", exports.keycloak_realm(), "is no export of hydra"),
        ("hydra", exports.auth0_client(), "is an export of auth0"),
        ("auth0", exports.keycloak_realm(), "holds no client of auth0"),
        ("cognito", exports.registration(), "is no export of cognito"),
        ("cognito", {"UserPoolClients": [{"ClientId": "a"}]}, "is a list of app clients, without secrets and scopes"),
        ("rfc7591", "[" * 100000, "cannot be used: not an object"),
        ("rfc7591", '{"x":' + "[" * 100000, "cannot be used: nested too deep"),
        ("rfc7591", '{"client_id":"a","client_id":"b"}', "a member name used twice"),
        ("keycloak", exports.keycloak_realm(WEB), "no client can be imported"),
        ("keycloak", [exports.keycloak_realm(), exports.keycloak_realm(realm="other")], "holds 2 realms"),
    ],
)
def test_what_is_no_export_is_refused_with_a_reason(own_service, source, content, message):
    before = own_service.clients_file.read_bytes()
    refused = run_import(own_service, source, content, status=1)
    assert message in refused.stderr and "error: " in refused.stderr
    assert own_service.clients_file.read_bytes() == before


@pytest.mark.parametrize("arguments", [["--from", "okta", "x.json"], ["x.json"], ["--from", "hydra"]])
def test_wrong_usage_is_refused(own_service, arguments):
    own_service.writ("clients", "import", *arguments, status=64)


def test_a_file_that_cannot_be_read_is_named(own_service):
    assert "none.json: " in own_service.writ("clients", "import", "--from", "hydra", "none.json", status=1).stderr
    (own_service.folder / "dir").mkdir()
    assert "dir: is a folder" in own_service.writ("clients", "import", "--from", "hydra", "dir", status=1).stderr


def test_an_export_may_come_through_a_pipe(own_service):
    write(own_service, exports.keycloak_realm())
    result = own_service.shell("writ clients import --from keycloak <(cat export0.json) --dry-run")
    assert result.returncode == 0 and "batch" in result.stdout, result.stderr
    result = own_service.shell("cat export0.json | writ clients import --from keycloak /dev/stdin --dry-run")
    assert result.returncode == 0 and "batch" in result.stdout, result.stderr


def test_text_of_an_export_never_controls_the_terminal(own_service):
    evil = exports.keycloak_client(
        clientId="a\x1b[2Jb", name="\x1b]0;x\x07", protocolMappers=[{"name": "\x1b[31mred", "protocolMapper": "\u202ex", "config": {}}])
    other = exports.keycloak_client(clientId="c", protocolMappers=[{"name": "\x1b[31mred\n", "protocolMapper": "\u202ex"}])
    for options, status in (([], 1), (["--json"], 1), (["--partial", "--json"], 0)):
        result = run_import(own_service, "keycloak", exports.keycloak_realm(evil, other), options=options, status=status)
        assert "\x1b" not in result.stdout + result.stderr and "\u202e" not in result.stdout + result.stderr
    own_service.writ("config", "check")


USER = {
    "id": "0", "createdTimestamp": 1700000000000, "username": "user", "enabled": True, "email": "user@example.com",
    "credentials": [{"type": "password", "secretData": json.dumps({"value": "x" * 88, "salt": "y" * 24}),
                     "credentialData": json.dumps({"hashIterations": 210000, "algorithm": "pbkdf2-sha512"})}],
    "realmRoles": ["default-roles-acme"], "groups": ["/a"], "notBefore": 0,
}


def test_users_take_no_memory(own_service):
    """The export comes through a pipe, which stays open while the most memory that the command had is read."""
    path = own_service.folder / "realm.pipe"
    os.mkfifo(path, 0o600)
    head, tail = json.dumps(exports.keycloak_realm(users=["HERE"])).split(', "HERE"')
    thousand = (",\n    " + json.dumps(USER)) * 1000

    def peak(thousands):
        process = subprocess.Popen(
            [BINARY, "clients", "import", "--from", "keycloak", path.name, "--dry-run", "--json"], cwd=own_service.folder,
            env=clean_environment({}), stdout=subprocess.PIPE)
        with path.open("w") as pipe:
            pipe.write(head)
            for _ in range(thousands):
                pipe.write(thousand)
            pipe.write(tail[:-1])
            pipe.flush()
            status = Path(f"/proc/{process.pid}/status").read_text()
            pipe.write("}")
        found = json.loads(process.communicate(timeout=DEADLINE)[0])
        assert process.returncode == 0 and [client["client_id"] for client in found["clients"]] == ["batch"]
        return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) * 1024

    small, large = peak(1), peak(THOUSANDS_OF_USERS)
    size = len(thousand) * THOUSANDS_OF_USERS
    assert size > 16 << 20
    assert large < small + (6 << 20), f"{size >> 20} MiB of users took {(large - small) >> 20} MiB"


def test_a_command_that_is_killed_leaves_the_file_as_it_was(own_service):
    """The export never ends, so that the command is killed while it reads."""
    path = own_service.folder / "endless.json"
    os.mkfifo(path, 0o600)
    before = own_service.clients_file.read_bytes()
    process = subprocess.Popen(
        [BINARY, "clients", "import", "--from", "rfc7591", path.name], cwd=own_service.folder, env=clean_environment({}),
        stderr=subprocess.PIPE)
    with path.open("w") as pipe:
        pipe.write(json.dumps(exports.registration()))
        pipe.flush()
        process.kill()
        process.communicate(timeout=DEADLINE)
    assert own_service.clients_file.read_bytes() == before


def test_each_command_of_the_page_runs_or_says_why_not(own_service):
    """The commands of Migrating.md are run with files of the names that it has."""
    files = {
        "realm.json": exports.keycloak_realm(), "acme-realm.json": exports.keycloak_realm(),
        "acme-users-0.json": {"realm": "acme", "users": []},
        "clients.json": {"items": [exports.hydra_client()], "is_last_page": True},
        "secrets.json": [{"client_id": "hydra-batch", "client_secret": HYDRA_HASH}],
        "auth0-clients.json": [exports.auth0_client()], "grants.json": [exports.auth0_grant()],
        "servers.json": [exports.auth0_server()], "app-clients.json": exports.cognito_client(),
        "registrations.json": exports.registration(),
    }
    for name, content in files.items():
        (own_service.folder / name).write_text(json.dumps(content))
        (own_service.folder / name).chmod(0o600)
    blocks = re.findall(r"((?:<!-- not run: [^>]* -->\n)?)```sh\n(.*?)```", PAGE, re.S)
    assert sum(bool(reason) for reason, _ in blocks) >= 4
    commands = [line for reason, block in blocks if not reason for line in block.splitlines() if line]
    assert {shlex.split(line)[4] for line in commands if "clients import" in line} == set(PRODUCTS)
    for line in commands:
        before = own_service.clients_file.read_text()
        result = own_service.shell(line)
        assert result.returncode == 0, f"$ {line}\n{result.stdout}{result.stderr}"
        if "keycloak" in line:
            # The page has two ways to export one realm.
            own_service.clients_file.write_text(before)


def test_old_tokens_are_verified_with_the_keys_that_the_page_writes(own_service):
    from joserfc import jwt
    from joserfc.jwk import KeySet, RSAKey

    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    former = RSAKey.generate_key(2048, {"kid": "former-1", "use": "sig"})
    encryption = RSAKey.generate_key(2048, {"kid": "enc", "use": "enc"})
    published = KeySet([former, encryption]).as_dict(private=False)
    (own_service.folder / "former.jwks").write_text(json.dumps(published))
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=own_service.folder, capture_output=True, encoding="utf-8", timeout=DEADLINE)
    assert result.returncode == 0, result.stderr
    assert [path.name for path in (own_service.folder / "keys").glob("*.pub.pem")] == ["kid=former-1.pub.pem"]
    own_service.start()
    kids = [key["kid"] for key in requests.get(own_service.jwks_uri, timeout=DEADLINE).json()["keys"]]
    assert "former-1" in kids and "enc" not in kids
    now = int(time.time())
    token = jwt.encode(
        {"alg": "RS256", "typ": "at+jwt", "kid": "former-1"},
        {"iss": own_service.issuer, "sub": "batch", "client_id": "batch", "aud": "https://orders.example.com", "iat": now,
         "exp": now + 60, "jti": "1"}, former)
    own_service.writ("token", "verify", "--audience", "https://orders.example.com", input=token)


def test_many_clients_come_over_in_one_edit(own_service):
    clients = [exports.keycloak_client(clientId=f"c{number}") for number in range(300)]
    run_import(own_service, "keycloak", exports.keycloak_realm(*clients))
    listed = json.loads(own_service.writ("clients", "list", "--json").stdout)
    assert [client["client_id"] for client in listed] == ["demo", *(f"c{number}" for number in range(300))]
    places = re.findall(r"status_index: (\d+)", own_service.clients_file.read_text())
    assert len(set(places)) == len(places) == 301


@pytest.mark.parametrize("name", ["clients", "users", "clientScopes"])
def test_lists_of_a_form_that_keycloak_does_not_write_are_refused(own_service, name):
    for value in ([[]], ["text"], [None], [1]):
        realm = {**exports.keycloak_realm(), name: value}
        assert "cannot be used: not an object" in run_import(own_service, "keycloak", realm, status=1).stderr
    for value in (None, {}, "text", 1):
        result = own_service.writ(
            *("clients", "import", "--from", "keycloak", *write(own_service, {**exports.keycloak_realm(), name: value}), "--dry-run"),
            status=1 if name == "clients" else 0)
        assert "Fatal" not in result.stderr


# Members of any kind in the place of each: the command ends with a reason, and never in another way.
ODDITIES = [None, True, 0, -1, 1e300, 10**30, "", "x", "\x00", "\u212a", [], [[]], [None], {}, {"a": {"b": [1]}}, "$", "$$$$", "${x}"]


def hydra_client_with_hash(**members):
    return exports.hydra_client(**{"client_secret": HYDRA_HASH, **members})


@pytest.mark.parametrize(
    ("source", "make"),
    [
        ("keycloak", exports.keycloak_client), ("hydra", hydra_client_with_hash), ("auth0", exports.auth0_client),
        ("rfc7591", exports.registration),
    ],
)
def test_members_of_any_kind_end_in_a_reason(own_service, source, make):
    names = [name for name in make() if name not in ("clientId", "client_id")]
    clients = []
    for name in names:
        for index, oddity in enumerate(ODDITIES):
            clients.append(make(**{name: oddity, ("clientId" if source == "keycloak" else "client_id"): f"{name}-{index}"}))
    more = [[exports.auth0_grant(client_id=client["client_id"]) for client in clients]] if source == "auth0" else []
    before = own_service.clients_file.read_bytes()
    files = write(own_service, clients, *more)
    result = own_service.shell(f"writ clients import --from {source} {' '.join(files)} --dry-run --partial --json")
    assert result.returncode == 0, result.stderr
    found = {client["client_id"]: client for client in json.loads(result.stdout)["clients"]}
    assert len(found) == len(clients)
    for client in found.values():
        assert client["result"] != "refused" or client["not_carried"], client
        assert client["result"] != "left_out" or client["reason"], client
    assert own_service.clients_file.read_bytes() == before
    imported = own_service.shell(f"writ clients import --from {source} {' '.join(files)} --partial --json")
    assert imported.returncode == 0, imported.stderr
    own_service.writ("clients", "list", "--json")
    own_service.writ("config", "check")
