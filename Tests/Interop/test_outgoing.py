"""Requests to other servers: what is wrong is reported at once and by its name, and private authorities and proxies work."""

import shutil

import jwt
import pytest

from authority import Authority, replace
from key_server import serving, tunnelling
from service import RESOURCE, assert_clear_error, free_addresses, wait_until
from test_client_authentication import KEYS, add_client, ask, claims

# No variable of the machine that runs the tests says whom to trust.
NO_VARIABLES = {"SSL_CERT_FILE": "", "SSL_CERT_DIR": "", "HTTPS_PROXY": "", "https_proxy": ""}
# A token that no key here has signed: what is asked of the servers here is a key set.
TOKEN = "eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImsifQ.e30.AA"


@pytest.fixture(scope="module")
def authority():
    return Authority()


@pytest.fixture
def folder(tmp_path, authority):
    (tmp_path / "ca.pem").write_bytes(authority.root_pem)
    return tmp_path


def verify(service, url, *options, **environment):
    """Fetches a key set, and ends with what went wrong: the token is good for no key."""
    return service.writ(
        *("token", "verify", "--issuer", "https://a.example", "--audience", RESOURCE, "--jwks", url, *options),
        input=TOKEN,
        environment={**NO_VARIABLES, **environment},
        status=1,
    )


def assert_fetched(result):
    assert_clear_error(result, "the token is refused")


class TestNames:
    def test_a_connection_that_is_refused(self, service):
        [address] = free_addresses(1)
        result = verify(service, f"http://{address}/jwks.json")
        assert_clear_error(result, "no answer (the connection was refused)")

    def test_an_unknown_host(self, service):
        assert_clear_error(verify(service, "https://keys.invalid/jwks.json"), "the host is unknown")

    @pytest.mark.parametrize(
        ("options", "reason"),
        [
            ({"trusted": False}, "its certificate is not signed by a trusted authority"),
            ({"days": -0.02}, "its certificate expired on 20"),
            ({"host": "another.example"}, "its certificate is for another name"),
        ],
        ids=["authority", "expired", "name"],
    )
    def test_a_certificate_that_is_not_trusted(self, service, authority, folder, options, reason):
        options = dict(options)
        trusted = options.pop("trusted", True)
        ca_file = ["--ca-file", str(folder / "ca.pem")] if trusted else []
        with serving(pair=authority.issue(**options), folder=folder) as server:
            result = verify(service, f"https://localhost:{server.server_port}/jwks.json", *ca_file)
        assert_clear_error(result, reason)
        assert "too long" not in result.stderr

    def test_a_server_without_tls(self, service):
        with serving() as server:
            result = verify(service, f"https://127.0.0.1:{server.server_port}/jwks.json")
        assert_clear_error(result, "the TLS handshake failed")

    def test_health_where_nothing_listens(self, own_service):
        assert_clear_error(own_service.writ("health", status=1), "the connection was refused", "is the service running?")


class TestAuthorities:
    @pytest.fixture
    def url(self, authority, folder):
        with serving(pair=authority.issue(), folder=folder) as server:
            yield f"https://localhost:{server.server_port}/jwks.json"

    def test_a_file_of_the_command(self, service, folder, url):
        assert_fetched(verify(service, url, "--ca-file", str(folder / "ca.pem")))

    def test_the_standard_variables(self, service, folder, url):
        assert_fetched(verify(service, url, SSL_CERT_FILE=str(folder / "ca.pem")))
        certificates = folder / "certificates"
        certificates.mkdir()
        shutil.copy(folder / "ca.pem", certificates / "private.pem")
        (certificates / "README").write_text("no certificate")
        assert_fetched(verify(service, url, SSL_CERT_DIR=f"/nothing:{certificates}"))
        result = verify(service, url, SSL_CERT_FILE=str(folder / "missing.pem"))
        assert_clear_error(result, "SSL_CERT_FILE", "missing.pem cannot be read")

    def test_a_file_that_cannot_be_used(self, service, folder, url):
        (folder / "empty.pem").write_text("nothing\n")
        assert_clear_error(verify(service, url, "--ca-file", str(folder / "empty.pem")), "certificate in PEM")
        (folder / "ca.pem").chmod(0o666)
        assert_clear_error(
            verify(service, url, "--ca-file", str(folder / "ca.pem")), "can be changed by every user of this machine")

    def test_a_request_names_its_sender(self, service, authority, folder):
        with serving() as server:
            verify(service, f"http://127.0.0.1:{server.server_port}/jwks.json")
        [fields] = server.seen
        assert fields["User-Agent"] == f"writ/{service.writ('--version').stdout.strip()}"
        assert fields["Accept"] == "application/jwk-set+json, application/json"


