"""Requests one document without a pause, on a few connections, until SIGTERM: a process of its own.

Arguments: port, path and the number of connections. Prints "ready" when each connection has had an answer, and in the end
one JSON array for each connection: when its answers were whole, in seconds of the monotonic clock, which all processes
share. A request that has no answer in the end counts as answered then.
"""

import json
import os
import re
import selectors
import signal
import socket
import sys
import time

# Waiting for a processor would count as silence of the service.
PRIORITY = -10
# How long to wait for answers before looking whether this process is to end; in seconds.
TICK = 0.1


class Connection:
    """Sends a request as soon as the one before is answered."""

    def __init__(self, port, path):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        self.received = b""
        self.answers = []
        self.socket.sendall(self.request)

    def read(self):
        octets = self.socket.recv(65536)
        if not octets:
            sys.exit("silence.py: the service has closed a connection")
        self.received += octets
        head, blank, body = self.received.partition(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
        if blank and len(body) >= int(length[1]):
            self.answers.append(time.monotonic())
            self.received = b""
            self.socket.sendall(self.request)


def main():
    port, path, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    try:
        os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)
    except PermissionError:
        pass  # Only root may, and the figures are less good without it.
    is_ending = False

    def end(*_):
        nonlocal is_ending
        is_ending = True

    signal.signal(signal.SIGTERM, end)
    connections = [Connection(port, path) for _ in range(count)]
    selector = selectors.DefaultSelector()
    for connection in connections:
        selector.register(connection.socket, selectors.EVENT_READ, connection)
    is_ready = False
    while not is_ending:
        for key, _ in selector.select(TICK):
            key.data.read()
        if not is_ready and all(connection.answers for connection in connections):
            is_ready = True
            print("ready", flush=True)
    now = time.monotonic()
    print(json.dumps([[*connection.answers, now] for connection in connections]))


if __name__ == "__main__":
    main()
