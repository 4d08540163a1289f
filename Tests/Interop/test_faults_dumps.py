"""What is in memory when somebody takes a dump of it: root, whom nothing keeps from it."""

import shutil
import socket
import subprocess
from contextlib import ExitStack
from urllib.parse import urlencode, urlsplit

import pytest

from faults import metric, needs_root
from service import DEADLINE, wait_until

pytestmark = [
    needs_root,
    pytest.mark.skipif(not shutil.which("gcore"), reason="there is no gcore, which takes dumps"),
]
CONNECTIONS = 64


def dump(service, folder):
    subprocess.run(
        ["gcore", "-o", folder / "core", str(service.process.pid)], check=True, capture_output=True, timeout=3 * DEADLINE
    )
    (path,) = folder.glob("core.*")
    octets = path.read_bytes()
    path.unlink()
    return octets


def test_secrets_go_with_their_connections(own_service, tmp_path):
    """Strings and buffers of libraries hold them, which nobody clears; they are overwritten when they are freed."""
    service = own_service.start()
    key = (service.folder / "keys/rs256.pem").read_bytes()
    key_line = key.splitlines()[5]
    assert len(key_line) == 64
    secret = service.client_secret.encode()

    body = urlencode(
        {"grant_type": "client_credentials", "client_id": service.client_id, "client_secret": service.client_secret}
    )
    request = (
        "POST /oauth2/token HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()
    address = urlsplit(service.issuer)
    with ExitStack() as stack:
        connections = [
            stack.enter_context(socket.create_connection((address.hostname, address.port), timeout=DEADLINE))
            for _ in range(CONNECTIONS)
        ]
        for _ in range(5):
            for connection in connections:
                connection.sendall(request)
            for connection in connections:
                assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")
    wait_until("they have gone", lambda: metric(service, "writ_open_connections", listener="tokens") == 0)
    octets = dump(service, tmp_path)
    assert octets.count(secret) < CONNECTIONS / 4
    assert octets.count(key_line) == 0
    assert octets.count(b"BEGIN PRIVATE KEY") == 0
