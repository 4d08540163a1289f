"""The commands for keys that stay in a PKCS#11 token or in Vault, and rotations between places while clients ask for tokens."""

import base64
import json
import os
import stat
import time
from contextlib import ExitStack
from pathlib import Path

import jwt
import pytest
import requests

from faults import Clock, clock_library, contents, events
from key_places import (
    Load,
    Verifier,
    add_client,
    each,
    launch,
    openbao,
    served,
    skip_if_absent,
    softhsm,
    stand_in,
    use,
    use_place,
)
from peers import needs
from service import DEADLINE, RESOURCE, assert_clear_error, wait_until
from test_rotation import keys, published, signing_key
from tokens import header


@pytest.fixture
def places(tmp_path):
    """Makes places that end with the test."""
    with ExitStack() as stack:

        def make(maker, name="place"):
            folder = tmp_path / name
            folder.mkdir(mode=0o700)
            return stack.enter_context(maker(folder))

        yield make


@pytest.fixture(params=each(softhsm, served, stand_in))
def place(request, places):
    return places(request.param)


@pytest.fixture(params=each(softhsm))
def token(places):
    return places(softhsm, "token")


@pytest.fixture
def vault(places):
    return places(stand_in, "vault")


def new_key(service, *command):
    return json.loads(service.writ("keys", *command, "--json").stdout)


def key_files(service):
    return {path.name for path in service.folder.glob("keys/*.*") if not path.name.endswith((".sealing", ".writ-lock"))}


def pair(name):
    """The two files of a key."""
    assert name.endswith(".key-uri")
    return {name, name.replace(".key-uri", ".pub.pem")}


