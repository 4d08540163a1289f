"""Proxies that end TLS in front of Writ, with the configurations of Documentation/Deploying.md."""

import json
import re
import socket
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from authority import Authority
from peers import NGINX_FOLDERS, find, program
from service import DEADLINE, free_addresses, wait_until

PAGE = Path(__file__).parents[2] / "Documentation/Deploying.md"
HOST = "tokens.example.com"
# The proxy comes to Writ from 127.0.0.1; the client that a test is comes to the proxy from here.
CLIENT = "127.0.0.2"
PROXIES = ["nginx", "haproxy", "caddy", "envoy"]
# The others speak HTTP/2 with clients that ask for it.
WITHOUT_HTTP_2 = ["haproxy"]


def block(name, **replacements):
    """A block of the page. Each replacement must have a place."""
    found = re.search(rf"^```{re.escape(name)}\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert found, name
    text = found.group(1)
    for old, new in replacements.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


class Proxy:
    """A proxy with the page's configuration, in front of these addresses, and a client of it."""

    def __init__(self, name, folder: Path, listen, management):
        self.name, self.folder = name, folder
        self.address = free_addresses(1)[0]
        self.port = self.address.rpartition(":")[2]
        self.listen, self.management_port = listen, management.rpartition(":")[2]
        self.authority = Authority()
        pair = self.authority.issue(host=HOST)
        (folder / "ca.pem").write_bytes(self.authority.root_pem)
        pair.install(folder)
        (folder / "tls.pem").write_bytes(pair.certificate_pem + pair.key_pem())
        (folder / "tls.pem").chmod(0o600)

    @contextmanager
    def running(self):
        command = getattr(self, self.name)()
        with program(self.folder, command, lambda: self.curl().startswith("HTTP"), XDG_DATA_HOME=str(self.folder)):
            yield self

    def nginx(self):
        text = block(
            "nginx",
            **{
                "127.0.0.1:8080": self.listen,
                "listen 443": f"listen {self.address}",
                "/etc/ssl/tokens": f"{self.folder}/tls",
            },
        )
        user = "user root;" if find("nginx") and Path("/root").stat().st_uid == 0 else ""
        (self.folder / "nginx.conf").write_text(
            f"{user} daemon off; pid {self.folder}/pid; worker_processes 1; error_log {self.folder}/error.log;\n"
            f"events {{}}\nhttp {{ access_log off; {NGINX_FOLDERS}\n{text} }}\n"
        )
        return ["nginx", "-e", "error.log", "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")]

    def haproxy(self):
        text = block(
            "haproxy",
            **{
                "127.0.0.1:8080": self.listen,
                "port 8081": f"port {self.management_port}",
                "bind :443": f"bind {self.address}",
                "/etc/ssl/tokens": f"{self.folder}/tls",
            },
        )
        (self.folder / "haproxy.cfg").write_text(text)
        return ["haproxy", "-db", "-f", "haproxy.cfg"]

    def caddy(self):
        text = block(
            "caddy",
            **{
                "127.0.0.1:8080": self.listen,
                "health_port 8081": f"health_port {self.management_port}",
                f"{HOST} {{": f"{HOST}:{self.port} {{\n\tbind 127.0.0.1",
                "/etc/ssl/tokens": f"{self.folder}/tls",
            },
        )
        (self.folder / "Caddyfile").write_text("{\n\tadmin off\n\tauto_https disable_redirects\n}\n" + text)
        return ["caddy", "run", "--config", "Caddyfile", "--adapter", "caddyfile"]

    def envoy(self):
        text = block(
            "yaml envoy",
            **{
                "port_value: 8080": f"port_value: {self.listen.rpartition(':')[2]}",
                "port_value: 8081": f"port_value: {self.management_port}",
                "address: 0.0.0.0, port_value: 443": f"address: 127.0.0.1, port_value: {self.port}",
                "/etc/ssl/tokens": f"{self.folder}/tls",
            },
        )
        (self.folder / "envoy.yaml").write_text(text)
        return ["envoy", "--config-path", "envoy.yaml", "--use-dynamic-base-id", "--concurrency", "1"]

    def curl(self, path="/.well-known/jwks.json", *arguments):
        """Head and body of the answer; nothing if there is none."""
        result = subprocess.run(
            [
                *("curl", "--silent", "--include", "--noproxy", "*", "--interface", CLIENT, "--cacert", "ca.pem"),
                *("--resolve", f"{HOST}:{self.port}:127.0.0.1", *arguments, f"https://{HOST}:{self.port}{path}"),
            ],
            cwd=self.folder,
            capture_output=True,
            encoding="utf-8",
            timeout=DEADLINE,
        )
        return result.stdout

    def token(self, user, *arguments):
        form = ("--data", "grant_type=client_credentials")
        return self.curl("/oauth2/token", "--user", user, *form, *arguments)


