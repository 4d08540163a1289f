"""What others have written does nothing on the operator's terminal, and what cannot be undone asks there."""

import json
import os
import signal
import termios
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from service import BINARY, DEADLINE, RESOURCE, assert_clear_error, wait_until
from terminal import at_terminal, read_until, started_at_terminal
from tokens import encode_base64url

# C0, DEL, C1, what reorders text, and the separators of lines that only Unicode has.
CONTROLS = "\x00\x07\x08\r\x1b\x7f\x80\x85\x9b\x9d\u200e\u200f\u202a\u202e\u2028\u2029\u2066\u2069\ufeff"


def assert_harmless(*texts):
    for text in texts:
        assert not set(CONTROLS) & set(text), ascii(text)


def asks(shown: bytes):
    return shown.endswith(b": ")


def has_token(shown: bytes):
    return shown.count(b".") >= 2


def fake_token(header, claims):
    return ".".join(encode_base64url(json.dumps(each).encode()) for each in (header, claims)) + ".AA"


@contextmanager
def token_server(answer, status=400):
    """A token endpoint with its metadata, which answers everything in one way."""

    class Handler(BaseHTTPRequestHandler):
        def send(self, status, document):
            body = json.dumps(document, ensure_ascii=False).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            issuer = f"http://127.0.0.1:{self.server.server_port}"
            self.send(
                200, {"issuer": issuer, "token_endpoint": f"{issuer}/t", "introspection_endpoint": f"{issuer}/t"})

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send(status, answer)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield ["--issuer", f"http://127.0.0.1:{server.server_port}", "--client-id", "a"]
        server.shutdown()


class TestTextOfOthers:
    def test_a_refusal(self, service):
        answer = {"error": f"a{CONTROLS}b", "error_description": f"c{CONTROLS}\nerror: d"}
        with token_server(answer) as options:
            result = service.writ("token", "request", *options, input="secret", status=1)
        assert_harmless(result.stdout, result.stderr)
        assert "the server refused: a\\u{0}\\u{7}" in result.stderr
        # A line feed of the server begins no line of ours.
        assert result.stderr.count("\nerror:") == 0

    @pytest.mark.parametrize("token", ["a\x1b[2Jb", "a\nb", "", "é", 1])
    def test_a_token_that_is_none(self, service, token):
        with token_server({"access_token": token}, status=200) as options:
            assert_clear_error(
                service.writ("token", "request", *options, input="secret", status=1), "no access_token")
            shown = service.writ("token", "request", "--json", *options, input="secret").stdout
        assert_harmless(shown)
        assert json.loads(shown) == {"access_token": token}

    def test_introspection(self, service):
        with token_server({"active": True, "username": CONTROLS}, status=200) as options:
            shown = service.writ(
                *("token", "introspect", "x", *options), environment={"WRIT_CLIENT_SECRET": "secret"}).stdout
        assert_harmless(shown)
        assert json.loads(shown) == {"active": True, "username": CONTROLS}

    def test_a_token(self, service):
        header, claims = {"alg": "none", f"x{CONTROLS}": 1}, {"sub": CONTROLS, "act": {"sub": [CONTROLS]}}
        token = fake_token(header, claims)
        result = service.writ("token", "inspect", input=token)
        assert_harmless(result.stdout)
        assert json.loads(result.stdout) == {"header": header, "claims": claims}
        _, shown = at_terminal(service.folder, "token", "inspect", token)
        assert_harmless(shown)

    def test_names_of_clients(self, own_service):
        name = json.dumps("x" + CONTROLS.replace("\x00", ""))
        with own_service.clients_file.open("a") as file:
            file.write(
                "  - client_id: job\n    client_secrets: [{hash: 'sha256:" + "A" * 43 + f"'}}]\n    client_name: {name}\n")
        for command in (["list"], ["show", "job"], ["list", "--json"], ["show", "job", "--json"]):
            result = own_service.writ("clients", *command)
            assert_harmless(result.stdout, result.stderr)
        assert json.loads(own_service.writ("clients", "show", "job", "--json").stdout)["client_name"].startswith("x\x07")

    def test_names_of_files(self, own_service):
        name = "a\x1b[31m\u202e\nerror: b"
        for command in (["config", "check", "--config", name], ["keys", "list", "--config", name]):
            result = own_service.writ(*command, status=1)
            assert_harmless(result.stderr)
            assert result.stderr.count("error: ") == 2 and result.stderr.startswith("error: a\\u{1B}[31m")
        (own_service.folder / "keys" / "x\x1b[2Jy.pem").write_text("nothing")
        result = own_service.writ("keys", "list", status=1)
        assert_harmless(result.stderr)

    def test_arguments(self, own_service):
        result = own_service.writ("keys", "list", "--x\x1b[31m", status=64)
        assert_harmless(result.stderr)


