"""`clients` as a folder with a file for each team: who may hand out what, and that no team touches another."""

import json
import os
import re
import shlex
import shutil
from pathlib import Path

import pytest
import requests
import yaml

from service import DEADLINE, assert_clear_error, wait_until
from test_clients_file import HASH, SECRET

PAY = "https://pay.example.com"
DELEGATIONS = {
    "pay.yaml": {"client_ids": "pay-", "scope": "pay.read pay.write", "resources": [PAY]},
    "web.yaml": {"client_ids": "web-", "scope": "web.read"},
}


def entry(client, scope="web.read", **members):
    return {"client_id": client, "client_secrets": [{"hash": HASH}], "scope": scope, **members}


def text(*entries, **settings):
    return yaml.safe_dump({**settings, "clients": list(entries)}, sort_keys=False)


@pytest.fixture
def teams(own_service):
    """A service whose clients are in a folder of two teams' files."""
    own_service.clients_file.unlink()
    own_service.teams = own_service.folder / "clients.d"
    own_service.teams.mkdir()
    (own_service.teams / "pay.yaml").write_text("# of the team Payments\n" + text(entry("pay-1", "pay.read", resources=[PAY])))
    (own_service.teams / "web.yaml").write_text(text(entry("web-1"), entry("web-2")))
    configure(own_service)
    # These tests ask until a client is registered.
    own_service.environment = {f"WRIT_THROTTLE_{name}": "off" for name in ["FAILURES", "ADDRESS_FAILURES", "CLIENT_FAILURES"]}
    return own_service


def start(service, **environment):
    return service.start(**service.environment, **environment)


def configure(service, **settings):
    file = service.folder / "writ.yaml"
    configuration = yaml.safe_load(file.read_text())
    file.write_text(yaml.safe_dump({**configuration, "clients": "clients.d", **settings}))


def gets_token(service, client):
    answer = service.request_token(client, SECRET)
    assert answer.status_code in {200, 401}, answer.text
    return answer.ok


def wait_for(service, client, is_registered=True):
    wait_until(f"{client} is registered: {is_registered}", lambda: gets_token(service, client) == is_registered)