@pytest.fixture(params=PROXIES)
def name(request):
    if find(request.param) is None:
        pytest.skip(f"there is no {request.param}: `script/setup test` or `script/setup peers` installs it if there is a package")
    return request.param


@pytest.fixture
def behind(own_service):
    """A service with the configuration that the page gives one behind a proxy, at addresses of its own."""
    listen, management = own_service.issuer.removeprefix("http://"), own_service.management.removeprefix("http://")
    text = block("yaml behind", **{"127.0.0.1:8080": listen, "127.0.0.1:8081": management})
    (own_service.folder / "writ.yaml").write_text(text)
    assert "warning" not in own_service.writ("config", "check").stderr
    return own_service.start()


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_the_address_of_the_client_is_what_the_proxy_says_and_not_what_the_client_says(name, behind, tmp_path, version):
    proxy = Proxy(name, tmp_path, behind.issuer.removeprefix("http://"), behind.management)
    with proxy.running():
        forged = ("--header", "X-Forwarded-For: 203.0.113.5", "--header", "Forwarded: for=203.0.113.6")
        user = f"{behind.client_id}:{behind.client_secret}"

        def issued():
            # Until the proxy's first check of the service has been answered.
            answer = proxy.token(user, version, *forged)
            return answer if '"access_token"' in answer else None

        answer = wait_until("there is a token", issued)
        assert answer.startswith("HTTP/2 200" if version == "--http2" and name not in WITHOUT_HTTP_2 else "HTTP/1.1 200")
        request_id = re.search(r"(?im)^x-request-id: (\S+)", answer)[1]
        assert json.loads(behind.wait_for_log(request_id)[0])["address"] == CLIENT
        metadata = proxy.curl("/.well-known/oauth-authorization-server", version)
        assert f'"issuer":"https://{HOST}"' in metadata
        # Nothing of the management listener is behind the proxy.
        assert " 404" in proxy.curl("/metrics", version).splitlines()[0]


class Ready(BaseHTTPRequestHandler):
    """What /readyz of the management listener answers."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@contextmanager
def closing_service():
    """Addresses of a service that reads each token request and closes the connection, and the requests that it has read."""
    requests = []

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(DEADLINE)
                text = b""
                while not text.endswith(b"\r\n\r\n" if not text.startswith(b"POST") else b"client_credentials"):
                    received = connection.recv(65536)
                    if not received:
                        break
                    text += received
                if text.startswith(b"POST"):
                    requests.append(text)
                else:
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadingHTTPServer(("127.0.0.1", 0), Ready) as management:
        threading.Thread(target=management.serve_forever, daemon=True).start()
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield ["{}:{}".format(*each) for each in (listener.getsockname(), management.server_address)], requests
        finally:
            management.shutdown()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_a_token_request_that_has_been_read_is_not_repeated(name, tmp_path):
    with closing_service() as (addresses, requests):
        with Proxy(name, tmp_path, *addresses).running() as proxy:
            wait_until("the service counts as ready", lambda: " 200" in proxy.curl().split("\n")[0])
            answer = proxy.token("demo:secret-of-nothing")
            assert re.search(r"^HTTP/\S+ 50[23]", answer), answer
    assert len(requests) == 1
