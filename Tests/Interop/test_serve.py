"""`writ serve` as a supervisor and an operator meet it: start, reload, stop."""

import json
import socket

import pytest
import requests

from service import DEADLINE, RESOURCE, SCOPE, assert_clear_error, free_addresses, wait_until


@pytest.fixture
def running(own_service):
    return own_service.start()


def key_ids(service):
    return [key["kid"] for key in requests.get(service.jwks_uri, timeout=DEADLINE).json()["keys"]]


def status_for(service, client):
    return service.request_token(client["client_id"], client["client_secret"]).status_code


def add_client(service, *arguments):
    return json.loads(service.writ("clients", "add", "reporting", "--scope", "site.read", *arguments, "--json").stdout)


def reload_into(service, what, condition):
    service.reload()
    wait_until(what, condition)


class TestReload:
    def test_an_added_client_gets_tokens(self, running):
        client = add_client(running)
        assert client["scope"] == "site.read"

        reload_into(running, "the client is known", lambda: status_for(running, client) == 200)

        assert running.request_token().status_code == 200

    def test_a_removed_client_gets_none(self, running):
        client = add_client(running)
        reload_into(running, "the client is known", lambda: status_for(running, client) == 200)

        running.writ("clients", "remove", "reporting")
        reload_into(running, "the client is gone", lambda: status_for(running, client) == 401)

        assert running.request_token().status_code == 200

    def test_two_secrets_are_good_while_one_is_replaced(self, running):
        rotated = running.writ("clients", "rotate-secret", running.client_id, "--keep", "24h", "--json").stdout
        client = json.loads(rotated)
        assert client["client_secret"] != running.client_secret

        reload_into(running, "the new secret is good", lambda: status_for(running, client) == 200)

        assert running.request_token().status_code == 200

    def test_a_broken_clients_file_changes_nothing(self, running):
        before = running.clients_file.read_text()
        running.clients_file.write_text(before + "\n  - client_id: [never closed\n")
        logged = len(running.log)

        reload_into(running, "the log names the broken file", lambda: "clients.yaml" in running.log[logged:])
        assert running.request_token().status_code == 200

        # And what is mended works again.
        running.clients_file.write_text(before)
        client = add_client(running)
        reload_into(running, "the client is known", lambda: status_for(running, client) == 200)

    def test_an_added_resource_is_the_audience(self, running):
        resource = "https://reports.example.com"
        client = add_client(running, "--resource", resource)
        reload_into(running, "the client is known", lambda: status_for(running, client) == 200)

        answer = running.request_token(client["client_id"], client["client_secret"], resource=resource)

        assert answer.status_code == 200
        refused = running.request_token(client["client_id"], client["client_secret"], resource=RESOURCE)
        assert refused.json()["error"] == "invalid_target"


class TestStart:
    def test_the_keys_outlive_the_process(self, running):
        before = key_ids(running)
        token = running.access_token()

        running.stop()
        running.start()

        assert key_ids(running) == before
        arguments = ("--issuer", running.issuer, "--audience", RESOURCE, "--jwks", running.jwks_uri)
        running.writ("token", "verify", *arguments, input=token)

    def test_a_port_in_use(self, running):
        port = running.issuer.rpartition(":")[2]

        result = running.writ("serve", environment={"WRIT_MANAGEMENT": "off"}, status=1)

        assert_clear_error(result, port, "in use")

    def test_the_management_port_in_use(self, running):
        port = running.management.rpartition(":")[2]

        result = running.writ("serve", environment={"WRIT_LISTEN": free_addresses(1)[0]}, status=1)

        assert_clear_error(result, port, "in use")

    def test_no_configuration(self, running, tmp_path):
        missing = str(tmp_path / "writ.yaml")

        assert_clear_error(running.writ("serve", "--config", missing, status=1), missing)

    def test_an_unknown_variable_is_of_no_concern_to_the_service(self, own_service):
        """Kubernetes sets WRIT_PORT and its like for a service that is called writ."""
        own_service.start(WRIT_SERVICE_HOST="10.0.0.1", WRIT_PORT="tcp://10.0.0.1:8080")

        assert own_service.request_token().json()["scope"] == SCOPE


class TestManagement:
    @pytest.mark.parametrize("path", ["/healthz", "/readyz"])
    def test_health_is_on_the_management_listener_alone(self, service, path):
        assert requests.get(service.management + path, timeout=DEADLINE).status_code == 200
        assert requests.get(service.issuer + path, timeout=DEADLINE).status_code == 404

    def test_tokens_are_not(self, service):
        answer = requests.post(f"{service.management}/oauth2/token", timeout=DEADLINE)

        assert answer.status_code == 404


class TestManners:
    def test_a_stalled_request_does_not_keep_the_others_waiting(self, running):
        host, port = running.issuer.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=DEADLINE) as stalled:
            stalled.sendall(
                b"POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
                b"Content-Type: application/x-www-form-urlencoded\r\n\r\nabc"
            )
            assert running.request_token().status_code == 200

    @pytest.mark.parametrize("path", ["/oauth2/token", "/nothing", "/.well-known/jwks.json"])
    def test_head_has_no_body(self, running, path):
        host, port = running.issuer.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=DEADLINE) as connection:
            connection.sendall(f"HEAD {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            answer = b""
            while part := connection.recv(65536):
                answer += part
        head, _, body = answer.partition(b"\r\n\r\n")
        assert body == b""
        assert b"content-length: " in head.lower()

    def test_keep_alive_clients_are_sent_elsewhere_while_it_drains(self, own_service):
        own_service.start(WRIT_DRAIN_DELAY="60s")
        with requests.Session() as session:
            assert "Connection" not in session.get(own_service.jwks_uri, timeout=DEADLINE).headers
            own_service.process.terminate()
            wait_until("readiness has ended", lambda: not own_service.is_ready())
            answer = session.get(own_service.jwks_uri, timeout=DEADLINE)
            assert answer.status_code == 200
            assert answer.headers["Connection"] == "close"
        own_service.process.kill()
        own_service.process.wait()
        own_service.process = None

    def test_a_lost_result_is_a_failure_and_no_crash(self, own_service):
        result = own_service.shell("writ clients add lost --scope a > /dev/full")
        assert result.returncode == 1
        assert "rotate-secret" in result.stderr
        assert "Fatal error" not in result.stderr
