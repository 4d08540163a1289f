"""Text of others is octets: what Unicode joins, folds or equates changes nothing."""

import base64
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from raw_http import only_status
from service import DEADLINE

MARKS = {
    "U+0600": "\u0600", "U+0301": "\u0301", "U+200D": "\u200d", "U+212A": "\u212a", "U+037E": "\u037e", "U+1FEF": "\u1fef",
}
FORM = "application/x-www-form-urlencoded"

# None of them is https, or http on this machine, to every program that reads it.
NO_LOOPBACK = [
    *(f"http://localhost:{mark}@127.0.0.2/" for mark in MARKS.values()),
    *(f"http://[::1]{mark}@127.0.0.2/" for mark in MARKS.values()),
    *(f"http://localhost{mark}/" for mark in MARKS.values()),
    "http://localhost\u2044@127.0.0.2/", "http://localhost:@127.0.0.2/", "http://localhost@127.0.0.2/", "http://127.0.0.1.evil/",
    "http://localhost\\@127.0.0.2/", "http:///keys", "http://127%2e0.0.1/", "http://%6cocalhost/", "http://0x7f.0.0.1/",
    "http://0177.0.0.1/", "http://127.0.0.01/", "http://127.0.0.+1/", "http://127.1/", "http://localhost:0/",
    "http://localhost:65536/", "http://localhost/#keys", "https://user@localhost/", "https:///keys", "ftp://localhost/",
]


