"""Servers of key sets, and a proxy in front of them, as other people run them."""

import json
import socket
import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from service import DEADLINE

KEY_SET = {"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}


@contextmanager
def serving(key_set=KEY_SET, pair=None, folder=None):
    """A server on the loopback address, with TLS if it has a certificate; gives the server, which lists its requests."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.seen.append(dict(self.headers))
            body = json.dumps(key_set).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/jwk-set+json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.seen = []
    # A client that rejects the certificate ends the handshake: no news for the output of the tests.
    server.handle_error = lambda *_: None
    if pair is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        (folder / "server.crt").write_bytes(pair.certificate_pem)
        (folder / "server.key").write_bytes(pair.key_pem())
        context.load_cert_chain(folder / "server.crt", folder / "server.key")
        # The handshake is made by the thread of the connection.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def tunnelling(port, status=b"200 OK"):
    """A proxy that leads each tunnel to a port of this machine; gives the proxy, which lists the heads that it read."""
    listener = socket.create_server(("127.0.0.1", 0))
    heads = []

    def copy(source, target):
        try:
            while octets := source.recv(65536):
                target.sendall(octets)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def serve(connection):
        with connection:
            connection.settimeout(DEADLINE)
            head = b""
            while b"\r\n\r\n" not in head:
                if not (octets := connection.recv(4096)):
                    return
                head += octets
            heads.append(head.decode())
            connection.sendall(b"HTTP/1.1 " + status + b"\r\n\r\n")
            if not status.startswith(b"200"):
                return
            with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as server:
                back = threading.Thread(target=copy, args=(server, connection))
                back.start()
                copy(connection, server)
                back.join()

    def accept():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], heads
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=DEADLINE)
