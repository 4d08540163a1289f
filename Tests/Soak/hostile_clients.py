"""Clients that do something wrong, from another address than good ones: the throttle counts failures by address."""

import socket
import struct
import time
from contextlib import suppress
from urllib.parse import urlencode

# Another address of the loopback interface.
ADDRESS = "127.0.0.2"
PATIENCE = 20
FORM_HEAD = b"POST /oauth2/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
GET = b"GET /.well-known/jwks.json HTTP/1.1\r\nHost: localhost\r\n"
# Each with the statuses that may come; None for an end without an answer.
GARBAGE = {
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100): {400, None},
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n": {400, 404, 405, 505, None},
    b"GET /\r\n\r\n": {400, 505, None},
    b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n": {400, 505, None},
    b"\r\n" * 50 + b"\x00\x01\x02\xff\r\n\r\n": {400, None},
    GET + b"X: a\x00b\r\n\r\n": {400, None},
    GET + b"X-Long: " + b"a" * 100_000 + b"\r\n\r\n": {400, 431, None},
    FORM_HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n": {400, None},
    FORM_HEAD + b"Content-Length: -1\r\n\r\n": {400, None},
    FORM_HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n": {400, None},
    FORM_HEAD + b"Content-Length: 8\r\n\r\n%%%=\xff\xfe=&": {400, 401},
    b"POST /oauth2/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/json\r\nContent-Length: 2\r\n\r\n{}": {415},
}
MANY = 60
SLOW = 200
BURST = 1000


class HostileClients:
    def __init__(self, service, chance, counts):
        self.service, self.chance, self.counts = service, chance, counts
        self.port = int(service.issuer.rpartition(":")[2])
        # Connections that nobody uses any more.
        self.left = []

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE, source_address=(ADDRESS, 0))

    def status(self, octets) -> int | None:
        """Of the first answer; nothing where the connection ends without one."""
        received = b""
        with self.connect() as connection, suppress(ConnectionError):
            connection.sendall(octets)
            while len(received) < 12 and (part := connection.recv(65536)):
                received += part
        return int(received[9:12]) if received else None

    def expect(self, octets, statuses):
        status = self.status(octets)
        assert status in statuses, f"{status}, not one of {statuses}, for {octets[:80]}"
        self.counts["requests that are wrong"] += 1

    def form(self, **form):
        body = urlencode(form).encode()
        return FORM_HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body

    # Faults

    def garbage(self):
        for octets, statuses in self.chance.sample(list(GARBAGE.items()), len(GARBAGE)):
            self.expect(octets, statuses)

    def wrong_secrets(self):
        for number in range(MANY):
            client = f"mistaken-{self.chance.randrange(20)}"
            octets = self.form(grant_type="client_credentials", client_id=client, client_secret=f"wrong-{number}")
            self.expect(octets, {401, 429})

    def wrong_refresh_tokens(self):
        """And access tokens, of nobody."""
        for number in range(MANY):
            octets = self.form(grant_type="refresh_token", refresh_token=f"writ_rt_{number}", client_id="mistaken")
            self.expect(octets, {400, 401, 429})

    def oversized_bodies(self):
        for size in (16_385, 100_000, 10_000_000):
            octets = FORM_HEAD + b"Content-Length: %d\r\n\r\n" % size + b"a" * min(size, 200_000)
            # Who goes on sending may hear of a reset before the answer.
            self.expect(octets, {413, None})

    def resets(self):
        """At any moment of a request, and of its answer."""
        whole = GET + b"\r\n"
        for _ in range(MANY):
            connection = self.connect()
            connection.sendall(whole[: self.chance.randrange(len(whole) + 1)])
            time.sleep(self.chance.choice([0, 0.001, 0.01]))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        self.counts["connections reset"] += MANY

    def half_closes(self):
        """Who says that nothing more will come has an answer to what came."""
        for is_whole in (True, False) * (MANY // 4):
            with self.connect() as connection, suppress(ConnectionError):
                connection.sendall(GET + (b"\r\n" if is_whole else b""))
                connection.shutdown(socket.SHUT_WR)
                received = b""
                while part := connection.recv(65536):
                    received += part
                if is_whole:
                    assert received[9:12] == b"200", f"{received[:100]} after a half-close"
        self.counts["connections half closed"] += MANY // 4 * 2

    def slow_connections(self):
        """Opened and left: silent, within a head, within a body, and with answers unread."""
        self.let_go()
        beginnings = [b"", GET + b"X: ", FORM_HEAD + b"Content-Length: 100\r\n\r\na", (GET + b"\r\n") * 20]
        for number in range(SLOW):
            connection = self.connect()
            connection.sendall(beginnings[number % len(beginnings)])
            self.left.append(connection)
        self.counts["slow connections"] += SLOW

    def burst(self):
        """Opened all at once, used once, and closed."""
        connections = []
        try:
            for _ in range(BURST):
                connection = socket.socket()
                connection.setblocking(False)
                connection.bind((ADDRESS, 0))
                connection.connect_ex(("127.0.0.1", self.port))
                connections.append(connection)
            for connection in connections:
                connection.settimeout(PATIENCE)
                # Blocking from here on, and connected as soon as there is room.
                connection.sendall(GET + b"Connection: close\r\n\r\n")
            for connection in connections:
                assert connection.recv(12)[9:12] == b"200"
        finally:
            for connection in connections:
                connection.close()
        self.counts["connections of bursts"] += BURST

    def let_go(self):
        for connection in self.left:
            connection.close()
        self.left.clear()