class TestInspection:
    def test_a_person_reads_lines_and_dates(self, service):
        token = fake_token(
            {"alg": "RS256", "typ": "at+jwt"},
            {"sub": "a", "aud": ["b", "c"], "exp": 1700000000, "iat": 1699999100, "scope": "x y", "n": 1700000000})
        status, shown = at_terminal(service.folder, "token", "inspect", token)
        assert status == 0
        lines = shown.splitlines()
        assert lines[0] == "header" and lines[1].split() == ["alg", "RS256"] and lines[3] == "claims"
        assert "  exp    2023-11-14T22:13:20Z (1700000000), expired " in shown
        assert "  iat    2023-11-14T21:58:20Z (1699999100)\n" in shown
        assert '  aud    ["b","c"]\n' in shown
        assert "  n      1700000000\n" in shown
        status, shown = at_terminal(service.folder, "token", "inspect", "--json", token)
        assert json.loads(shown.splitlines()[0])["claims"]["exp"] == 1700000000

    def test_what_a_token_is_bound_to(self, service):
        confirmation = {"jkt": "key", "x5t#S256": "digest", "kid": 1, f"x{CONTROLS}": CONTROLS}
        status, shown = at_terminal(service.folder, "token", "inspect", fake_token({}, {"cnf": confirmation}))
        assert status == 0
        assert "jkt key: bound to a DPoP key (RFC 9449); x5t#S256 digest: bound to a client certificate (RFC 8705); kid 1" in shown
        assert_harmless(shown)

    @pytest.mark.parametrize("exp", [-(2**63), -1, 0, 2**63 - 1, 10**18])
    def test_every_time_is_shown(self, service, exp):
        status, shown = at_terminal(service.folder, "token", "inspect", fake_token({}, {"exp": exp, "iat": exp}))
        assert status == 0 and f"({exp})" in shown


class TestQuestions:
    @pytest.fixture
    def kid(self, own_service):
        [key] = [key for key in json.loads(own_service.writ("keys", "list", "--json").stdout) if key["alg"] == "RS256"]
        return key["kid"]

    def keys(self, service):
        return sorted(file.name for file in (service.folder / "keys").glob("*.pem"))

    @pytest.mark.parametrize(("answer", "goes_on"), [("y", True), ("YES", True), ("n", False), ("", False), ("yy", False)])
    def test_retiring_a_key_asks(self, own_service, kid, answer, goes_on):
        before = self.keys(own_service)
        status, shown = at_terminal(own_service.folder, "keys", "retire", kid, answers=[answer])
        assert f"Retire rs256.pem, kid {kid}? Every token that it signed is refused" in shown
        assert "[y/N]" in shown
        assert (status == 0) is goes_on
        assert (self.keys(own_service) != before) is goes_on
        assert goes_on or "error: nothing was changed" in shown

    def test_yes_and_scripts_are_not_asked(self, own_service, kid):
        status, shown = at_terminal(own_service.folder, "keys", "retire", kid, "--yes")
        assert status == 0 and "[y/N]" not in shown
        assert "[y/N]" not in own_service.writ("clients", "remove", "demo").stderr

    def test_removing_a_client_and_replacing_its_secret_ask(self, own_service):
        before = own_service.clients_file.read_text()
        for command in (["remove", "demo"], ["rotate-secret", "demo"], ["revoke", "demo"], ["revoke", "--all"]):
            status, shown = at_terminal(own_service.folder, "clients", *command, answers=["n"])
            assert status == 1 and "[y/N]" in shown
            assert own_service.clients_file.read_text() == before
        status, shown = at_terminal(own_service.folder, "clients", "rotate-secret", "demo", "--keep", "1h")
        assert status == 0 and "[y/N]" not in shown
        assert at_terminal(own_service.folder, "clients", "remove", "demo", answers=["y"])[0] == 0
        assert "- client_id: demo" not in own_service.clients_file.read_text()