class TestTheFolder:
    def test_each_file_comes_and_goes_by_itself(self, teams):
        start(teams)
        assert gets_token(teams, "pay-1") and gets_token(teams, "web-1")
        (teams.teams / "new.yaml").write_text(text(entry("new-1")))
        wait_for(teams, "new-1")
        (teams.teams / "new.yaml").unlink()
        wait_for(teams, "new-1", False)
        assert gets_token(teams, "pay-1") and gets_token(teams, "web-2")

    @pytest.mark.parametrize("content", ["[ no such thing", "", "clients: 3\n", "\0", "clients: []\nclient: []\n"])
    def test_a_file_that_does_not_check_keeps_its_clients_and_holds_up_no_other(self, teams, content):
        start(teams)
        (teams.teams / "pay.yaml").write_text(content)
        (teams.teams / "web.yaml").write_text(text(entry("web-1"), entry("web-3")))
        wait_for(teams, "web-3")
        wait_for(teams, "web-2", False)
        teams.wait_for_log("clients.d/pay.yaml")
        if "client:" not in content:
            assert gets_token(teams, "pay-1")
        metrics = requests.get(f"{teams.management}/metrics", timeout=DEADLINE).text
        assert 'writ_reload_problems{part="clients"} 1' in metrics, metrics
        check = teams.writ("config", "check", status=1)
        assert "clients.d/pay.yaml" in check.stderr and "web.yaml" not in check.stderr

    def test_a_bad_file_is_out_at_a_start_and_the_others_serve(self, teams):
        (teams.teams / "pay.yaml").write_text("[ no such thing")
        with (teams.teams / "huge.yaml").open("wb") as huge:
            huge.truncate(65 << 20)
        (teams.folder / "outside.yaml").write_text(text(entry("outside")))
        (teams.teams / "link.yaml").symlink_to("../outside.yaml")
        unreadable = teams.teams / "unreadable.yaml"
        unreadable.mkdir()
        os.mkfifo(teams.teams / "pipe.yaml")
        start(teams)
        assert gets_token(teams, "web-1")
        assert not gets_token(teams, "pay-1") and not gets_token(teams, "outside")
        for name in ["pay.yaml", "huge.yaml", "link.yaml", "unreadable.yaml", "pipe.yaml"]:
            teams.wait_for_log(f"clients.d/{name}")
            assert f"clients.d/{name}" in teams.writ("config", "check", status=1).stderr

    def test_the_links_of_a_config_map(self, teams):
        first = teams.teams / "..2026_11_30"
        first.mkdir()
        for name in ["pay.yaml", "web.yaml"]:
            shutil.move(teams.teams / name, first / name)
        (teams.teams / "..data").symlink_to(first.name)
        for name in ["pay.yaml", "web.yaml"]:
            (teams.teams / name).symlink_to(f"..data/{name}")
        start(teams)
        assert gets_token(teams, "pay-1") and gets_token(teams, "web-1")
        second = teams.teams / "..2026_12_01"
        second.mkdir()
        (second / "web.yaml").write_text(text(entry("web-9")))
        (second / "pay.yaml").write_text(text(entry("pay-1")))
        (teams.teams / "..tmp").symlink_to(second.name)
        (teams.teams / "..tmp").replace(teams.teams / "..data")
        shutil.rmtree(first)
        wait_for(teams, "web-9")
        assert not gets_token(teams, "web-1") and gets_token(teams, "pay-1")

    def test_of_a_client_in_two_files_the_first_by_name_counts(self, teams):
        (teams.teams / "abc.yaml").write_text(text(entry("web-1", "other")))
        start(teams)
        assert teams.request_token("web-1", SECRET).json()["scope"] == "other"
        problem = "web.yaml:2: client_id is already used in clients.d/abc.yaml:2"
        teams.wait_for_log(f"clients.d/{problem}")
        assert problem in teams.writ("config", "check", status=1).stderr

    def test_ten_thousand_clients_in_a_hundred_files_one_of_them_garbage(self, teams):
        for number in range(100):
            entries = "".join(
                f'  - client_id: many-{number}-{each}\n    client_secrets: [{{hash: "{HASH}"}}]\n    scope: many\n'
                for each in range(100)
            )
            (teams.teams / f"many-{number:02}.yaml").write_text("clients:\n" + entries)
        (teams.teams / "many-50.yaml").write_bytes(os.urandom(10_000))
        start(teams)
        assert gets_token(teams, "many-0-0") and gets_token(teams, "many-99-99") and gets_token(teams, "pay-1")
        assert not gets_token(teams, "many-50-0")
        teams.wait_for_log("clients.d/many-50")
        assert teams.log.count("clients.d/many-") == teams.log.count("clients.d/many-50")


