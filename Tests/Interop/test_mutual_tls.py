"""Clients with certificates at the issuer: RFC 8705 on the service's own TLS, and behind a proxy (RFC 9440, Envoy)."""

import base64
import hashlib
import http.client
import json
import ssl
from contextlib import contextmanager
from urllib.parse import quote, urlencode

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from authority import KEYS, Authority, Pair, replace
from raw_http import CLOSE, RawConnection
from service import DEADLINE, Service, assert_clear_error, wait_until
from test_log import events
from test_tls import FORM, SecureService
from tokens import claims

NAME = "payments.example.com"
SVID = "spiffe://example.org/payments"


def der(pair: Pair) -> bytes:
    return pair.chain[0].public_bytes(Encoding.DER)


def thumbprint(pair: Pair) -> str:
    """RFC 8705 section 3.1"""
    return base64.urlsafe_b64encode(hashlib.sha256(der(pair)).digest()).rstrip(b"=").decode()


def self_signed(subject="self") -> Pair:
    key = KEYS["EC"]()
    own = Authority.certificate(None, subject, key, subject, key, names=(), usage=ExtendedKeyUsageOID.CLIENT_AUTH)
    return Pair([own], key)


class Clients:
    """An authority of clients, and the certificates that it has signed."""

    def __init__(self):
        self.authority = Authority()
        self.payments = self.authority.issue_to_client(x509.DNSName(NAME))
        self.workload = self.authority.issue_to_client(x509.UniformResourceIdentifier(SVID))
        self.own = self_signed()


@pytest.fixture(scope="module")
def clients():
    return Clients()


class MutualService(SecureService):
    """A service with TLS that verifies certificates of clients."""

    def __init__(self, folder, authority, clients: Clients):
        super().__init__(folder, authority)
        self.clients = clients
        self.trust(clients.authority)
        configuration = folder / "writ.yaml"
        configuration.write_text(
            configuration.read_text().replace("private_key: tls.key }", "private_key: tls.key, client_ca: clients-ca.pem }")
        )

    def trust(self, *authorities: Authority):
        replace(self.folder / "clients-ca.pem", b"".join(each.root_pem for each in authorities), 0o644)

    def add(self, client_id, *options, **settings):
        self.writ("clients", "add", client_id, "--scope", "site.read", *options, **settings)

    def add_all(self):
        self.add("payments", "--certificate-subject", f"san_dns={NAME.upper()}", "--certificate-bound")
        self.add("workload", "--certificate-subject", f"san_uri={SVID}")
        (self.folder / "own.pem").write_bytes(self.clients.own.certificate_pem)
        self.add("own", "--certificate", "own.pem", "--certificate-bound")
        return self

    def files(self, pair: Pair) -> tuple[str, str]:
        """Certificate and key as files, for a client."""
        name = self.folder / f"client-{pair.serial_number:x}"
        certificate, key = name.with_suffix(".pem"), name.with_suffix(".key")
        certificate.write_bytes(pair.certificate_pem)
        key.write_bytes(pair.key_pem())
        return str(certificate), str(key)

    def with_certificate(self, pair: Pair | None, version=None) -> ssl.SSLContext:
        context = self.context()
        if pair is not None:
            context.load_cert_chain(*self.files(pair))
        if version is not None:
            context.minimum_version = context.maximum_version = version
        return context

    def ask(self, client_id, pair: Pair | None, **form) -> requests.Response:
        form = {"grant_type": "client_credentials", "client_id": client_id, **form}
        certificate = self.files(pair) if pair is not None else None
        return requests.post(
            self.token_endpoint, data=form, cert=certificate, verify=self.ca_file, timeout=DEADLINE
        )

    @contextmanager
    def kept_connection(self, pair: Pair):
        host, port = self.address.split(":")
        connection = http.client.HTTPSConnection(
            host, int(port), timeout=DEADLINE, context=self.with_certificate(pair)
        )
        try:
            yield connection
        finally:
            connection.close()

    def asks_for_certificates(self) -> bool:
        return "CertificateRequest" in self.openssl("-msg", "-tls1_3").stdout

    def last_cause(self) -> str:
        return wait_until("a refusal is logged", lambda: events(self, "Refused"))[-1]["cause"]


def post_on(connection, client_id="payments") -> tuple[int, dict]:
    """One request on a connection that is kept."""
    body = urlencode({"grant_type": "client_credentials", "client_id": client_id})
    connection.request("POST", "/oauth2/token", body, {"Content-Type": FORM})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