class TestCommands:
    def test_generate_makes_the_key_there_and_writes_two_files(self, own_service, place):
        before = key_files(own_service)
        kid = use(own_service, place)
        assert key_files(own_service) - before == {"es256.key-uri", "es256.pub.pem"}
        for name in key_files(own_service):
            assert stat.S_IMODE((own_service.folder / "keys" / name).stat().st_mode) == 0o600
        text = (own_service.folder / "keys/es256.key-uri").read_text()
        assert text.startswith(f"{place.uri};" if place.kind == "pkcs11" else place.uri) and text.count("\n") == 1
        (row,) = [key for key in keys(own_service) if key["alg"] == "ES256"]
        assert (row["kid"], row["state"], row["file"], row["size"]) == (kid, "signing", "es256.key-uri", 256)
        assert kid in [key["kid"] for key in json.loads(own_service.writ("keys", "export").stdout)["keys"]]
        pem = own_service.writ("keys", "export", "--pem").stdout
        assert (own_service.folder / "keys/es256.pub.pem").read_text() in pem

    def test_the_next_key_is_made_where_the_newest_is(self, own_service, place):
        use(own_service, place)
        planned = json.loads(own_service.writ("keys", "rotate", "--dry-run", "--json").stdout)
        assert planned["file"].endswith("-es256.key-uri") and planned["kid"] is None
        made = new_key(own_service, "rotate")
        assert pair(made["file"]) <= key_files(own_service)
        states = {key["kid"]: key["state"] for key in keys(own_service) if key["alg"] == "ES256"}
        assert list(states.values()) == ["signing", "next"] and states[made["kid"]] == "next"
        in_file = new_key(own_service, "rotate", "--where", "file", "--in", "10m")
        assert in_file["file"].endswith("-es256.pem")
        # The place is that of the last key that is in one.
        back = new_key(own_service, "rotate", "--where", place.kind, "--in", "20m")
        assert pair(back["file"]) <= key_files(own_service)
        assert len({kid for kid in published_by_export(own_service)}) == 5

    def test_rotate_removes_both_files_of_an_expired_key(self, own_service, place):
        use(own_service, place)
        second = new_key(own_service, "rotate", "--now")["file"]
        folder = own_service.folder / "keys"
        for name, day in [("es256.key-uri", "20200101"), (second, "20200102")]:
            for file in pair(name):
                moved = folder / f"{day}T000000Z-es256.{file.partition('.')[2]}"
                (folder / file).rename(moved)
                os.utime(moved, (0, 0))
        assert new_key(own_service, "rotate")["removed"] == ["20200101T000000Z-es256.key-uri"]
        assert not pair("20200101T000000Z-es256.key-uri") & key_files(own_service)
        assert pair("20200102T000000Z-es256.key-uri") <= key_files(own_service)

    def test_retire_takes_both_files_out_and_makes_the_next_key_there(self, own_service, place):
        kid = use(own_service, place)
        answer = json.loads(own_service.writ("keys", "retire", kid, "--yes", "--json").stdout)
        assert (answer["kid"], answer["file"], answer["state"]) == (kid, "es256.key-uri", "signing")
        (row,) = [key for key in keys(own_service) if key["alg"] == "ES256"]
        assert row["kid"] == answer["replacement"] != kid and row["file"].endswith(".key-uri")
        assert not pair("es256.key-uri") & key_files(own_service)
        other = json.loads(own_service.writ("keys", "retire", row["kid"], "--where", "file", "--yes", "--json").stdout)
        (row,) = [key for key in keys(own_service) if key["alg"] == "ES256"]
        assert row["kid"] == other["replacement"] and row["file"].endswith("-es256.pem")

    def test_a_key_of_a_place_that_is_away_is_retired_only_with_another_place(self, own_service, place):
        kid = use(own_service, place)
        before = contents(own_service.folder)
        environment = take_away(place)
        refused = own_service.writ("keys", "retire", kid, "--yes", status=1, environment=environment)
        assert_clear_error(refused, "es256.key-uri is not retired", "--where file makes that key in a file")
        assert contents(own_service.folder) == before
        own_service.writ("keys", "retire", kid, "--yes", "--where", "file", environment=environment)
        assert not pair("es256.key-uri") & key_files(own_service)

    def test_adopt_takes_a_key_that_is_there(self, own_service, place):
        kid = use(own_service, place)
        uri = (own_service.folder / "keys/es256.key-uri").read_text().strip()
        before = contents(own_service.folder)
        again = own_service.writ("keys", "adopt", uri, status=1)
        assert_clear_error(again, "the folder has this key already")
        assert contents(own_service.folder) == before
        for name in pair("es256.key-uri"):
            (own_service.folder / "keys" / name).unlink()
        adopted = new_key(own_service, "adopt", uri)
        assert (adopted["kid"], adopted["alg"], adopted["file"]) == (kid, "ES256", "es256.key-uri")
        assert contents(own_service.folder) == before

    @pytest.mark.parametrize("maker", each(softhsm, stand_in))
    def test_a_secret_manifest(self, own_service, maker, places):
        place = places(maker)
        use(own_service, place)
        folder = own_service.folder / "keys"
        names = [*key_files(own_service), "xaes-256-gcm.sealing"]
        data = {name: base64.b64encode((folder / name).read_bytes()).decode() for name in names}
        for name in ("clients.yaml", "writ.yaml"):
            assert name not in data
        manifest = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "writ-keys"}, "type": "Opaque", "data": data}
        before = contents(own_service.folder)
        rotated = own_service.writ("keys", "rotate", "--secret-manifest", "--in", "1h", input=json.dumps(manifest))
        assert contents(own_service.folder) == before
        next = json.loads(rotated.stdout)
        (uri,) = [name for name in next["data"] if name.endswith("-es256.key-uri")]
        assert set(next["data"]) - set(data) == {*pair(uri), next_sealing(next)}
        assert {**next, "data": data} == manifest and data.items() <= next["data"].items()
        assert base64.b64decode(next["data"][uri]).startswith(place.kind.encode())
        # Run again it changes nothing, in the Secret and in the place.
        again = own_service.writ("keys", "rotate", "--secret-manifest", "--in", "1h", input=rotated.stdout)
        assert json.loads(again.stdout) == next
        # The service signs with what it says.
        for name, text in next["data"].items():
            (folder / name).write_bytes(base64.b64decode(text))
            (folder / name).chmod(0o600)
        launch(own_service)
        assert len(published(own_service)) == 3 and header(own_service.access_token())["alg"] == "ES256"
        place.stop() if place.kind == "vault" else place.write_secret("wrong")
        refused = own_service.writ("keys", "rotate", "--secret-manifest", "--now", input=rotated.stdout, status=1)
        assert_clear_error(refused)


@pytest.mark.parametrize("maker", each(softhsm, served))
def test_commands_end_when_they_are_done(own_service, maker, places):
    """The module is not called any more when its own destructors run."""
    place = places(maker)
    use(own_service, place)
    for number in range(10):
        own_service.writ("keys", "rotate", "--in", f"{600 + number}s")


def next_sealing(manifest):
    (name,) = [name for name in manifest["data"] if name.endswith("Z-xaes-256-gcm.sealing")]
    return name


def published_by_export(service):
    return [key["kid"] for key in json.loads(service.writ("keys", "export").stdout)["keys"]]