class TestDelegations:
    def test_a_file_hands_out_what_it_is_given_and_nothing_else(self, teams):
        configure(teams, delegations=DELEGATIONS)
        start(teams)
        assert teams.request_token("pay-1", SECRET, resource=PAY).status_code == 200
        excesses = {
            "web-scope": entry("web-scope", "web.read pay.read"), "web-resource": entry("web-resource", resources=[PAY]),
            "web-introspect": entry("web-introspect", introspect=True), "web-claims": entry("web-claims", claims={"role": "admin"}),
            "pay-2": entry("pay-2"), "other": entry("other"),
        }
        (teams.teams / "web.yaml").write_text(text(entry("web-1"), *excesses.values(), entry("web-3")))
        (teams.teams / "stranger.yaml").write_text(text(entry("stranger")))
        wait_for(teams, "web-3")
        assert gets_token(teams, "pay-1")
        check = teams.writ("config", "check", status=1).stderr
        for client in [*excesses, "stranger"]:
            assert not gets_token(teams, client), client
        for line, words in enumerate(
            ["scope has pay.read", f"resources has {PAY}", "introspect is true", "claims has role", "pay.yaml alone", "does not begin"]
        ):
            assert words in check, words
        assert "stranger.yaml: is not named in delegations" in check

    def test_they_change_while_the_service_runs(self, teams):
        configure(teams, delegations=DELEGATIONS)
        start(teams)
        assert gets_token(teams, "web-1")
        configure(teams, delegations={"pay.yaml": DELEGATIONS["pay.yaml"]})
        wait_for(teams, "web-1", False)
        assert gets_token(teams, "pay-1")
        configure(teams, delegations=DELEGATIONS)
        wait_for(teams, "web-1")

    def test_mistakes_in_them_are_named_and_nothing_starts(self, teams):
        overlapping = {"a.yaml": {"client_ids": "pay-"}, "b.yaml": {"client_ids": "pay-eu-"}}
        configure(teams, delegations=overlapping)
        assert_clear_error(teams.writ("serve", status=1), "delegations", "pay-", "a.yaml", "b.yaml")
        configure(teams, delegations={"pay.yaml": {"scop": "a"}})
        assert_clear_error(teams.writ("config", "check", status=1), "pay.yaml", "scop", "did you mean scope")

    def test_a_single_file_has_none(self, own_service):
        file = own_service.folder / "writ.yaml"
        file.write_text(file.read_text() + "delegations: {a.yaml: {scope: a}}\n")
        assert_clear_error(own_service.writ("serve", status=1), "clients.yaml", "delegations")


class TestCommands:
    def test_add_goes_to_a_file_and_the_others_stay(self, teams):
        before = (teams.teams / "pay.yaml").read_text()
        assert_clear_error(teams.writ("clients", "add", "x", status=1), "--into FILE")
        teams.writ("clients", "add", "x", "--scope", "a", "--into", "web.yaml")
        teams.writ("clients", "add", "y", "--into", "new.yaml", "--dry-run")
        assert not (teams.teams / "new.yaml").exists() and (teams.teams / "pay.yaml").read_text() == before
        teams.writ("clients", "add", "y", "--into", "new.yaml")
        listed = {client["client_id"] for client in json.loads(teams.writ("clients", "list", "--json").stdout)}
        assert listed == {"pay-1", "web-1", "web-2", "x", "y"}
        assert "clients.d/web.yaml" in teams.writ("clients", "show", "x").stdout
        for name in ["../x.yaml", "x.txt", ".x.yaml"]:
            assert_clear_error(teams.writ("clients", "add", "z", "--into", name, status=1), ".yaml")
        assert_clear_error(teams.writ("clients", "add", "pay-1", "--into", "web.yaml", status=1), "already exists")

    def test_add_asks_the_delegations(self, teams):
        configure(teams, delegations=DELEGATIONS)
        teams.writ("clients", "add", "pay-2", "--scope", "pay.read")
        assert "pay-2" in (teams.teams / "pay.yaml").read_text()
        error = teams.writ("clients", "add", "pay-3", "--scope", "web.read", status=1)
        assert_clear_error(error, "scope has web.read", "pay.yaml")
        assert_clear_error(teams.writ("clients", "add", "pay-3", "--into", "web.yaml", status=1), "pay.yaml alone")

    def test_a_list_says_what_it_lacks(self, teams):
        (teams.teams / "pay.yaml").write_text("[ no such thing")
        result = teams.writ("clients", "list", status=1)
        assert "web-1" in result.stdout and "clients.d/pay.yaml" in result.stderr

    def test_revoke_and_remove_find_the_file(self, teams):
        start(teams, WRIT_ACCESS_TOKEN_STATUS_LIST="on")
        teams.writ("clients", "revoke", "pay-1", "--yes")
        pay = (teams.teams / "pay.yaml").read_text()
        assert pay.startswith("# of the team Payments\n") and "access_tokens_not_before" in pay
        assert "not_before" not in (teams.teams / "web.yaml").read_text()
        teams.writ("clients", "remove", "web-1", "--yes")
        wait_for(teams, "web-1", False)
        assert "removed:" in (teams.teams / "web.yaml").read_text()
        assert_clear_error(teams.writ("clients", "revoke", "nobody", "--yes", status=1), "no client")

    def test_revoke_all_writes_every_file_and_says_if_one_cannot_be_written(self, teams):
        teams.writ("clients", "revoke", "--all", "--yes")
        for file in teams.teams.glob("*.yaml"):
            assert "access_tokens_not_before" in file.read_text()
        (teams.teams / "abc.yaml").write_text("[ no such thing")
        result = teams.writ("clients", "revoke", "--all", "--in", "1h", "--yes", status=1)
        assert "clients.d/abc.yaml" in result.stderr
        assert (teams.teams / "web.yaml").read_text().count("Z") == 4

    def test_the_revocation_endpoint_writes_the_file_of_the_client(self, teams):
        start(teams, WRIT_REVOCATION="on")
        token = teams.request_token("web-1", SECRET).json()["access_token"]
        answer = requests.post(
            f"{teams.issuer}/oauth2/revoke", data={"token": token}, auth=("web-1", SECRET), timeout=DEADLINE)
        assert answer.status_code == 200, answer.text
        written = yaml.safe_load((teams.teams / "web.yaml").read_text())["clients"]
        assert ["access_tokens_not_before" in client for client in written] == [True, False]