@pytest.fixture(scope="module")
def authority():
    return Authority()


@pytest.fixture(scope="module")
def service(authority, clients, tmp_path_factory):
    """Running, for all tests that leave it as it is."""
    with MutualService(tmp_path_factory.mktemp("writ"), authority, clients) as service:
        yield service.add_all().start()


@pytest.fixture
def own_service(authority, clients, tmp_path_factory):
    with MutualService(tmp_path_factory.mktemp("writ"), authority, clients) as service:
        yield service


class TestAuthentication:
    @pytest.mark.parametrize("option, version", [("--http2", "2"), ("--http1.1", "1.1")])
    def test_curl_with_a_certificate_of_an_authority(self, service, clients, tmp_path, option, version):
        certificate, key = service.files(clients.payments)
        form = urlencode({"grant_type": "client_credentials", "client_id": "payments"})
        [transfer] = service.curl(
            *(option, "--cert", certificate, "--key", key, "--data", form),
            *("--output", tmp_path / "answer", service.token_endpoint),
        )
        assert (transfer["response_code"], transfer["http_version"]) == (200, version)
        token = claims(json.loads((tmp_path / "answer").read_text())["access_token"])
        assert token["cnf"] == {"x5t#S256": thumbprint(clients.payments)}
        assert (token["sub"], token["client_id"]) == ("payments", "payments")

    def test_a_certificate_needs_tls_1_3(self, service, clients):
        """BoringSSL would keep it with each session of TLS 1.2, which no memory budget has."""
        context = service.with_certificate(clients.payments, ssl.TLSVersion.TLSv1_2)
        with service.connect() as plain, pytest.raises((ssl.SSLError, ConnectionError)):
            with context.wrap_socket(plain, server_hostname="localhost") as secure:
                secure.sendall(b"GET /.well-known/jwks.json HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert not secure.recv(1)
                raise ConnectionError("closed")
        with service.connect() as plain:
            context = service.with_certificate(None, ssl.TLSVersion.TLSv1_2)
            with context.wrap_socket(plain, server_hostname="localhost") as secure:
                assert secure.version() == "TLSv1.2"

    def test_a_svid_and_a_certificate_of_the_clients_own(self, service, clients):
        answer = service.ask("workload", clients.workload)
        assert answer.status_code == 200, answer.text
        assert "cnf" not in claims(answer.json()["access_token"])
        answer = service.ask("own", clients.own)
        assert answer.status_code == 200, answer.text
        assert answer.json()["token_type"] == "Bearer"
        assert claims(answer.json()["access_token"])["cnf"] == {"x5t#S256": thumbprint(clients.own)}

    def test_clients_without_a_certificate_go_on_as_before(self, service):
        assert service.request_token().status_code == 200
        assert service.asks_for_certificates()

    def test_each_refusal_has_its_cause_and_one_answer(self, service, clients, authority):
        issue = clients.authority.issue_to_client
        nul = issue(x509.DNSName(NAME + "\0.example.net"))
        cases = [
            ("payments", None, "certificate_missing"),
            ("own", None, "certificate_missing"),
            (service.client_id, None, "no_credentials"),
            ("nobody", None, "no_credentials"),
            ("nobody", clients.payments, "unknown_client"),
            (service.client_id, clients.payments, "wrong_method"),
            ("payments", clients.workload, "certificate_subject"),
            ("payments", issue(x509.DNSName("*.example.com")), "certificate_subject"),
            ("payments", issue(subject=NAME), "certificate_subject"),
            ("payments", nul, "certificate_subject"),
            ("payments", clients.own, "certificate_untrusted"),
            ("payments", Authority().issue_to_client(x509.DNSName(NAME)), "certificate_untrusted"),
            ("payments", Pair(clients.payments.chain[:1], clients.payments.key), None),
            ("payments", issue(x509.DNSName(NAME), usage=ExtendedKeyUsageOID.SERVER_AUTH), "certificate_untrusted"),
            ("payments", issue(x509.DNSName(NAME), seconds=-60), "certificate_expired"),
            ("own", self_signed(), "certificate_unregistered"),
            ("own", clients.payments, "certificate_unregistered"),
        ]
        texts = set()
        for client, pair, cause in cases:
            answer = service.ask(client, pair)
            if cause is None:
                # Its intermediate certificate is known of others that have presented it.
                assert answer.status_code == 200, answer.text
                continue
            assert answer.status_code == 401, (client, cause, answer.text)
            texts.add(answer.text)
            request = answer.headers["X-Request-Id"]
            [event] = wait_until(
                "it is logged", lambda: [each for each in events(service, "Refused") if each["request_id"] == request]
            )
            assert event["cause"] == cause
        assert texts == {'{"error":"invalid_client","error_description":"Client authentication failed."}'}

    def test_guesses_are_throttled_and_a_right_certificate_passes(self, own_service, clients):
        own_service.add_all().start(WRIT_THROTTLE_FAILURES="3")
        answers = [own_service.ask("payments", clients.workload).status_code for _ in range(5)]
        assert answers == [401, 401, 401, 429, 429]
        assert own_service.ask("payments", clients.payments).status_code == 200

    def test_a_secret_beside_a_certificate_is_what_authenticates(self, service, clients):
        assert service.ask(service.client_id, clients.payments, client_secret=service.client_secret).status_code == 200
        answer = service.ask("payments", clients.payments, client_secret="wrong")
        assert answer.status_code == 401


class TestBoundTokens:
    def test_a_client_with_a_secret_and_its_refresh_tokens(self, own_service, clients):
        options = ["--grant-type", "refresh_token", "--certificate-bound", "--json"]
        secret = json.loads(own_service.writ("clients", "add", "job", *options).stdout)["client_secret"]
        own_service.start()
        first = own_service.ask("job", clients.own, client_secret=secret)
        assert first.status_code == 200, first.text
        assert claims(first.json()["access_token"])["cnf"] == {"x5t#S256": thumbprint(clients.own)}
        refresh = {"grant_type": "refresh_token", "client_secret": secret, "refresh_token": first.json()["refresh_token"]}
        second = own_service.ask("job", clients.payments, **refresh)
        assert claims(second.json()["access_token"])["cnf"] == {"x5t#S256": thumbprint(clients.payments)}
        for form in [{"client_secret": secret}, refresh]:
            answer = own_service.ask("job", None, **form)
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
            assert own_service.last_cause() == "certificate_missing"

    def test_introspection_shows_the_confirmation(self, own_service, clients):
        own_service.add_all()
        own_service.writ("clients", "add", "api", "--certificate-subject", f"san_uri={SVID}", "--introspect")
        own_service.start()
        token = own_service.ask("payments", clients.payments).json()["access_token"]
        answer = requests.post(
            f"{own_service.issuer}/oauth2/introspect",
            data={"client_id": "api", "token": token},
            cert=own_service.files(clients.workload),
            verify=own_service.ca_file,
            timeout=DEADLINE,
        ).json()
        assert answer["active"] is True
        assert answer["cnf"] == {"x5t#S256": thumbprint(clients.payments)}

    def test_for_all(self, own_service, clients):
        own_service.start(WRIT_ACCESS_TOKEN_CERTIFICATE_BOUND="on")
        assert own_service.asks_for_certificates()
        form = {"client_secret": own_service.client_secret}
        answer = own_service.ask(own_service.client_id, clients.payments, **form)
        assert claims(answer.json()["access_token"])["cnf"] == {"x5t#S256": thumbprint(clients.payments)}
        assert own_service.ask(own_service.client_id, None, **form).status_code == 400

    def test_the_metadata(self, service, authority, clients, tmp_path_factory):
        def metadata(service):
            url = f"{service.issuer}/.well-known/oauth-authorization-server"
            return requests.get(url, verify=service.ca_file, timeout=DEADLINE).json()

        document = metadata(service)
        assert document["tls_client_certificate_bound_access_tokens"] is True
        assert document["mtls_endpoint_aliases"]["token_endpoint"] == service.token_endpoint
        methods = document["token_endpoint_auth_methods_supported"]
        assert {"tls_client_auth", "self_signed_tls_client_auth"} <= set(methods)
        with MutualService(tmp_path_factory.mktemp("writ"), authority, clients) as other:
            other.start(WRIT_TLS_MTLS_ALIAS="https://mtls.example.com")
            document = metadata(other)
            assert "mtls_endpoint_aliases" not in document
            assert "tls_client_auth" not in document["token_endpoint_auth_methods_supported"]
            assert not other.asks_for_certificates()
            other.add_all()
            wait_until("certificates are asked for", other.asks_for_certificates)
            aliases = metadata(other)["mtls_endpoint_aliases"]
            assert aliases["token_endpoint"] == "https://mtls.example.com/oauth2/token"
            assert other.ask("payments", clients.payments).status_code == 200
            for client in ["payments", "workload", "own"]:
                other.writ("clients", "remove", client, "--yes")
            wait_until("certificates are no longer asked for", lambda: not other.asks_for_certificates())


class TestChangesWhileAConnectionIsKept:
    def test_another_authority(self, own_service, clients):
        own_service.add_all().start()
        others = Authority()
        with own_service.kept_connection(clients.payments) as connection:
            assert post_on(connection)[0] == 200
            socket = connection.sock
            own_service.trust(others)
            wait_until("the certificate is refused", lambda: post_on(connection)[0] == 401)
            assert own_service.last_cause() == "certificate_untrusted"
            own_service.trust(clients.authority, others)
            wait_until("the certificate is accepted", lambda: post_on(connection)[0] == 200)
            assert connection.sock is socket

    def test_a_file_that_does_not_check_changes_nothing(self, own_service, clients):
        own_service.add_all().start()
        replace(own_service.folder / "clients-ca.pem", clients.own.certificate_pem, 0o644)
        own_service.wait_for_log("is not the certificate of an authority")
        assert own_service.ask("payments", clients.payments).status_code == 200

    def test_the_end_of_a_certificate(self, own_service, clients):
        own_service.add_all().start()
        short = clients.authority.issue_to_client(x509.DNSName(NAME), seconds=8)
        with own_service.kept_connection(short) as connection:
            assert post_on(connection)[0] == 200
            wait_until("the certificate has expired", lambda: post_on(connection)[0] == 401)
            assert own_service.last_cause() == "certificate_expired"

    def test_a_resumed_session(self, own_service, clients):
        """It has the client's certificate alone, and what leads from it to the authority is missing."""
        own_service.add_all().start()
        context = own_service.with_certificate(clients.payments, ssl.TLSVersion.TLSv1_3)

        def exchange(request: bytes, session=None):
            with own_service.connect() as plain:
                with context.wrap_socket(plain, server_hostname="localhost", session=session) as secure:
                    secure.sendall(request)
                    answer = b""
                    while part := secure.recv(65536):
                        answer += part
                    return int(answer.split()[1]), secure.session, secure.session_reused

        body = urlencode({"grant_type": "client_credentials", "client_id": "payments"})
        token = (
            f"POST /oauth2/token HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: {FORM}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()
        keys = b"GET /.well-known/jwks.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        # The first connection verifies nothing.
        status, session, _ = exchange(keys)
        assert status == 200
        status, session, is_resumed = exchange(token, session)
        assert (status, is_resumed) == (200, True)
        own_service.trust(Authority())
        wait_until("the certificate is refused", lambda: exchange(token, session)[0] == 401)
        own_service.trust(clients.authority)
        wait_until("the certificate is accepted", lambda: exchange(token, session)[0] == 200)


def byte_sequence(octets: bytes) -> str:
    return f":{base64.b64encode(octets).decode()}:"


def client_cert(pair: Pair, name="Client-Cert") -> list[bytes]:
    """RFC 9440"""
    chain = ", ".join(byte_sequence(each.public_bytes(Encoding.DER)) for each in pair.chain[1:])
    return [f"{name}: {byte_sequence(der(pair))}".encode()] + ([f"{name}-Chain: {chain}".encode()] if chain else [])


def element(pair: Pair) -> str:
    """As Envoy writes it."""
    own = quote(pair.chain[0].public_bytes(Encoding.PEM).decode(), safe="")
    return f'By=spiffe://a/b;Hash=00;Cert="{own}";Chain="{quote(pair.certificate_pem.decode(), safe="")}";Subject="CN=\\"x,y\\""'


def forwarded_client_cert(pair: Pair) -> list[bytes]:
    return [f"X-Forwarded-Client-Cert: {element(pair)}".encode()]


FIELDS = {"client-cert": client_cert, "x-forwarded-client-cert": forwarded_client_cert}


class ProxiedService(Service):
    """A service in plain text behind a proxy, which is this machine."""

    def __init__(self, folder, clients: Clients):
        super().__init__(folder)
        self.clients = clients
        (folder / "clients-ca.pem").write_bytes(clients.authority.root_pem)
        (folder / "own.pem").write_bytes(clients.own.certificate_pem)
        for client, *options in [
            ("payments", "--certificate-subject", f"san_dns={NAME}", "--certificate-bound"),
            ("own", "--certificate", "own.pem"),
        ]:
            self.writ("clients", "add", client, *options)

    def run(self, field, proxies="127.0.0.1/32"):
        return self.start(
            WRIT_TRUSTED_PROXIES_FROM=proxies,
            WRIT_TRUSTED_PROXIES_FIELD="x-forwarded-for",
            WRIT_TRUSTED_PROXIES_CLIENT_CERTIFICATE=field,
            WRIT_TLS_CLIENT_CA=str(self.folder / "clients-ca.pem"),
        )

    def answer(self, fields: list[bytes], client_id="payments"):
        body = urlencode({"grant_type": "client_credentials", "client_id": client_id}).encode()
        lines = [b"POST /oauth2/token HTTP/1.1", b"Host: localhost", f"Content-Type: {FORM}".encode(), CLOSE]
        lines += [f"Content-Length: {len(body)}".encode(), *fields]
        with RawConnection(self) as connection:
            connection.send(b"\r\n".join(lines) + b"\r\n\r\n" + body)
            return connection.answer()


@pytest.fixture(scope="module", params=list(FIELDS))
def field(request):
    return request.param


@pytest.fixture(scope="module")
def proxied(field, clients, tmp_path_factory):
    with ProxiedService(tmp_path_factory.mktemp("writ"), clients) as service:
        yield service.run(field)


class TestBehindAProxy:
    def test_the_field_names_the_certificate(self, proxied, field, clients):
        answer = proxied.answer(FIELDS[field](clients.payments))
        assert answer.status == 200, answer
        token = claims(json.loads(answer.body)["access_token"])
        assert token["cnf"] == {"x5t#S256": thumbprint(clients.payments)}
        assert proxied.answer(FIELDS[field](clients.own), "own").status == 200

    def test_its_name_has_any_letter_case(self, proxied, field, clients):
        own, *others = FIELDS[field](clients.payments)
        name, _, value = own.partition(b": ")
        for spelling in [name.upper(), name.lower()]:
            assert proxied.answer([spelling + b": " + value, *others]).status == 200

    def test_the_certificate_is_verified_like_any_other(self, proxied, field, clients):
        issue = clients.authority.issue_to_client
        for pair, cause in [
            (clients.workload, "certificate_subject"),
            (Authority().issue_to_client(x509.DNSName(NAME)), "certificate_untrusted"),
            (issue(x509.DNSName(NAME), seconds=-60), "certificate_expired"),
        ]:
            answer = proxied.answer(FIELDS[field](pair))
            assert answer.status == 401
            request = answer.fields["x-request-id"]
            [event] = wait_until(
                "it is logged", lambda: [each for each in events(proxied, "Refused") if each["request_id"] == request]
            )
            assert event["cause"] == cause

    def test_the_other_field_is_ignored(self, proxied, field, clients):
        other = next(make for name, make in FIELDS.items() if name != field)
        assert proxied.answer(other(clients.payments)).status == 401
        assert proxied.answer(FIELDS[field](clients.payments) + other(clients.workload)).status == 200

    def test_two_fields_are_refused(self, proxied, field, clients):
        """A proxy that adds a field to what the client has sent, instead of replacing it."""
        forged, good = FIELDS[field](clients.payments)[0], FIELDS[field](clients.workload)
        for fields in [[forged, *good], [*good, forged], [forged, forged], [forged.lower(), *good]]:
            answer = proxied.answer(fields)
            assert (answer.status, json.loads(answer.body)["error"]) == (400, "invalid_request")

    def test_what_stands_before_the_proxys_own_element_is_the_clients(self, proxied, field, clients):
        forged, good = FIELDS[field](clients.payments)[0], FIELDS[field](clients.workload)[0]
        joined = forged + b", " + good.partition(b": ")[2]
        answer = proxied.answer([joined])
        if field == "client-cert":
            # It is no list.
            assert answer.status == 400
        else:
            assert answer.status == 401
            joined = good + b", " + forged.partition(b": ")[2]
            assert proxied.answer([joined]).status == 200

    @pytest.mark.parametrize("text", ["", ":", "x", ':"', 'Cert="', 'Cert="%zz"', "Cert=", ":AA:", ":MII=:", "\u0301"])
    def test_what_does_not_parse_is_refused(self, proxied, field, text):
        answer = proxied.answer([f"{field}: {text}".encode()])
        # Without `Cert=` an element of Envoy's names no certificate.
        assert answer.status in (400, 401)
        assert proxied.is_ready()

    def test_a_field_from_elsewhere_counts_for_nothing(self, field, clients, tmp_path):
        with ProxiedService(tmp_path, clients) as service:
            service.run(field, proxies="192.0.2.0/24")
            for client, pair in [("payments", clients.payments), ("own", clients.own)]:
                assert service.answer(FIELDS[field](pair), client).status == 401
            wait_until("both are logged", lambda: len(events(service, "Refused")) == 2)
            assert {event["cause"] for event in events(service, "Refused")} == {"certificate_missing"}
            # And two of them are no reason to refuse anything.
            answer = service.answer(FIELDS[field](clients.payments) * 2)
            assert answer.status == 401

    def test_a_proxy_with_a_certificate_of_its_own(self, own_service, clients, field, tmp_path):
        """Over HTTP/2 and with TLS to the service: the certificate of the connection is the proxy's."""
        own_service.add_all()
        own_service.start(WRIT_TRUSTED_PROXIES_FROM="127.0.0.1/32", WRIT_TRUSTED_PROXIES_CLIENT_CERTIFICATE=field)
        certificate, key = own_service.files(clients.workload)
        fields = [option for line in FIELDS[field](clients.payments) for option in ("--header", line.decode())]

        def status(client, *options) -> int:
            form = urlencode({"grant_type": "client_credentials", "client_id": client})
            [transfer] = own_service.curl(
                *("--http2", "--cert", certificate, "--key", key, "--data", form, *options),
                *("--output", tmp_path / "answer", own_service.token_endpoint),
            )
            assert transfer["http_version"] == "2"
            return transfer["response_code"]

        assert status("payments", *fields) == 200
        token = claims(json.loads((tmp_path / "answer").read_text())["access_token"])
        assert token["cnf"] == {"x5t#S256": thumbprint(clients.payments)}
        assert status("workload") == 401
        assert status("workload", *fields) == 401
        assert status("payments", *fields, *fields[:2]) == 400


class TestTheCommandLine:
    def test_clients_are_shown_with_their_certificates(self, own_service, clients):
        own_service.add_all()
        shown = json.loads(own_service.writ("clients", "show", "payments", "--json").stdout)
        assert shown["token_endpoint_auth_methods"] == ["tls_client_auth"]
        assert shown["tls_client_auth_san_dns"] == NAME.upper()
        assert shown["tls_client_certificate_bound_access_tokens"] is True
        shown = own_service.writ("clients", "show", "own").stdout
        assert thumbprint(clients.own) in shown
        assert "self_signed_tls_client_auth" in own_service.writ("clients", "list").stdout
        assert own_service.writ("config", "check").stdout == "writ.yaml: ok\n"
        own_service.writ("clients", "remove", "own", "--yes")

    def test_what_makes_no_sense_is_refused(self, own_service):
        for options, words in [
            (["--certificate-subject", "dns=a"], ["san_dns="]),
            (["--certificate-subject", "san_dns=*.example.com"], ["wildcard"]),
            (["--certificate-subject", "san_dns=a.example", "--certificate", "own.pem"], ["exclude"]),
            (["--certificate-subject", "san_dns=a.example", "--jwks-uri", "https://a.example"], ["exclude"]),
        ]:
            assert_clear_error(own_service.writ("clients", "add", "a", *options, status=64), *words)

    def test_a_client_without_an_authority_is_reported(self, own_service):
        own_service.add_all()
        configuration = own_service.folder / "writ.yaml"
        configuration.write_text(configuration.read_text().replace(", client_ca: clients-ca.pem", ""))
        assert_clear_error(own_service.writ("config", "check", status=1), "clients.yaml:", "tls: { client_ca:")

    def test_authorities_are_reported_with_their_lines(self, own_service, clients):
        lines = clients.authority.root_pem.count(b"\n")
        text = clients.authority.root_pem + clients.own.certificate_pem
        (own_service.folder / "clients-ca.pem").write_bytes(text)
        assert_clear_error(
            own_service.writ("config", "check", status=1), f"clients-ca.pem:{lines + 1}:", "of an authority"
        )