class TestDryRuns:
    @pytest.fixture
    def unchanged(self, own_service):
        def contents():
            return {path: path.read_bytes() for path in own_service.folder.rglob("*") if path.is_file()}

        before = contents()
        yield own_service
        assert contents() == before

    def test_nothing_changes(self, unchanged):
        rows = json.loads(unchanged.writ("keys", "list", "--json").stdout)
        for row in rows:
            result = unchanged.writ("keys", "retire", row["kid"], "--dry-run")
            assert result.stdout == f"Would retire {row['file']}  kid {row['kid']}\n"
            assert "A new key would take its place." in result.stderr
            assert json.loads(unchanged.writ("keys", "retire", row["kid"], "--dry-run", "--json").stdout)["state"] == "signing"
        assert "Would make keys/20" in unchanged.writ("keys", "rotate", "--dry-run").stdout
        plan = json.loads(unchanged.writ("keys", "rotate", "--sealing", "--dry-run", "--json").stdout)
        assert plan["kid"] is None and plan["file"].endswith("-xaes-256-gcm.sealing") and plan["removed"] == []
        assert "Would remove demo." in unchanged.writ("clients", "remove", "demo", "--dry-run").stderr
        assert "Would revoke the access tokens of demo, if" in unchanged.writ("clients", "revoke", "demo", "--dry-run").stdout
        assert "expire at once" in unchanged.writ("clients", "rotate-secret", "demo", "--dry-run").stderr
        assert "expire at 20" in unchanged.writ("clients", "rotate-secret", "demo", "--keep", "1h", "--dry-run").stderr

    def test_it_fails_as_the_command_would(self, unchanged):
        assert_clear_error(unchanged.writ("keys", "rotate", "--in", "1m", "--dry-run", status=1), "published for")
        assert_clear_error(unchanged.writ("keys", "retire", "x", "--dry-run", status=1), "no key with this kid")
        for command in ("remove", "rotate-secret", "revoke"):
            assert_clear_error(unchanged.writ("clients", command, "x", "--dry-run", status=1), "no client")


class TestSecrets:
    @pytest.fixture
    def request_token(self, service):
        def request_token(*options, status=0, **environment):
            return service.writ(
                *("token", "request", "--issuer", service.issuer, "--client-id", service.client_id, *options),
                environment=environment, status=status)

        return request_token

    @pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
    @pytest.mark.parametrize("start", ["", "\ufeff"])
    def test_line_ends_and_a_byte_order_mark_are_not_part_of_it(self, service, request_token, tmp_path, start, end):
        text = f"{start}{service.client_secret}{end}"
        file = tmp_path / "secret"
        file.write_text(text, newline="")
        file.chmod(0o600)
        assert request_token(WRIT_CLIENT_SECRET=text).stdout.count(".") == 2
        assert request_token("--secret-file", str(file)).stderr == ""

    def test_a_terminal_asks_and_does_not_show_it(self, service):
        command = ["token", "request", "--issuer", service.issuer, "--client-id", service.client_id]
        status, shown = at_terminal(service.folder, *command, answers=[service.client_secret])
        assert status == 0 and shown.startswith("secret of demo: \n") and shown.count(".") == 2
        assert service.client_secret not in shown
        status, shown = at_terminal(service.folder, *command, answers=[""])
        assert status == 1 and "error: " in shown

    def test_a_line_that_the_terminal_cuts_is_refused(self, service):
        """Linux passes on 4095 octets of a line."""
        request = ["token", "request", "--issuer", service.issuer, "--client-id", service.client_id]
        status, shown = at_terminal(service.folder, *request, answers=["x" * 5000])
        assert status == 1 and "error: the line is too long" in shown
        for command in (["inspect"], ["verify", "--issuer", service.issuer, "--audience", RESOURCE]):
            status, shown = at_terminal(service.folder, "token", *command, answers=[fake_token({}, {"a": "x" * 5000}) + "\n\x04"])
            assert status == 1 and "error: the line is too long" in shown, shown

    def test_what_is_typed_is_hidden_if_errors_go_elsewhere(self, service):
        command = f"{BINARY} token request --issuer {service.issuer} --client-id demo 2> errors.txt"
        with started_at_terminal(service.folder, command, program="bash", options=["-c"]) as (process, master):
            wait_until("the terminal hides what is typed", lambda: not termios.tcgetattr(master)[3] & termios.ECHO)
            os.write(master, f"{service.client_secret}\n".encode())
            shown = read_until(master, has_token)
            assert process.wait(timeout=DEADLINE) == 0
        assert service.client_secret.encode() not in shown

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
    def test_a_terminal_shows_again_what_is_typed_after_a_signal(self, service, number):
        """Else the shell behind the command would show nothing: the process ends without its own last steps."""

        def shows(master):
            return bool(termios.tcgetattr(master)[3] & termios.ECHO)

        command = ["token", "request", "--issuer", service.issuer, "--client-id", service.client_id]
        # Whoever runs the tests in the background has them ignore some signals.
        default = {"program": "env", "options": ["--default-signal", BINARY]}
        with started_at_terminal(service.folder, *command, **default) as (process, master):
            read_until(master, asks)
            assert not shows(master)
            process.send_signal(number)
            assert process.wait(timeout=DEADLINE) == -number
            assert shows(master)

    def test_a_signal_that_is_ignored_stays_ignored(self, service):
        """Such as SIGHUP below nohup."""
        command = ["token", "request", "--issuer", service.issuer, "--client-id", service.client_id]
        ignored = {"program": "env", "options": ["--ignore-signal=HUP", BINARY]}
        with started_at_terminal(service.folder, *command, **ignored) as (process, master):
            read_until(master, asks)
            process.send_signal(signal.SIGHUP)
            os.write(master, f"{service.client_secret}\n".encode())
            read_until(master, has_token)
            assert process.wait(timeout=DEADLINE) == 0

    def test_what_is_no_secret(self, request_token, tmp_path):
        file = tmp_path / "secret"
        file.touch(0o600)
        file.write_text("x" * 100_000)
        assert_clear_error(request_token("--secret-file", str(file), status=1), "is too large")
        file.write_bytes(b"\xff")
        assert_clear_error(request_token("--secret-file", str(file), status=1), "not UTF-8")
        assert_clear_error(request_token("--secret-file", str(tmp_path), status=1), "is not a regular file")
        assert_clear_error(request_token("--secret-file", "/dev/zero", status=1), "is not a regular file")

    def test_a_pipe(self, service):
        result = service.shell(
            f"writ token request --issuer {service.issuer} --client-id {service.client_id}"
            f" --secret-file <(echo '{service.client_secret}')")
        assert result.returncode == 0 and result.stderr == ""


