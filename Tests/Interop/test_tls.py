"""TLS on the token listener: what it speaks, which certificate it shows, and how that is replaced."""

import contextlib
import http.client
import json
import random
import re
import shutil
import socket
import ssl
import subprocess
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives.serialization import PrivateFormat

from authority import Authority, replace
from service import BINARY, DEADLINE, RESOURCE, SCOPE, Service, assert_clear_error, clean_environment, wait_until
from tokens import claims

# Of TLS 1.2, what agrees on a key that nobody keeps and encrypts with authentication; TLS 1.3 has nothing else.
GOOD_SUITE = re.compile(r"ECDHE-(ECDSA|RSA)-(AES128-GCM-SHA256|AES256-GCM-SHA384|CHACHA20-POLY1305)")
GOOD_SUITE_OF_TLS_1_3 = re.compile(r"TLS_(AES_128_GCM_SHA256|AES_256_GCM_SHA384|CHACHA20_POLY1305_SHA256)")
FORM = "application/x-www-form-urlencoded"


class SecureService(Service):
    """A working folder whose configuration has TLS, with a certificate for 127.0.0.1 and localhost."""

    def __init__(self, folder, authority: Authority, kind="EC", **options):
        super().__init__(folder)
        self.authority = authority
        self.ca_file = folder / "ca.pem"
        self.ca_file.write_bytes(authority.root_pem)
        self.address = self.issuer.removeprefix("http://")
        for attribute in ("issuer", "token_endpoint", "jwks_uri"):
            setattr(self, attribute, getattr(self, attribute).replace("http:", "https:"))
        configuration = folder / "writ.yaml"
        text = configuration.read_text().replace(f"http://{self.address}", self.issuer)
        configuration.write_text(f"{text}tls: {{ certificate: tls.crt, private_key: tls.key }}\n")
        self.pair = authority.issue(kind)
        self.pair.install(folder, **options)

    @property
    def form(self) -> dict[str, str]:
        return {"grant_type": "client_credentials", "client_id": self.client_id, "client_secret": self.client_secret}

    def request_token(self, **form) -> requests.Response:
        return requests.post(self.token_endpoint, data={**self.form, **form}, verify=self.ca_file, timeout=DEADLINE)

    def connect(self) -> socket.socket:
        host, port = self.address.split(":")
        return socket.create_connection((host, int(port)), timeout=DEADLINE)

    def context(self, *protocols: str) -> ssl.SSLContext:
        """What a careful client has, with these protocols for ALPN."""
        context = ssl.create_default_context(cafile=self.ca_file)
        if protocols:
            context.set_alpn_protocols(protocols)
        return context

    @contextmanager
    def handshake(self, context=None):
        with self.connect() as plain:
            with (context or self.context()).wrap_socket(plain, server_hostname="localhost") as secure:
                yield secure

    def shown_serial_number(self) -> int:
        """Of the certificate that a new connection gets."""
        with self.handshake() as connection:
            return serial_number(connection)

    def curl(self, *arguments) -> list[dict]:
        """What curl has to say of each transfer."""
        result = subprocess.run(
            ["curl", "--silent", "--show-error", "--cacert", self.ca_file, "--write-out", "%{json}\n", *arguments],
            capture_output=True,
            encoding="utf-8",
            timeout=DEADLINE,
            check=True,
        )
        return [json.loads(line) for line in result.stdout.splitlines()]

    def openssl(self, *arguments) -> subprocess.CompletedProcess:
        return subprocess.run(
            ["openssl", "s_client", "-connect", self.address, "-CAfile", self.ca_file, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=DEADLINE,
        )


def serial_number(connection: ssl.SSLSocket) -> int:
    return x509.load_der_x509_certificate(connection.getpeercert(binary_form=True)).serial_number


@pytest.fixture(scope="session")
def authority():
    return Authority()


@pytest.fixture(scope="module")
def service(authority, tmp_path_factory):
    """Running, for all tests that leave it as it is."""
    with SecureService(tmp_path_factory.mktemp("writ"), authority) as service:
        yield service.start()


@pytest.fixture
def own_service(authority, tmp_path_factory):
    with SecureService(tmp_path_factory.mktemp("writ"), authority) as service:
        yield service


@pytest.fixture
def running(own_service):
    return own_service.start()


@pytest.fixture
def draining(own_service):
    """Told to stop, in five minutes."""
    own_service.start(WRIT_DRAIN_DELAY="5m").process.terminate()
    wait_until("readiness has ended", lambda: not own_service.is_ready())
    yield own_service
    process, own_service.process = own_service.process, None
    process.kill()
    process.wait()


class TestTokens:
    def test_python_requests(self, service):
        answer = service.request_token()
        assert answer.status_code == 200, answer.text
        token = claims(answer.json()["access_token"])
        assert (token["iss"], token["aud"]) == (service.issuer, RESOURCE)

    def test_the_metadata_speak_of_https(self, service):
        url = f"{service.issuer}/.well-known/oauth-authorization-server"
        metadata = requests.get(url, verify=service.ca_file, timeout=DEADLINE).json()
        assert metadata["token_endpoint"] == service.token_endpoint
        assert metadata["jwks_uri"] == service.jwks_uri
        assert requests.get(metadata["jwks_uri"], verify=service.ca_file, timeout=DEADLINE).json()["keys"]

    @pytest.mark.parametrize("option, version", [("--http2", "2"), ("--http1.1", "1.1"), ("--no-alpn", "1.1")])
    def test_curl(self, service, option, version):
        [transfer] = service.curl(
            *(option, "--output", "/dev/null", "--data", urlencode(service.form), service.token_endpoint)
        )
        assert (transfer["response_code"], transfer["http_version"]) == (200, version)
        assert transfer["scheme"].upper() == "HTTPS"

    @pytest.mark.parametrize("kind", ["RSA", "EC"])
    @pytest.mark.parametrize("form", ["PKCS8", "TraditionalOpenSSL"])
    def test_keys_as_tools_write_them(self, authority, tmp_path, kind, form):
        """PKCS#8, PKCS#1 and SEC 1."""
        with SecureService(tmp_path, authority, kind, form=getattr(PrivateFormat, form)) as service:
            assert service.writ("config", "check").stdout == "writ.yaml: ok\n"
            assert service.start().request_token().status_code == 200

    def test_settings_from_the_environment(self, own_service):
        for old, new in [("tls.crt", "other.crt"), ("tls.key", "other.key")]:
            (own_service.folder / old).rename(own_service.folder / new)
        folder = own_service.folder
        own_service.start(WRIT_TLS_CERTIFICATE=f"{folder}/other.crt", WRIT_TLS_PRIVATE_KEY=f"{folder}/other.key")
        assert own_service.request_token().status_code == 200

    def test_paths_are_relative_to_the_file(self, own_service, tmp_path):
        result = subprocess.run(
            [BINARY, "config", "check", "--config", own_service.folder / "writ.yaml"],
            cwd=tmp_path,
            env=clean_environment({}),
            capture_output=True,
            encoding="utf-8",
            timeout=DEADLINE,
        )
        assert (result.returncode, result.stderr) == (0, "")

    def test_the_management_listener_speaks_plain_http(self, service):
        assert requests.get(f"{service.management}/readyz", timeout=DEADLINE).status_code == 200

    def test_the_metric_says_when_the_certificate_ends(self, running):
        def expiry():
            text = requests.get(f"{running.management}/metrics", timeout=DEADLINE).text
            return [float(value) for value in re.findall(r"^writ_tls_certificate_expiry_timestamp_seconds (\S+)$", text, re.M)]

        assert expiry() == [running.pair.expiry]
        pair = running.authority.issue(days=10)
        pair.install(running.folder)
        running.reload()
        wait_until("the new certificate is told of", lambda: expiry() == [pair.expiry])


class TestVersions:
    @pytest.mark.parametrize("option", ["-tls1", "-tls1_1"])
    def test_old_ones_are_refused(self, service, option):
        result = service.openssl(option, "-cipher", "DEFAULT@SECLEVEL=0")
        assert result.returncode != 0
        # By the service, not by this machine's openssl.
        assert "alert protocol version" in result.stderr

    @pytest.mark.parametrize("option, version", [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")])
    def test_new_ones_are_spoken(self, service, option, version):
        result = service.openssl(option, "-verify_return_error", "-verify_hostname", "localhost")
        assert result.returncode == 0, result.stderr
        assert "Verify return code: 0 (ok)" in result.stdout
        agreed, suite = re.search(r"^New, (\S+), Cipher is (\S+)$", result.stdout, re.M).groups()
        assert agreed == version
        assert (GOOD_SUITE if version == "TLSv1.2" else GOOD_SUITE_OF_TLS_1_3).fullmatch(suite)

    @pytest.mark.parametrize("kind", ["RSA", "EC"])
    def test_the_suites_of_1_2_are_forward_secret_and_authenticated(self, authority, tmp_path, kind):
        with SecureService(tmp_path, authority, kind) as service:
            service.start()
            suites = accepted_suites(service)
        assert suites
        assert [suite for suite in suites if not GOOD_SUITE.fullmatch(suite)] == []

    def test_there_is_no_renegotiation_and_no_compression(self, service):
        result = service.openssl("-tls1_2")
        assert "Secure Renegotiation IS supported" in result.stdout
        assert "Compression: NONE" in result.stdout


def accepted_suites(service) -> list[str]:
    """All suites of TLS 1.2 that this machine's OpenSSL knows and the service takes: each time without those before."""
    found = []
    while True:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(":".join(["ALL:COMPLEMENTOFALL", *(f"!{suite}" for suite in found), "@SECLEVEL=0"]))
        try:
            with service.handshake(context) as connection:
                found.append(connection.cipher()[0])
        except ssl.SSLError as error:
            assert "HANDSHAKE_FAILURE" in error.reason
            return found


class TestHTTP2:
    @pytest.mark.parametrize(
        "offered, agreed",
        [(["h2", "http/1.1"], "h2"), (["http/1.1"], "http/1.1"), (["h2"], "h2"), ([], None)],
    )
    def test_the_protocol_is_agreed_on_in_the_handshake(self, service, offered, agreed):
        with service.handshake(service.context(*offered)) as connection:
            assert connection.selected_alpn_protocol() == agreed

    def test_curl_keeps_one_connection_for_many_tokens(self, service):
        urls = [argument for _ in range(50) for argument in (service.token_endpoint, "--output", "/dev/null")]
        transfers = service.curl("--http2", "--data", urlencode(service.form), *urls)
        assert [(each["response_code"], each["http_version"]) for each in transfers] == [(200, "2")] * 50
        assert sum(each["num_connects"] for each in transfers) == 1

    @pytest.mark.skipif(not shutil.which("h2load"), reason="no h2load (nghttp2-client) is installed")
    def test_many_requests_share_a_connection_at_once(self, service, tmp_path):
        (tmp_path / "form").write_text(urlencode(service.form))
        result = subprocess.run(
            ["h2load", "--requests=400", "--clients=2", "--max-concurrent-streams=20", f"--data={tmp_path}/form"]
            + [f"--header=content-type: {FORM}", service.token_endpoint],
            capture_output=True,
            encoding="utf-8",
            timeout=3 * DEADLINE,
            check=True,
        )
        assert "Application protocol: h2\n" in result.stdout
        assert "400 succeeded, 0 failed, 0 errored, 0 timeout" in result.stdout
        assert "status codes: 400 2xx" in result.stdout

    @pytest.mark.parametrize(
        "arguments, status",
        [
            (["--data", "grant_type=client_credentials"], 401),
            (["--data", "a=" + "b" * 20000], 413),
            (["--json", "{}"], 415),
            ([], 405),
            (["--head"], 405),
        ],
    )
    def test_refusals(self, service, arguments, status):
        [transfer] = service.curl("--http2", "--output", "/dev/null", *arguments, service.token_endpoint)
        assert (transfer["response_code"], transfer["http_version"]) == (status, "2")

    @pytest.mark.parametrize("option, version", [("--http2", "2"), ("--http1.1", "1.1")])
    def test_it_serves_while_it_drains(self, draining, tmp_path, option, version):
        head = tmp_path / "head"
        [transfer] = draining.curl(
            *(option, "--output", "/dev/null", "--dump-header", head, "--data", urlencode(draining.form)),
            draining.token_endpoint,
        )
        assert (transfer["response_code"], transfer["http_version"]) == (200, version)
        # RFC 9113 section 8.2.2: HTTP/2 has no such field, and takes one for a mistake.
        assert ("connection: close" in head.read_text().lower()) == (version == "1.1")

    def test_an_idle_connection_does_not_delay_the_end(self, running):
        with running.handshake(running.context("h2")) as connection:
            # The preface, with empty SETTINGS.
            connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
            kinds = []
            client = threading.Thread(target=lambda: kinds.extend(answer_frames(connection)))
            client.start()
            running.stop()
            client.join()
        assert GOAWAY in kinds


SETTINGS, PING, GOAWAY, ACK = 4, 6, 7, 1


def answer_frames(connection: ssl.SSLSocket):
    """Does what HTTP/2 asks of a client that has no requests; gives the kinds of the frames until the connection ends."""
    received = b""
    # At the end the other side need not wait for what comes here.
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while part := connection.recv(65536):
            received += part
            while len(received) >= 9 and len(received) >= 9 + (length := int.from_bytes(received[:3], "big")):
                kind, flags, contents = received[3], received[4], received[9 : 9 + length]
                received = received[9 + length :]
                yield kind
                if kind in (SETTINGS, PING) and not flags & ACK:
                    answer = contents if kind == PING else b""
                    connection.sendall(len(answer).to_bytes(3, "big") + bytes([kind, ACK, 0, 0, 0, 0]) + answer)


class TestReload:
    @pytest.mark.parametrize("how", ["watched", "told"])
    def test_new_connections_get_the_new_certificate(self, running, how):
        host, port = running.address.split(":")
        old = http.client.HTTPSConnection(host, int(port), context=running.context(), timeout=DEADLINE)

        def ask():
            old.request("POST", "/oauth2/token", urlencode(running.form), {"Content-Type": FORM})
            with old.getresponse() as answer:
                assert answer.status == 200
                assert json.load(answer)["scope"] == SCOPE

        try:
            ask()
            ours = old.sock
            pair = running.authority.issue("RSA")
            pair.install(running.folder)
            if how == "told":
                running.reload()
            wait_until("the new certificate is shown", lambda: running.shown_serial_number() == pair.serial_number)
            # What was agreed on before goes on.
            ask()
            assert old.sock is ours
            assert serial_number(ours) == running.pair.serial_number
        finally:
            old.close()
        assert running.request_token().status_code == 200

    def test_no_request_fails_while_certificates_change(self, running):
        """Nor does one meet the certificate of one pair with the key of another."""
        for number in range(5):
            pair = running.authority.issue(["RSA", "EC"][number % 2])
            pair.install(running.folder)
            running.reload()

            def is_shown():
                assert running.request_token().status_code == 200
                return running.shown_serial_number() == pair.serial_number

            wait_until("the new certificate is shown", is_shown)


def give_another_key(service):
    replace(service.folder / "tls.key", service.authority.issue().key_pem())


def give_another_certificate(service):
    replace(service.folder / "tls.crt", service.authority.issue().certificate_pem)


def write(name, contents):
    return lambda service: replace(service.folder / name, contents)


# What is done to the pair, and what the complaint must name.
BREAKS = {
    "another key": (give_another_key, ["tls."]),
    "another certificate": (give_another_certificate, ["tls."]),
    "no key": (write("tls.key", b"half a key"), ["tls.key"]),
    "no certificate": (write("tls.crt", b"half a certificate"), ["tls.crt"]),
    "empty certificate": (write("tls.crt", b""), ["tls.crt"]),
    "half a certificate": (
        lambda service: replace(service.folder / "tls.crt", service.pair.certificate_pem[:400]),
        ["tls.crt"],
    ),
    "key missing": (lambda service: (service.folder / "tls.key").unlink(), ["tls.key"]),
    "certificate missing": (lambda service: (service.folder / "tls.crt").unlink(), ["tls.crt"]),
    # There is nobody to type it.
    "key with a passphrase": (
        lambda service: replace(service.folder / "tls.key", service.pair.key_pem(passphrase=b"secret")),
        ["tls.key"],
    ),
    "certificate for all to change": (
        lambda service: (service.folder / "tls.crt").chmod(0o666),
        ["tls.crt", "can be changed by every user of this machine"],
    ),
    "key for all to read": (lambda service: (service.folder / "tls.key").chmod(0o644), ["tls.key", "chmod 600"]),
}


@pytest.mark.parametrize("name", BREAKS)
class TestBrokenPairs:
    def test_a_running_service_keeps_what_it_has(self, running, name):
        act, words = BREAKS[name]
        act(running)
        logged = len(running.log)
        running.reload()
        wait_until("the log tells of it", lambda: "Not reloaded: " in running.log[logged:])
        complaint = "".join(line for line in running.log[logged:].splitlines() if "Not reloaded: " in line)
        assert '"level":"error"' in complaint
        for word in words:
            assert word in complaint
        assert running.shown_serial_number() == running.pair.serial_number
        assert running.request_token().status_code == 200

        # It keeps nothing else from being replaced.
        running.writ("clients", "remove", running.client_id)
        running.reload()
        wait_until("the client is gone", lambda: running.request_token().status_code == 401)

        # And what is mended works again.
        pair = running.authority.issue()
        pair.install(running.folder)
        running.reload()
        wait_until("the new certificate is shown", lambda: running.shown_serial_number() == pair.serial_number)
        for line in running.pair.key_pem().decode().splitlines():
            assert line not in running.log

    def test_no_service_starts_with_one(self, own_service, name):
        act, words = BREAKS[name]
        act(own_service)
        assert_clear_error(own_service.writ("serve", status=1), *words)
        check = own_service.writ("config", "check", status=1)
        for word in words:
            assert word in check.stderr


def test_a_certificate_that_clients_refuse_is_a_warning(own_service):
    """In the check, at the start and at each reload: such a pair is served all the same."""
    vectors = Path(__file__).parents[1] / "Vectors/certificates"
    replace(own_service.folder / "tls.crt", (vectors / "ended.pem").read_bytes())
    replace(own_service.folder / "tls.key", (vectors / "ended.key").read_bytes())
    faults = ["ended at 2021-01-01T00:00:00Z", "RSA key of 1024 bits", "signed with SHA1", "does not name the issuer's host"]
    check = own_service.writ("config", "check")
    own_service.start()
    started = own_service.log
    own_service.reload()
    wait_until("the reload warns", lambda: faults[-1] in own_service.log[len(started) :])
    for text in (check.stderr, started, own_service.log[len(started) :]):
        for fault in faults:
            assert fault in text

    # A good pair ends it.
    own_service.authority.issue().install(own_service.folder)
    assert own_service.writ("config", "check", "--running").stderr == ""


def test_a_broken_clients_file_keeps_no_old_certificate(running):
    good = running.clients_file.read_text()
    running.clients_file.write_text("clients: nonsense\n")
    pair = running.authority.issue()
    pair.install(running.folder)
    running.reload()
    wait_until("the new certificate is shown", lambda: running.shown_serial_number() == pair.serial_number)
    # The one is done before the other.
    running.wait_for_log("Not reloaded: ")
    assert running.request_token().status_code == 200
    running.clients_file.write_text(good)


class TestSettings:
    """Plain HTTP is served under an https issuer only where somebody says that another does the TLS."""

    @pytest.fixture
    def plain_service(self, tmp_path):
        with Service(tmp_path) as service:
            yield service

    ISSUER = {"WRIT_ISSUER": "https://tokens.example.com"}

    @pytest.mark.parametrize("command", [["serve"], ["config", "check"]], ids=" ".join)
    def test_https_without_tls_is_refused(self, plain_service, command):
        result = plain_service.writ(*command, environment=self.ISSUER, status=1)
        assert "issuer is https, but tls is not set" in result.stderr
        assert "tls: terminated-upstream" in result.stderr

    @pytest.mark.parametrize("place", ["file", "environment"])
    def test_another_may_do_it(self, plain_service, place):
        environment = dict(self.ISSUER)
        if place == "file":
            configuration = plain_service.folder / "writ.yaml"
            configuration.write_text(configuration.read_text() + "tls: terminated-upstream\n")
        else:
            environment["WRIT_TLS"] = "terminated-upstream"
        plain_service.writ("config", "check", environment=environment)
        plain_service.start(**environment)
        assert claims(plain_service.access_token())["iss"] == "https://tokens.example.com"

    def test_plain_http_on_the_loopback_needs_nothing(self, plain_service):
        assert plain_service.start().request_token().status_code == 200

    @pytest.mark.parametrize(
        "line, word",
        [
            ("tls: terminated-upstraem", "terminated-upstream"),
            ("tls: { certificate: tls.crt }", "private_key"),
            ("tls: { private_key: tls.key }", "certificate"),
            ("tls: { certificate: tls.crt, private_key: tls.key, privatekey: a }", "private_key"),
        ],
    )
    def test_half_a_setting_is_an_error(self, own_service, line, word):
        configuration = own_service.folder / "writ.yaml"
        lines = [each for each in configuration.read_text().splitlines() if not each.startswith("tls:")]
        configuration.write_text("\n".join([*lines, line]) + "\n")
        result = own_service.writ("config", "check", status=1)
        assert "tls" in result.stderr
        assert word in result.stderr


class TestManners:
    @pytest.mark.parametrize("beginning", [b"", b"\x16\x03\x01\x02\x00\x01\x00"], ids=["silence", "half a hello"])
    def test_those_who_never_finish_a_handshake_hold_nobody_up(self, running, beginning):
        with ExitStack() as stack:
            for _ in range(100):
                stack.enter_context(running.connect()).sendall(beginning)
            for _ in range(20):
                assert running.request_token().status_code == 200
            # Nor the end.
            running.stop()

    @pytest.mark.parametrize(
        "request_",
        [
            b"GET /.well-known/jwks.json HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]),
        ],
        ids=["HTTP/1.1", "HTTP/2"],
    )
    def test_plain_http_gets_no_answer(self, service, request_):
        process = service.process
        with service.connect() as connection:
            connection.sendall(request_)
            answer = read_to_end(connection)
        # Nothing, or an alert, or a hint in plain text; no document in any case.
        assert b"200 OK" not in answer and b'"keys"' not in answer
        assert process.poll() is None
        assert service.request_token().status_code == 200

    def test_noise_does_no_harm(self, service):
        chance = random.Random(20261123)
        for _ in range(200):
            noise = chance.randbytes(chance.randrange(1, 400))
            if chance.random() < 0.7:
                # A handshake record, so that it gets further.
                noise = b"\x16\x03\x01" + len(noise).to_bytes(2, "big") + noise
            with service.connect() as connection:
                connection.sendall(noise)
        assert service.process.poll() is None
        assert service.request_token().status_code == 200

    def test_a_client_that_asks_for_another_host_is_answered(self, service):
        """There is one certificate; whether it is good enough is for the client to say."""
        with pytest.raises(ssl.SSLCertVerificationError):
            with service.connect() as plain:
                service.context().wrap_socket(plain, server_hostname="other.example.com")
        assert service.request_token().status_code == 200


def read_to_end(connection: socket.socket) -> bytes:
    received = b""
    try:
        while part := connection.recv(65536):
            received += part
    except ConnectionResetError:
        pass
    return received