def take_away(place):
    """What commands need so that the place is away for them."""
    if hasattr(place, "stop"):
        place.stop()
        return {}
    empty = place.folder / "empty.conf"
    (place.folder / "empty").mkdir()
    empty.write_text(f"directories.tokendir = {place.folder}/empty\n")
    return {"SOFTHSM2_CONF": str(empty)}


class TestWhatIsRefused:
    """Each error names what is wrong and no secret, and leaves the folder as it was."""

    def refuse(self, service, place, command, *words, status=1, environment=None):
        before = contents(service.folder)
        result = service.writ("keys", *command, status=status, environment=environment)
        assert_clear_error(result, *words)
        assert contents(service.folder) == before
        for text in (place.secret, "s3cr3t"):
            assert text not in result.stderr
        return result

    @pytest.mark.parametrize(
        "attribute, words",
        [("pin-value=s3cr3t", ["holds a PIN", "pkcs11.pin_file"]), ("pin-source=s3cr3t", ["pin-source", "pkcs11.pin_file"])]
        + [(f"{name}=s3cr3t", [name, "pkcs11.module"]) for name in ("module-path", "module-name")],
    )
    @pytest.mark.parametrize("command", [["generate", "--pkcs11"], ["adopt"]])
    def test_what_belongs_into_the_settings(self, own_service, token, command, attribute, words):
        use_place(own_service, token)
        self.refuse(own_service, token, [*command, f"{token.uri}?{attribute}"], *words, status=64)

    def test_a_pin_among_the_attributes_of_the_path(self, own_service, token):
        use_place(own_service, token)
        self.refuse(own_service, token, ["generate", "--pkcs11", f"{token.uri};pin-value=s3cr3t"], status=64)

    def test_a_file_with_a_pin_in_it(self, own_service, token):
        use(own_service, token)
        file = own_service.folder / "keys/es256.key-uri"
        file.write_text(file.read_text().strip() + "?pin-value=s3cr3t\n")
        self.refuse(own_service, token, ["list"], "es256.key-uri", "holds a PIN", "pkcs11.pin_file")

    def test_a_token_that_is_not_there(self, own_service, token):
        use_place(own_service, token)
        command = ["generate", "--pkcs11", "pkcs11:token=other"]
        self.refuse(own_service, token, command, "the token is not there", "pkcs11:token=writ;serial=")

    def test_a_wrong_pin(self, own_service, token):
        use_place(own_service, token)
        token.write_secret("s3cr3t")
        command = ["generate", "--pkcs11", token.uri]
        self.refuse(own_service, token, command, "CKR_PIN_INCORRECT", "pkcs11.pin_file")

    def test_a_pin_that_others_can_read(self, own_service, token):
        use_place(own_service, token)
        token.secret_file.chmod(0o644)
        command = ["generate", "--pkcs11", token.uri]
        self.refuse(own_service, token, command, str(token.secret_file), "chmod 600")

    def test_no_pin(self, own_service, token):
        use_place(own_service, token)
        del own_service.environment["WRIT_PKCS11_PIN_FILE"]
        self.refuse(own_service, token, ["generate", "--pkcs11", token.uri], "asks for a PIN", "pkcs11.pin_file")

    def test_no_module(self, own_service, token):
        use_place(own_service, token)
        environment = {"WRIT_PKCS11_MODULE": str(token.folder / "missing.so")}
        command = ["generate", "--pkcs11", token.uri]
        self.refuse(own_service, token, command, "missing.so", environment=environment)

    def test_a_file_that_is_no_module(self, own_service, token):
        use_place(own_service, token)
        (token.folder / "module.so").write_text("no shared object")
        (token.folder / "module.so").chmod(0o600)
        environment = {"WRIT_PKCS11_MODULE": str(token.folder / "module.so")}
        self.refuse(own_service, token, ["generate", "--pkcs11", token.uri], "module", environment=environment)

    @needs("pkcs11-tool")
    def test_several_keys_that_match(self, own_service, token):
        use_place(own_service, token)
        for _ in range(2):
            token.make_object("twice")
        self.refuse(own_service, token, ["adopt", f"{token.uri};object=twice"], "id")
        self.refuse(own_service, token, ["adopt", f"{token.uri};object=none"], "no")

    @needs("pkcs11-tool")
    def test_a_key_for_no_algorithm_of_tokens(self, own_service, token):
        use_place(own_service, token)
        token.make_object("small", kind="rsa:1024")
        self.refuse(own_service, token, ["adopt", f"{token.uri};object=small"])

    def test_settings_that_are_missing(self, own_service, place):
        setting = {"pkcs11": "pkcs11: {", "vault": "vault: {"}[place.kind]
        self.refuse(own_service, place, ["generate", place.option, place.uri], setting)
        self.refuse(own_service, place, ["adopt", f"{place.uri};object=a" if place.kind == "pkcs11" else place.uri], setting)
        use(own_service, place)
        for name in place.environment:
            del own_service.environment[name]
        self.refuse(own_service, place, ["list"], "es256.key-uri", setting)
        refused = own_service.writ("serve", status=1)
        assert_clear_error(refused, "es256.key-uri", setting)

    def test_a_uri_for_the_other_option(self, own_service, token, vault):
        self.refuse(own_service, vault, ["generate", "--pkcs11", vault.uri], "--vault", status=64)
        self.refuse(own_service, token, ["generate", "--vault", token.uri], "--pkcs11", status=64)
        both = ["generate", "--pkcs11", token.uri, "--vault", vault.uri]
        self.refuse(own_service, token, both, "exclude each other", status=64)

    def test_a_key_that_vault_does_not_have(self, own_service, vault):
        use_place(own_service, vault)
        self.refuse(own_service, vault, ["adopt", vault.uri], "has no key writ", "generate")
        uri = vault.uri.replace("transit", "elsewhere")
        self.refuse(own_service, vault, ["adopt", uri], "no Transit engine at elsewhere")

    def test_vault_gets_no_key_if_its_files_cannot_be_written(self, own_service, vault):
        """Vault keeps what it has made."""
        use_place(own_service, vault)
        broken = own_service.folder / "keys/broken.pem"
        broken.write_text("half a key")
        broken.chmod(0o600)
        self.refuse(own_service, vault, ["generate", "--vault", vault.uri], "broken.pem")
        assert not vault.server.mounts["transit"]

    def test_a_key_of_another_kind(self, own_service, vault):
        use_place(own_service, vault)
        vault.server.make_key("writ", "ecdsa-p384")
        self.refuse(own_service, vault, ["generate", "--vault", vault.uri], "ecdsa-p384", "choose another name")
        vault.server.make_key("writ", "aes256-gcm96")
        self.refuse(own_service, vault, ["adopt", vault.uri])

    def test_what_vault_denies(self, own_service, vault):
        use_place(own_service, vault)
        vault.server.make_key("writ", "rsa-2048")
        vault.server.add_token(vault.secret, ["transit/sign/writ/*"])
        command = ["adopt", vault.uri]
        self.refuse(own_service, vault, command, "denies", 'path "transit/keys/writ" { capabilities = ["read"] }')
        vault.server.add_token(vault.secret, ["transit/keys/writ"])
        self.refuse(own_service, vault, command, "denies", 'path "transit/sign/writ/*" { capabilities = ["update"] }')
        command = ["generate", "--vault", vault.uri]
        self.refuse(own_service, vault, command, 'path "transit/keys/writ/rotate" { capabilities = ["update"] }')
        vault.write_secret("s3cr3t-that-vault-does-not-know")
        self.refuse(own_service, vault, command, "denies")

    @pytest.mark.parametrize(
        "behaviour, word",
        [("sealed", "is sealed"), ("standby", "is a standby"), ("redirect", "redirect"), ("garbage", "in another way")]
        + [("too-large", "Vault at"), ("half", "Vault at"), ("close", "Vault at"), ("denied", "denies")],
    )
    def test_a_vault_that_does_not_answer_as_one(self, own_service, vault, behaviour, word):
        use_place(own_service, vault)
        vault.server.make_key("writ", "rsa-2048")
        vault.server.behave(behaviour, "any")
        self.refuse(own_service, vault, ["adopt", vault.uri], word)
        vault.server.behave_well()
        vault.server.behave("wrong-key", "sign")
        self.refuse(own_service, vault, ["adopt", vault.uri], "does not verify")
        vault.stop()
        self.refuse(own_service, vault, ["adopt", vault.uri], "gives no answer")
        vault.start()


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"])
@pytest.mark.parametrize("maker", each(softhsm, served, stand_in, openbao))
def test_tokens_of_each_algorithm(own_service, maker, places, algorithm):
    place = places(maker)
    if maker is served and algorithm.startswith("Ed"):
        # Its issue 776: p11-kit passes on the mechanisms that it knows.
        pytest.skip("p11-kit has no CKM_EDDSA")
    for path in own_service.folder.glob("keys/*.pem"):
        path.unlink()
    kid = use(own_service, place, algorithm)
    launch(own_service)
    token = own_service.access_token()
    assert header(token)["alg"] == algorithm
    (key,) = requests.get(own_service.jwks_uri, timeout=DEADLINE).json()["keys"]
    assert (key["alg"], key["kid"]) == (algorithm, kid)
    own_service.writ(
        *("token", "verify", "--issuer", own_service.issuer, "--audience", RESOURCE, "--jwks", own_service.jwks_uri),
        input=token,
    )
    # PyJWT does not know the name of RFC 9864.
    if algorithm != "Ed25519":
        assert Verifier(own_service, 300, time.time).check(token) == (kid, None)