class TestProxy:
    HOST = "keys.invalid"

    @pytest.fixture
    def server(self, authority, folder):
        with serving(pair=authority.issue(host=self.HOST), folder=folder) as server:
            yield server

    def verify(self, service, folder, **environment):
        ca_file = str(folder / "ca.pem")
        return verify(service, f"https://{self.HOST}/jwks.json", "--ca-file", ca_file, **environment)

    def test_https_goes_through_it(self, service, folder, server):
        with tunnelling(server.server_port) as (port, heads):
            assert_fetched(self.verify(service, folder, HTTPS_PROXY=f"http://user:p%40ss@127.0.0.1:{port}"))
        [head] = heads
        assert head.startswith(f"CONNECT {self.HOST}:443 ")
        assert "basic dXNlcjpwQHNz" in head or "Basic dXNlcjpwQHNz" in head
        assert len(server.seen) == 1

    def test_what_no_proxy_names_does_not(self, service, folder, server):
        with tunnelling(server.server_port) as (port, heads):
            result = self.verify(
                service, folder, HTTPS_PROXY=f"http://127.0.0.1:{port}", NO_PROXY="other, .invalid", no_proxy="invalid")
        assert_clear_error(result, "the host is unknown")
        assert heads == []

    def test_this_machine_has_none(self, service, authority, folder):
        with serving(pair=authority.issue(), folder=folder) as server, tunnelling(server.server_port) as (port, heads):
            url = f"https://localhost:{server.server_port}/jwks.json"
            assert_fetched(
                verify(service, url, "--ca-file", str(folder / "ca.pem"), HTTPS_PROXY=f"http://127.0.0.1:{port}"))
        assert heads == []

    def test_what_is_wrong_with_it_is_reported(self, service, folder, server):
        with tunnelling(server.server_port, b"407 Proxy Authentication Required") as (port, _):
            result = self.verify(service, folder, HTTPS_PROXY=f"http://127.0.0.1:{port}")
        assert_clear_error(result, "asks for credentials")
        [address] = free_addresses(1)
        assert_clear_error(
            self.verify(service, folder, HTTPS_PROXY=f"http://user:s3cret@{address}"), "the connection was refused")
        result = self.verify(service, folder, HTTPS_PROXY="socks5://user:s3cret@proxy")
        assert_clear_error(result, "names a proxy that is not http")
        assert "s3cret" not in result.stderr
        assert server.seen == []


class TestClients:
    def assertion(self, service, key):
        return jwt.encode(claims(service), key.as_pem(private=True), "ES256", {"kid": "k1"})

    @pytest.fixture
    def key(self):
        return KEYS["ES256"]()

    @pytest.fixture
    def server(self, key, authority, folder):
        key_set = {"keys": [key.as_dict(private=False)]}
        with serving(key_set, authority.issue(), folder) as server:
            yield server

    def add(self, service, server, *options):
        add_client(service, "--jwks-uri", f"https://localhost:{server.server_port}/keys", *options)

    def assert_replaced(self, service, key, file, authority):
        """Another authority's file is reported by name, and the right one counts without a restart."""
        answer = ask(service, self.assertion(service, key))
        assert answer.status_code == 503
        service.wait_for_log("its certificate is not signed by a trusted authority")
        replace(file, authority.root_pem)
        wait_until("keys are fetched", lambda: ask(service, self.assertion(service, key)).status_code == 200)

    def test_a_file_for_one_client(self, own_service, key, server, authority, folder):
        file = own_service.folder / "keys-ca.pem"
        replace(file, Authority().root_pem)
        self.add(own_service, server, "--ca-file", str(file))
        assert "keys-ca.pem" in own_service.writ("clients", "show", "job").stdout
        own_service.writ("config", "check")
        own_service.start(**NO_VARIABLES)
        self.assert_replaced(own_service, key, file, authority)
        # A file that others can change decides nothing, and `config check` reports it.
        file.chmod(0o666)
        result = own_service.writ("config", "check", "--running", status=1)
        assert_clear_error(result, "keys-ca.pem", "can be changed by every user of this machine")

    def test_a_file_for_all(self, own_service, key, server, authority, folder):
        file = own_service.folder / "ca.pem"
        replace(file, Authority().root_pem)
        with (own_service.folder / "writ.yaml").open("a") as configuration:
            configuration.write("ca_file: ca.pem\n")
        self.add(own_service, server)
        own_service.start(**NO_VARIABLES)
        self.assert_replaced(own_service, key, file, authority)
        # It is watched: a mistake is logged before it fails a request.
        file.chmod(0o666)
        own_service.wait_for_log("can be changed by every user of this machine")

    def test_a_file_that_is_no_certificate_keeps_the_service_from_starting(self, own_service):
        (own_service.folder / "ca.pem").write_text("nothing\n")
        with (own_service.folder / "writ.yaml").open("a") as configuration:
            configuration.write("ca_file: ca.pem\n")
        for command in (["config", "check"], ["serve"]):
            assert_clear_error(own_service.writ(*command, status=1), "ca.pem", "certificate in PEM")

    def test_a_file_without_a_url_is_a_mistake(self, own_service):
        result = own_service.writ("clients", "add", "x", "--ca-file", "ca.pem", status=64)
        assert_clear_error(result, "--jwks-uri")
        with own_service.clients_file.open("a") as file:
            file.write("  - client_id: x\n    client_secrets: [{hash: 'sha256:" + "A" * 43 + "'}]\n    ca_file: ca.pem\n")
        assert_clear_error(own_service.writ("config", "check", "--running", status=1), "ca_file comes without jwks_uri")


def test_the_variables_of_the_service(own_service, tmp_path, authority):
    key = KEYS["ES256"]()
    (tmp_path / "ca.pem").write_bytes(authority.root_pem)
    with serving({"keys": [key.as_dict(private=False)]}, authority.issue(), tmp_path) as server:
        add_client(own_service, "--jwks-uri", f"https://localhost:{server.server_port}/keys")
        own_service.start(**{**NO_VARIABLES, "SSL_CERT_FILE": str(tmp_path / "ca.pem")})
        text = jwt.encode(claims(own_service), key.as_pem(private=True), "ES256", {"kid": "k1"})
        assert ask(own_service, text).status_code == 200
        assert server.seen[0]["User-Agent"].startswith("writ/")