@contextmanager
def server(host, answers):
    """An HTTP server that counts what it is asked, as a list of paths."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            body = json.dumps(answers.get(self.path, {})).encode()
            self.send_response(200 if self.path in answers else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_):
            pass

    running = ThreadingHTTPServer((host, 0), Handler)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    try:
        yield running.server_port, asked
    finally:
        running.shutdown()
        thread.join()
        running.server_close()


class TestURLs:
    @pytest.mark.parametrize("url", NO_LOOPBACK)
    def test_keys_of_clients_are_not_fetched_from_there(self, own_service, url):
        result = own_service.writ("clients", "add", "job", "--jwks-uri", url, status=64)
        assert "https" in result.stderr
        text = own_service.clients_file.read_text()
        own_service.clients_file.write_text(
            text + f"  - client_id: job\n    jwks_uri: {json.dumps(url)}\n    token_endpoint_auth_method: private_key_jwt\n"
        )
        assert "jwks_uri" in own_service.writ("config", "check", status=1).stderr

    @pytest.mark.parametrize("url", ["http://localhost:PORT/keys", "HTTP://LOCALHOST:PORT/keys", "http://127.0.0.1:PORT/keys"])
    def test_keys_of_this_machine_are_fetched(self, own_service, url):
        with server("127.0.0.1", {"/keys": {"keys": []}}) as (port, asked):
            token = own_service.start().access_token()
            result = own_service.writ(
                *("token", "verify", token, "--issuer", own_service.issuer, "--audience", "https://api.example.com"),
                *("--jwks", url.replace("PORT", str(port))),
                status=1,
            )
            assert asked == ["/keys"]
            assert "no key" in result.stderr

    @pytest.mark.parametrize("mark", MARKS)
    def test_the_secret_is_not_sent_to_where_metadata_points(self, own_service, mark):
        with server("127.0.0.2", {}) as (port, asked):
            metadata = {}
            with server("127.0.0.1", {"/.well-known/oauth-authorization-server": metadata}) as (issuer_port, _):
                issuer = f"http://127.0.0.1:{issuer_port}"
                metadata["issuer"] = issuer
                for endpoint in (
                    f"http://localhost:{MARKS[mark]}@127.0.0.2:{port}/", f"http://127.0.0.2.evil:{port}/",
                    f"http://localhost@127.0.0.2:{port}/", f"http://localhost:80\\@127.0.0.2:{port}/",
                ):
                    metadata["token_endpoint"] = endpoint
                    result = own_service.writ(
                        *("token", "request", "--issuer", issuer, "--client-id", "job"), input="a secret of mine\n", status=1
                    )
                    assert "the token_endpoint" in result.stderr or "the token endpoint" in result.stderr
            assert asked == []


@pytest.mark.parametrize("mark", MARKS.values(), ids=MARKS)
class TestRequests:
    """Over a socket of its own, since libraries would encode the marks."""

    def post(self, service, body=b"grant_type=client_credentials", media_type=FORM, **fields):
        head = {"Host": "localhost", "Content-Type": media_type, "Content-Length": str(len(body)), "Connection": "close"}
        lines = "".join(f"{name}: {value}\r\n" for name, value in {**head, **fields}.items())
        return only_status(service, f"POST /oauth2/token HTTP/1.1\r\n{lines}\r\n".encode() + body)

    def test_the_scheme_and_the_credentials(self, service, mark):
        credentials = base64.b64encode(f"{service.client_id}:{service.client_secret}".encode()).decode()
        assert self.post(service, Authorization=f"bASIC  {credentials}") == 200
        for field in (
            f"Basic{mark} {credentials}", f"Basic {mark}{credentials}", f"Basic{mark}{credentials}", f"{mark}Basic {credentials}",
            f"Ba{mark}ic {credentials}", f"Basic {credentials}{mark}",
        ):
            assert self.post(service, Authorization=field) in (400, 401)
        for user in (f"{service.client_id}{mark}:", f"{service.client_id}:{mark}", f"{mark}{service.client_id}:"):
            encoded = base64.b64encode((user + service.client_secret).encode()).decode()
            assert self.post(service, Authorization=f"Basic {encoded}") == 401

    @pytest.mark.parametrize("encode", [True, False])
    def test_the_form(self, service, mark, encode):
        octets = "".join(f"%{octet:02x}" for octet in mark.encode()) if encode else mark
        good = f"client_id={service.client_id}&client_secret={service.client_secret}&grant_type=client_credentials"
        # The name beside the separator is another name, and the separator counts.
        for form in (f"{good}&{octets}=1&{octets}x", f"x={octets}&{good}", f"{octets}&{good}&{octets}x", f"{good}&scope{octets}=admin"):
            assert self.post(service, form.encode()) == 200, form
        for form in (
            good.replace("client_id=", f"client_id={octets}"), good.replace("&client_secret=", f"&client_secret{octets}="),
            good.replace("&grant_type", f"&{octets}grant_type"), f"{good}&scope=site.read{octets}", f"{good}&{octets}=1&{octets}=1",
        ):
            assert self.post(service, form.encode()) in (400, 401), form

    def test_the_media_type(self, service, mark):
        form = f"client_id={service.client_id}&client_secret={service.client_secret}&grant_type=client_credentials".encode()
        for media_type, status in (
            (f"{FORM}; {mark}", 200), (f"{FORM}{mark}", 415), (f"{mark}{FORM}", 415), (f"application{mark}/x-www-form-urlencoded", 415),
        ):
            assert self.post(service, form, media_type) == status

    def test_entity_tags(self, service, mark):
        tag = requests.get(service.jwks_uri, timeout=DEADLINE).headers["ETag"]
        for field, status in (
            (f'"a{mark}", {tag}', 304), (f"{tag}{mark}", 304), (f'"a"{mark},{tag}', 200), (f"{mark}{tag}", 200), (f"{mark}*", 200),
        ):
            request = f"GET /.well-known/jwks.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\nIf-None-Match: {field}\r\n\r\n"
            assert only_status(service, request.encode()) == status, field


class TestBounds:
    """What takes a loop for each element is bounded."""

    def test_a_form_of_many_parameters(self, service):
        client = f"client_id={service.client_id}&client_secret={service.client_secret}&grant_type=client_credentials"

        def ask(form, query=""):
            return requests.post(
                service.token_endpoint + query, data=form, headers={"Content-Type": FORM}, timeout=DEADLINE
            )

        assert ask("&" * 4000 + client + "&" * 4000).status_code == 200
        assert ask(client + "&a" + "".join(f"&p{number}=" for number in range(252))).status_code == 200
        for form in (client + "".join(f"&p{number}=" for number in range(254)), client + "&=" * 300, client + "&resource=urn:a" * 300):
            answer = ask(form)
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
            assert "256 parameters" in answer.json()["error_description"]
        answer = ask(client, "?" + "a&" * 300)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
        assert ask(client, "?" + "&" * 300).status_code == 200

    def test_many_entity_tags(self, service):
        tag = requests.get(service.jwks_uri, timeout=DEADLINE).headers["ETag"]

        def status(field):
            return requests.get(service.jwks_uri, headers={"If-None-Match": field}, timeout=DEADLINE).status_code

        assert status('"a",' * 63 + tag) == 304
        # Not an error: a client that has that many tags gets the document.
        assert status('"a",' * 64 + tag) == 200
        assert status("a," * 4000 + tag) == 200