class TestThePage:
    """Documentation/Clients.md: its example of delegations, and each line of its commands."""

    PAGE = (Path(__file__).parents[2] / "Documentation/Clients.md").read_text()

    def test_each_command_works_as_written(self, own_service):
        own_service.clients_file.unlink()
        folder = own_service.folder / "clients.d"
        folder.mkdir()
        (example,) = re.findall(r"(?m)^    clients: clients\.d\n    delegations:\n(?:      .*\n)+", self.PAGE)
        configure(own_service, **yaml.safe_load(example))
        (folder / "payments.yaml").write_text(text(entry("payments-1", "pay.read", resources=[PAY])))
        (folder / "web.yaml").write_text(text(entry("web-1", "site.read")))
        shutil.copytree(folder, own_service.folder / "proposed.d")
        commands = re.findall(r"(?m)^    (writ clients [^#\n]*)", self.PAGE)
        assert len(commands) == 8
        for command in commands:
            arguments = shlex.split(command)[1:]
            # What differs, and what is to be reported, is status 1.
            status = 1 if arguments[1] in {"lint", "diff"} else 0
            result = own_service.writ(*arguments, status=status)
            assert result.stdout or "Would" in result.stderr, command
        assert yaml.safe_load((folder / "payments.yaml").read_text())["clients"][1]["disabled"] is True

    def test_each_word_of_lint_is_explained(self):
        source = (Path(__file__).parents[2] / "Sources/ServiceFiles/Configuration/ClientsLint.swift").read_text()
        words = set(re.findall(r'\.(?:insecure|useless), "(\w+)"|rule: "(\w+)"', source))
        table = self.PAGE[self.PAGE.index("| word |") :]
        assert {word for pair in words for word in pair if word} == set(re.findall(r"`(\w+)`[,|  ]", table)) - {"introspect", "claims_from_identity"}