def test_secrets_are_seen_nowhere(own_service, place):
    """Not in the output of commands, the log, the process list, the metrics or the settings."""
    use(own_service, place)
    launch(own_service, WRIT_LOG_LEVEL="trace")
    own_service.access_token()
    place.write_secret(f"{place.secret}-wrong")
    place.stop() if hasattr(place, "stop") else None
    own_service.request_token()
    seen = [
        requests.get(f"{own_service.management}/metrics", timeout=DEADLINE).text,
        *(own_service.writ("config", *command).stdout for command in (["show"], ["show", "--json"])),
        Path(f"/proc/{own_service.process.pid}/cmdline").read_text(),
        environment_of(own_service),
        own_service.log,
    ]
    assert all(seen) and not any(place.secret in text for text in seen)


def environment_of(service) -> str:
    try:
        return Path(f"/proc/{service.process.pid}/environ").read_text()
    except PermissionError:
        return "hidden from everybody but root"


@pytest.mark.parametrize(
    "path", [[softhsm, stand_in], [served, stand_in], [softhsm, openbao]], ids=["softhsm", "served", "openbao"]
)
def test_from_a_file_to_a_token_to_vault_and_back_while_clients_ask(own_service, path, places, clock_library, tmp_path):
    """Six minutes of announcement pass each time, in which every cache of `max-age` is fetched again and none earlier."""
    skip_if_absent(*path)
    token, vault = (places(maker, maker.__name__) for maker in path)
    clock, passed = Clock(tmp_path, clock_library), [0]
    for place in (token, vault):
        use_place(own_service, place)
    clients = [add_client(own_service, f"client-{number}") for number in range(4)]
    launch(own_service, **clock.environment)
    signers = [signing_key(own_service)]

    def pass_time(seconds):
        passed[0] += seconds
        clock.set(passed[0])

    with Load(own_service, clients, lambda: time.time() + passed[0]) as load:
        load.wait_until("all sign", lambda answer: answer.kid == signers[0])
        for command in (
            ["generate", "--pkcs11", token.uri],
            ["generate", "--vault", vault.uri],
            ["rotate", "--where", "file"],
            ["rotate", "--where", "pkcs11"],
            ["rotate", "--where", "vault"],
        ):
            made = new_key(own_service, *command)
            signers.append(made["kid"])
            wait_until("it is published", lambda: made["kid"] in published(own_service))
            pass_time(290)
            load.wait_until("the old key signs", lambda answer: answer.kid == signers[-2], len(load.answers))
            pass_time(75)
            load.wait_until("the new key signs", lambda answer: answer.kid == signers[-1], len(load.answers))
    assert {answer.status for answer in load.answers} == {200}
    assert [answer for answer in load.answers if answer.fault] == []
    # For each client, the keys follow one another, and none comes back.
    for name, _ in clients:
        kids = [answer.kid for answer in load.answers if answer.client == name]
        assert list(dict.fromkeys(kids)) == signers
        assert kids == sorted(kids, key=signers.index)
    assert [event for event in events(own_service) if event["level"] in ("warning", "error")] == []


@pytest.mark.parametrize("maker", each(softhsm, stand_in))
def test_keys_rotation_makes_the_next_key_there(own_service, maker, places):
    place = places(maker)
    first = use(own_service, place)
    # In half an hour its time is over.
    start = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() - 11.5 * 3600))
    folder = own_service.folder / "keys"
    for name in pair("es256.key-uri"):
        (folder / name).rename(folder / f"{start}-{name}")
    launch(own_service, WRIT_KEYS_ROTATION_EVERY="12h", WRIT_KEYS_ROTATION_ANNOUNCE="1h")
    assert signing_key(own_service) == first
    wait_until("the next key is published", lambda: len(published(own_service)) == 3)
    (row,) = [key for key in keys(own_service) if key["alg"] == "ES256" and key["state"] == "next"]
    assert row["kid"] in published(own_service) and pair(row["file"]) <= key_files(own_service)
    uris = {path.read_text() for path in folder.glob("*.key-uri")}
    assert len(uris) == (2 if place.kind == "pkcs11" else 1)
    assert signing_key(own_service) == first
