"""Holds connections open that never get anywhere, a quarter of each kind, until it is told to end.

Arguments are the port and how many. Prints "ready" when they are open, and on SIGTERM one JSON object: for each kind how
many the service has closed and after how many seconds, and how old the oldest is that it has not. What is closed is opened
again.
"""

import json
import select
import signal
import socket
import sys
import time
from collections import deque
from dataclasses import dataclass, field

from latencies import summary

# Between two looks at what is due, in seconds.
TICK = 0.1
# Between two octets of a connection that drips, in seconds.
DRIP_INTERVAL = 5
# How many are opened in a second: these are to be slow, and no flood at the listener's backlog.
OPENING_RATE = 1000
# How long the first opening of all may take, in seconds.
OPENING_TIME = 20
HEAD = b"POST /oauth2/token HTTP/1.1\r\nHost: localhost\r\n"
FORM_HEAD = HEAD + b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 10000\r\n\r\n"
GET = b"GET /.well-known/jwks.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
# So many that their answers fill the buffers of both sides, and that the service leaves some of them unread. When it closes
# a connection with something unread, a reset comes of it, which is how somebody who does not read hears of the close.
MANY_GETS = GET * 4000
# In octets. With the segments of the loopback interface, and its windows, megabytes of answers would go out unread.
SMALL_SEGMENT, SMALL_WINDOW = 536, 4096


@dataclass
class Kind:
    name: str
    # What is sent at first, and at each interval then.
    greeting: bytes
    drip: bytes
    reads: bool = True
    # Seconds after which the service has closed each.
    closed_after: list[float] = field(default_factory=list)
    # How often no connection came about.
    refused: int = 0


KINDS = [
    Kind("silent", b"", b""),
    Kind("header drip", HEAD + b"X-Slow: ", b"x"),
    Kind("body drip", FORM_HEAD, b"x"),
    Kind("answers unread", MANY_GETS, b"", reads=False),
]


class SlowConnection:
    def __init__(self, kind, address):
        self.kind = kind
        self.socket = socket.socket()
        if not kind.reads:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SMALL_SEGMENT)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_WINDOW)
        self.socket.setblocking(False)
        self.socket.connect_ex(address)
        self.is_open = False
        self.opened = time.monotonic()
        self.unsent = kind.greeting
        self.next_drip = None

    def send(self):
        """As much as there is room for."""
        try:
            while self.unsent:
                self.unsent = self.unsent[self.socket.send(self.unsent) :]
        except BlockingIOError:
            pass

    def tick(self, now):
        if self.is_open and now >= self.next_drip:
            self.next_drip += DRIP_INTERVAL
            self.unsent += self.kind.drip
            self.send()


class SlowConnections:
    def __init__(self, port, count):
        self.address = ("127.0.0.1", port)
        self.poll = select.epoll()
        self.by_descriptor = {}
        self.is_ending = False
        # Kinds of those that are to be opened when their turn comes.
        self.unopened = deque(KINDS[number % len(KINDS)] for number in range(count))
        self.next_opening = time.monotonic()

    def open_some(self, now):
        self.next_opening = max(self.next_opening, now - TICK)
        while self.unopened and self.next_opening <= now:
            self.open(self.unopened.popleft())
            self.next_opening += 1 / OPENING_RATE

    def open(self, kind):
        connection = SlowConnection(kind, self.address)
        descriptor = connection.socket.fileno()
        self.by_descriptor[descriptor] = connection
        self.poll.register(descriptor, select.EPOLLOUT)

    def opened(self, connection):
        connection.is_open = True
        connection.opened = time.monotonic()
        connection.next_drip = connection.opened + DRIP_INTERVAL
        self.poll.modify(connection.socket.fileno(), select.EPOLLIN if connection.kind.reads else select.EPOLLRDHUP)
        connection.send()

    def closed(self, connection):
        kind = connection.kind
        if connection.is_open:
            kind.closed_after.append(time.monotonic() - connection.opened)
        else:
            kind.refused += 1
        self.poll.unregister(connection.socket.fileno())
        del self.by_descriptor[connection.socket.fileno()]
        connection.socket.close()
        self.unopened.append(kind)

    def handle(self, connection, events):
        try:
            if events & (select.EPOLLERR | select.EPOLLHUP | select.EPOLLRDHUP):
                self.closed(connection)
            elif events & select.EPOLLOUT and not connection.is_open:
                self.opened(connection)
            elif events & select.EPOLLIN and not connection.socket.recv(65536):
                self.closed(connection)
        except OSError:
            self.closed(connection)

    def run(self):
        deadline = time.monotonic() + OPENING_TIME
        is_ready = False
        while not self.is_ending:
            for descriptor, events in self.poll.poll(TICK):
                if connection := self.by_descriptor.get(descriptor):
                    self.handle(connection, events)
            now = time.monotonic()
            self.open_some(now)
            for connection in list(self.by_descriptor.values()):
                try:
                    connection.tick(now)
                except OSError:
                    self.closed(connection)
            are_open = not self.unopened and all(each.is_open for each in self.by_descriptor.values())
            if not is_ready and (are_open or now > deadline):
                is_ready = True
                print("ready", flush=True)

    def result(self):
        now = time.monotonic()
        result = {}
        for kind in KINDS:
            ages = [
                now - each.opened for each in self.by_descriptor.values() if each.kind is kind and each.is_open
            ]
            after = summary(kind.closed_after)
            result[kind.name] = {
                "closed": after["count"],
                "after_p50": after["p50"],
                "after_max": after["max"],
                "open": len(ages),
                "oldest": max(ages, default=None),
                "refused": kind.refused,
            }
        return result


def main():
    connections = SlowConnections(int(sys.argv[1]), int(sys.argv[2]))

    def end(*_):
        connections.is_ending = True

    signal.signal(signal.SIGTERM, end)
    connections.run()
    print(json.dumps(connections.result()))


if __name__ == "__main__":
    main()
