"""A few requests a second, on time, whatever the service does: a process of its own beside the load generator.

Standard input is one JSON object: `delay` and `seconds` of the schedule, and `streams`. Prints "ready" when its connections
are open, and in the end one JSON object with a result for each stream.

Times count from the moment that a request was due. So waiting for a connection that is still busy with the one before is
in them, and so is what this process itself is late (`lateness`), as it is when it waits for a core.
"""

import json
import re
import selectors
import socket
import sys
import time
from collections import deque

from latencies import summary

# How long after the last request answers are waited for, in seconds.
PATIENCE = 5


class Connection:
    """Sends one request at a time."""

    def __init__(self, stream, is_waiting=False):
        self.stream = stream
        self.socket = socket.socket()
        # Who asks 50 times a second has no use for Nagle's algorithm.
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if is_waiting:
            self.socket.connect(stream.address)
        self.socket.setblocking(False)
        if not is_waiting:
            self.socket.connect_ex(stream.address)
        self.is_connected = is_waiting
        self.received = b""
        # When the request that is under way was due; None without one.
        self.due = None
        self.stream.selector.register(self.socket, selectors.EVENT_READ, self)

    def ask(self, due):
        self.due = due
        if self.is_connected:
            self.socket.send(self.stream.request)
        else:
            # Writable means connected.
            self.stream.selector.modify(self.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, self)

    def handle(self, events):
        try:
            if events & selectors.EVENT_WRITE and not self.is_connected:
                if error := self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                    raise OSError(error, "connect")
                self.is_connected = True
                self.stream.selector.modify(self.socket, selectors.EVENT_READ, self)
                if self.due is not None:
                    self.socket.send(self.stream.request)
            if events & selectors.EVENT_READ:
                octets = self.socket.recv(65536)
                if not octets:
                    raise ConnectionResetError
                self.received += octets
                self.finish_if_whole()
        except BlockingIOError:
            pass
        except OSError:
            self.stream.lost(self)

    def finish_if_whole(self):
        head, blank, body = self.received.partition(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
        if blank and length and len(body) >= int(length[1]):
            due, self.due, self.received = self.due, None, b""
            self.stream.answered(self, due, head)

    def close(self):
        self.stream.selector.unregister(self.socket)
        self.socket.close()


class Stream:
    """Requests of one kind, at even intervals.

    Of its description: `name`, `port`, `request` (the text of it), `rate` per second, `connections`; none of them means that
    each request has one of its own.
    """

    def __init__(self, description, selector):
        self.name = description["name"]
        self.address = ("127.0.0.1", description["port"])
        self.request = description["request"].encode()
        self.interval = 1 / description["rate"]
        self.selector = selector
        self.has_connections_once = not description["connections"]
        self.idle = deque(Connection(self, is_waiting=True) for _ in range(description["connections"]))
        # Requests that are due and have no connection yet.
        self.waiting = deque()
        self.next_due = None
        # Milliseconds, by status; "lost" for those whose connection was closed.
        self.times = {}
        # Connections with a request under way.
        self.busy = set()
        self.lateness = []
        self.retry_after_count = 0

    def tick(self, now):
        """Sends what is due."""
        while self.next_due <= now:
            self.lateness.append((now - self.next_due) * 1000)
            self.waiting.append(self.next_due)
            self.next_due += self.interval
        self.send()

    def send(self):
        """What waits, as far as there are connections for it."""
        while self.waiting:
            if self.has_connections_once:
                connection = Connection(self)
            elif self.idle:
                connection = self.idle.popleft()
            else:
                return
            self.busy.add(connection)
            try:
                connection.ask(self.waiting.popleft())
            except OSError:
                self.lost(connection)

    def answered(self, connection, due, head):
        self.busy.discard(connection)
        code = head[9:12].decode()
        self.note(code, due)
        if code == "503" and b"\r\nretry-after:" in head.lower():
            self.retry_after_count += 1
        if self.has_connections_once:
            connection.close()
        else:
            self.idle.append(connection)
            self.send()

    def lost(self, connection):
        """The other side has closed it, perhaps with a request under way, which then has no answer."""
        connection.close()
        if connection in self.busy:
            self.busy.discard(connection)
            self.note("lost", connection.due)
        elif connection in self.idle:
            self.idle.remove(connection)
        if not self.has_connections_once:
            self.idle.append(Connection(self))

    def note(self, outcome, due):
        self.times.setdefault(outcome, []).append((time.monotonic() - due) * 1000)

    @property
    def is_done(self):
        return not self.busy and not self.waiting

    def result(self):
        """What nobody has answered took as long as it was waited for."""
        for due in [*self.waiting, *(connection.due for connection in self.busy)]:
            self.note("unanswered", due)
        return {
            "times": summary(sum(self.times.values(), [])),
            "outcomes": {outcome: len(times) for outcome, times in self.times.items()},
            "with_retry_after": self.retry_after_count,
            "lateness": summary(self.lateness),
        }


def main():
    task = json.load(sys.stdin)
    selector = selectors.DefaultSelector()
    streams = [Stream(description, selector) for description in task["streams"]]
    print("ready", flush=True)
    start = time.monotonic() + task["delay"]
    for number, stream in enumerate(streams):
        # Not all at the same moment.
        stream.next_due = start + stream.interval * number / len(streams)
    end = start + task["seconds"]
    while (now := time.monotonic()) < end + PATIENCE:
        if now < end:
            for stream in streams:
                stream.tick(now)
            wait = min(stream.next_due for stream in streams) - time.monotonic()
        else:
            for stream in streams:
                stream.send()
            if all(stream.is_done for stream in streams):
                break
            wait = 0.1
        for key, events in selector.select(max(wait, 0)):
            # An earlier event of the same batch may have closed it.
            if key.data.socket.fileno() >= 0:
                key.data.handle(events)
    print(json.dumps({stream.name: stream.result() for stream in streams}))


if __name__ == "__main__":
    main()
