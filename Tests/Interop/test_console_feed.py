"""What feeds the console: bounded, without a secret, closed to pages of others, and no burden to the listener."""

import json
import re
import socket
from contextlib import ExitStack, closing

import pytest
import requests

from browser import state
from service import DEADLINE, Service, wait_until
from test_log import events

PATHS = ["/console", "/console/state.json", "/console/events"]
STREAMS = 8


def address(service):
    host, port = service.management.removeprefix("http://").rsplit(":", 1)
    return host, int(port)


def ask(service, buffer=None):
    """A connection that has asked for events, with the beginning of the response still to be read."""
    connection = socket.socket()
    connection.settimeout(DEADLINE)
    if buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    connection.connect(address(service))
    connection.sendall(b"GET /console/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return connection


def stream(service, buffer=None):
    """A connection that gets events. The service notices that a former one has ended when it sends the next events."""

    def accepted():
        connection = ask(service, buffer)
        if b" 200 " in connection.recv(15, socket.MSG_PEEK):
            return connection
        connection.close()

    return wait_until("there is room for a stream", accepted)


def read_events(connection, count):
    """Reads until there are so many events, and returns their numbers."""
    text = b""
    while text.count(b"\n\n") < count:
        piece = connection.recv(65536)
        assert piece, text
        text += piece
    return [json.loads(match) for match in re.findall(rb"data: (\{.*\})\n\n", text)]


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with Service(tmp_path_factory.mktemp("feed")) as service:
        yield service.start(WRIT_CONSOLE="on", WRIT_LOG_LEVEL="debug")


class TestStreams:
    def test_events_come_each_second(self, service):
        with closing(stream(service)) as connection:
            first, second, third = read_events(connection, 3)
            assert first["uptime_ms"] < second["uptime_ms"] < third["uptime_ms"]
            assert first["revision"] == third["revision"] == state(service)["numbers"]["revision"]

    def test_there_are_eight_at_most_and_everything_else_is_answered(self, service):
        with ExitStack() as stack:
            connections = [stack.enter_context(closing(stream(service))) for _ in range(STREAMS)]
            for connection in connections:
                read_events(connection, 1)
            answer = requests.get(f"{service.management}/console/events", timeout=DEADLINE)
            assert (answer.status_code, answer.headers["Retry-After"]) == (429, "10")
            for path in ("/healthz", "/readyz", "/metrics", "/console/state.json", "/console"):
                assert requests.get(service.management + path, timeout=DEADLINE).status_code == 200
            wait_until("it is logged", lambda: any(each.get("cause") == "console_full" for each in events(service, "Refused before an endpoint")))
        stream(service).close()

    def test_silent_connections_do_not_close_them(self, service):
        with ExitStack() as stack:
            connection = stack.enter_context(closing(stream(service)))
            read_events(connection, 1)
            for _ in range(100):
                silent = stack.enter_context(closing(socket.create_connection(address(service), timeout=DEADLINE)))
            silent.close()
            assert len(read_events(connection, 2)) == 2

    def test_a_client_that_does_not_read_harms_no_other(self, service):
        with closing(stream(service, buffer=4096)) as slow, closing(stream(service)) as other:
            assert len(read_events(other, 4)) == 4
            assert slow.recv(15) == b"HTTP/1.1 200 OK"

    def test_they_end_with_graceful_shutdown(self, own_service):
        own_service.start(WRIT_CONSOLE="on")
        with closing(stream(own_service)) as connection, closing(stream(own_service, buffer=4096)):
            read_events(connection, 1)
            own_service.stop()
            while connection.recv(65536):
                pass

    def test_head_and_other_methods(self, service):
        answer = requests.head(f"{service.management}/console/events", timeout=DEADLINE)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/event-stream")
        assert requests.post(f"{service.management}/console/events", timeout=DEADLINE).status_code == 405


class TestAccess:
    @pytest.mark.parametrize("path", PATHS)
    def test_a_page_with_a_name_of_its_own_gets_nothing(self, service, path):
        answer = requests.get(service.management + path, headers={"Host": "rebound.example:8081"}, timeout=DEADLINE)
        assert answer.status_code == 421
        assert service.issuer not in answer.text
        wait_until("it is logged", lambda: any(each.get("cause") == "foreign_host" for each in events(service, "Refused before an endpoint")))

    @pytest.mark.parametrize("path", PATHS)
    def test_a_page_of_another_site_gets_nothing(self, service, path):
        headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
        assert requests.get(service.management + path, headers=headers, timeout=DEADLINE).status_code == 403
        assert requests.options(service.management + path, headers=headers, timeout=DEADLINE).status_code == 405

    @pytest.mark.parametrize("path", PATHS[:2])
    def test_the_fields_of_a_response(self, service, path):
        answer = requests.get(service.management + path, headers={"Origin": "https://evil.example"}, timeout=DEADLINE)
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]

    @pytest.mark.parametrize("query", ["sort=secret", "order=up", "offset=-1"])
    def test_a_query_that_is_none(self, service, query):
        answer = requests.get(f"{service.management}/console/state.json?{query}", timeout=DEADLINE)
        assert answer.status_code == 400


class TestSecrets:
    def test_no_secret_no_token_and_nothing_that_is_not_registered(self, own_service):
        own_service.start(WRIT_CONSOLE="on")
        token = own_service.access_token()
        own_service.request_token(client_id="never-registered", client_secret="never-shown")
        with closing(stream(own_service)) as connection:
            numbers = json.dumps(read_events(connection, 1))
        everything = numbers + json.dumps(state(own_service)) + requests.get(f"{own_service.management}/console", timeout=DEADLINE).text
        hashes = re.findall(r"sha256:([\w-]+)", own_service.clients_file.read_text())
        keys = [line for path in (own_service.folder / "keys").iterdir() for line in path.read_text().split()]
        private = [line for line in keys if len(line) >= 40]
        assert hashes and private
        hidden = [own_service.client_secret, token, token.split(".")[1], "never-registered", "never-shown", "sha256", *hashes, *private]
        assert [text for text in hidden if text in everything] == []
        assert state(own_service)["numbers"]["causes"] == {"unknown_client": 1}
        assert state(own_service)["numbers"]["issued"] == 1

    def test_what_is_looked_for_is_not_logged(self, service):
        requests.get(f"{service.management}/console/state.json?find=looked-for&sort=up", timeout=DEADLINE)
        assert "looked-for" not in service.log