class TestVerification:
    def test_a_terminal_says_what_the_command_waits_for(self, service):
        _, shown = at_terminal(service.folder, "token", "inspect", answers=[f"{service.access_token()}\n\x04"])
        assert "Paste the token, press Return, and then Ctrl-D:" in shown and "  sub " in shown

    def test_keys_are_found_by_discovery(self, service):
        token = service.access_token()
        for options in (["--issuer", service.issuer], []):  # without it, the issuer of the configuration
            shown = service.writ("token", "verify", "--audience", RESOURCE, *options, input=token).stdout
            assert json.loads(shown)["iss"] == service.issuer

    def test_nothing_is_fetched_from_an_issuer_that_only_the_token_names(self, service, tmp_path):
        with token_server({}) as options:
            token = fake_token({"alg": "RS256", "typ": "at+jwt", "kid": "k"}, {"iss": options[1]})
            # The configuration names another issuer; and without one there is none.
            assert_clear_error(
                service.writ("token", "verify", "--audience", RESOURCE, input=token, status=1), "the token is refused")
            result = service.writ(
                "token", "verify", "--audience", RESOURCE, "--config", str(tmp_path / "writ.yaml"), input=token, status=1)
            assert_clear_error(result, "there is no such file")

    def test_an_issuer_must_be_named(self, tmp_path, service):
        result = service.shell(f"cd {tmp_path} && echo x | writ token verify --audience {RESOURCE}")
        assert result.returncode == 1 and "no issuer is named" in result.stderr

    def test_introspection(self, own_service):
        added = json.loads(own_service.writ("clients", "add", "api", "--introspect", "--json").stdout)
        own_service.start()
        options = ["--issuer", own_service.issuer, "--client-id", "api"]
        environment = {"WRIT_CLIENT_SECRET": added["client_secret"]}
        shown = own_service.writ(
            "token", "introspect", *options, input=own_service.access_token(), environment=environment).stdout
        assert json.loads(shown)["active"] is True
        shown = own_service.writ("token", "introspect", *options, input="x", environment=environment).stdout
        assert json.loads(shown) == {"active": False}
        result = own_service.writ(
            *("token", "introspect", "--issuer", own_service.issuer, "--client-id", "demo", "x"),
            environment={"WRIT_CLIENT_SECRET": own_service.client_secret}, status=1)
        assert_clear_error(result, "the server refused: unauthorized_client")


class TestUsage:
    @pytest.mark.parametrize(
        ("arguments", "command"),
        [
            (["keys", "list", "--nothing"], "writ keys list"), (["nothing"], "writ"), (["clients", "show"], "writ clients show"),
            (["keys", "generate", "--algorithm", "HS256"], "writ keys generate"),
            (["token", "verify", "--audience", "a", "--issuer", "http://a"], "writ token verify"),
            (["keys", "rotate", "--in", "1h", "--now"], "writ keys rotate"),
        ],
    )
    def test_wrong_usage_has_one_voice(self, service, arguments, command):
        result = service.writ(*arguments, status=64)
        assert_clear_error(result)
        assert result.stderr.startswith("error: ")
        assert f"\nUsage: {command} " in result.stderr
        assert f"See '{command} --help' for more information." in result.stderr

    @pytest.mark.parametrize("arguments", [[], ["keys"], ["--help"], ["help", "keys"], ["--version"]])
    def test_help_is_a_result(self, service, arguments):
        result = service.writ(*arguments)
        assert result.stdout and result.stderr == ""