class TestSet:
    def test_a_client_is_disabled_and_comes_back(self, own_service):
        own_service.start(WRIT_ACCESS_TOKEN_STATUS_LIST="on")
        own_service.writ("clients", "add", "guard", "--introspect", "--json")
        guard = json.loads(own_service.writ("clients", "rotate-secret", "guard", "--json", "--yes").stdout)
        own_service.secrets.add(guard["client_secret"])
        token = own_service.access_token()

        def is_active():
            answer = requests.post(
                f"{own_service.issuer}/oauth2/introspect", data={"token": token},
                auth=("guard", guard["client_secret"]), timeout=DEADLINE)
            return answer.json()["active"] if answer.ok else None

        wait_until("the token is active", is_active)
        trial = own_service.writ("clients", "set", "demo", "--disable", "--dry-run")
        assert "disabled" in trial.stdout and "disabled" not in own_service.clients_file.read_text()
        own_service.writ("clients", "set", "demo", "--disable", "--yes")
        wait_until("the client is refused", lambda: own_service.request_token().status_code == 401)
        wait_until("the token is inactive", lambda: is_active() is False)
        assert json.loads(own_service.writ("clients", "show", "demo", "--json").stdout)["disabled"] is True
        assert "disabled" in own_service.writ("clients", "list").stdout
        assert own_service.writ("clients", "who-can", "site.read").stdout == ""
        own_service.writ("clients", "set", "demo", "--enable")
        wait_until("the client gets tokens", lambda: own_service.request_token().status_code == 200)
        assert is_active() is False

    def test_what_changes_counts_for_the_next_token(self, own_service):
        own_service.start()
        own_service.writ("clients", "set", "demo", "--remove-scope", "site.documentation", "--access-token-lifetime", "90s")
        wait_until("the scope is narrower", lambda: own_service.request_token().json()["scope"] == "site.read")
        assert own_service.request_token().json()["expires_in"] == 90
        report = own_service.writ("clients", "set", "demo", "--scope", "a b", "--json").stdout
        assert json.loads(report)["changes"] == [{"member": "scope", "removed": ["site.read"], "added": ["a", "b"]}]

    @pytest.mark.parametrize(
        "options",
        [[], ["--scope", "a", "--add-scope", "b"], ["--disable", "--enable"], ["--clear", "client_id"], ["--scope", "a  b"],
         ["--access-token-lifetime", "48h"], ["--resource", "no uri"], ["--jwks", "a", "--jwks-uri", "b"]],
    )  # fmt: skip
    def test_wrong_use_changes_nothing(self, own_service, options):
        before = own_service.clients_file.read_text()
        assert_clear_error(own_service.writ("clients", "set", "demo", *options, status=64))
        assert own_service.clients_file.read_text() == before


class TestLooking:
    def test_diff_tells_tokens_and_not_text(self, own_service):
        copy = own_service.folder / "copy.yaml"
        copy.write_text("# a comment\n" + own_service.clients_file.read_text())
        assert "No client differs" in own_service.writ("clients", "diff", "clients.yaml", "copy.yaml", "--exit-code").stderr
        own_service.writ("clients", "set", "demo", "--add-scope", "site.write")
        found = own_service.writ("clients", "diff", "copy.yaml", "clients.yaml", "--exit-code", status=1).stdout
        assert found == "demo is changed\n  scope: +site.write\n"
        assert own_service.writ("clients", "diff", "copy.yaml", "clients.yaml").stdout == found
        copy.write_text("clients: [")
        assert "copy.yaml" in own_service.writ("clients", "diff", "copy.yaml", "clients.yaml", status=1).stderr

    def test_lint_reports_what_is_insecure_and_useless(self, own_service):
        assert own_service.writ("clients", "lint").stdout == ""
        own_service.clients_file.write_text(
            text(
                entry("a", access_token_lifetime="12h", introspect=True),
                entry("b", grant_types=["client_credentials", "refresh_token"]),
                {"client_id": "c", "client_secrets": [{"hash": HASH[:-2] + "kM", "expires_at": "2020-01-01T00:00:00Z"}]},
                {"client_id": "d", "scop": "a"},
            )
        )
        findings = json.loads(own_service.writ("clients", "lint", "--json", status=1).stdout)
        words = sorted((finding["rule"], finding["place"]) for finding in findings)
        assert [word for word, _ in words] == sorted(
            ["invalid", "invalid", "long_lifetime", "introspects_everything", "refresh_token", "shared_credential",
             "expired_secret", "no_credential", "no_scope"])  # fmt: skip
        assert all(re.fullmatch(r"clients\.yaml:\d+", place) for _, place in words), words
