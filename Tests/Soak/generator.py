"""Load by clients that do everything right: a process of its own, which costs little beside the service.

Standard input is one JSON object:

- `issuer`, `management`: ports; `clients`, `lifetime`, `seed`: see GoodRequests;
- `seconds`: how long to begin requests; what is under way then is waited for;
- `rate`: requests a second, in an open loop; null for tokens alone, as many as 64 connections get;
- `most`: a second, while what is late is made up for.

Standard output has a JSON object each second with what happened in it, and at the end one with `times`.
"""

import heapq
import json
import math
import select
import sys
import time
from collections import Counter, deque

from connection import Connection
from good_requests import GoodRequests

CONNECTIONS, MOST_CONNECTIONS = 64, 256
# How long an answer may take, in seconds.
PATIENCE = 20
# So often somebody comes again, at most.
MOST_AGAIN = 10
# Requests that were due so long ago and could not be sent are left out, in seconds.
MOST_LATE = 10
# The time within which as many may be sent at once as in all of it, in seconds.
BURST = 0.02


class Generator:
    def __init__(self, task):
        self.ports = {"issuer": task["issuer"], "management": task["management"]}
        self.requests = GoodRequests(task["clients"], task["lifetime"], task["seed"])
        self.is_measuring = task["rate"] is None
        self.interval = None if self.is_measuring else 1 / task["rate"]
        self.most = task.get("most")
        self.poll = select.epoll()
        self.by_descriptor = {}
        self.idle = {name: deque() for name in self.ports}
        # Connections whose request was refused for now, by the time to come again.
        self.resting = []
        self.counts = Counter()
        # Of five percent each, by the logarithm of milliseconds since they were due.
        self.times = Counter()
        self.slowest = 0
        self.next_question = None
        self.allowance = 0
        self.allowed_at = self.next_due = time.monotonic()
        self.end = self.next_due + task["seconds"]

    def run(self):
        now = time.monotonic()
        next_report = now + 1
        while now < self.end or self.is_busy():
            while self.resting and self.resting[0][0] <= now:
                connection = heapq.heappop(self.resting)[2]
                connection.rests = False
                connection.ask(now)
            if now < self.end:
                self.send_due(now)
            for descriptor, events in self.poll.poll(self.pause(now)):
                if connection := self.by_descriptor.get(descriptor):
                    connection.handle(events)
            now = time.monotonic()
            if now >= next_report:
                next_report += 1
                self.expire(now)
                self.report()
        self.report(times={str(key): count for key, count in self.times.items()}, slowest=self.slowest)

    def pause(self, now):
        if self.is_measuring or now >= self.end:
            return 0.01
        return min(max(self.next_due - now, 0.001), 0.05)

    def is_busy(self):
        return any(connection.question for connection in self.by_descriptor.values())

    def send_due(self, now):
        if self.is_measuring:
            while (connection := self.free("issuer")) is not None:
                connection.begin(self.requests.next_token(), now, now)
            return
        if now - self.next_due > MOST_LATE:
            left_out = int((now - self.next_due - MOST_LATE) / self.interval) + 1
            self.counts["left out"] += left_out
            self.next_due += left_out * self.interval
        self.allowance = min(self.allowance + (now - self.allowed_at) * self.most, self.most * BURST)
        self.allowed_at = now
        while self.next_due <= now and self.allowance >= 1:
            # Where no connection is free, those behind it wait too: requests go out in their order.
            self.next_question = self.next_question or self.requests.next()
            if (connection := self.free(self.next_question.listener)) is None:
                return
            self.allowance -= 1
            connection.begin(self.next_question, self.next_due, now)
            self.next_question = None
            self.next_due += self.interval

    def free(self, listener):
        """A connection that waits, or a new one; none where there are too many."""
        if self.idle[listener]:
            return self.idle[listener].popleft()
        most = CONNECTIONS if self.is_measuring else MOST_CONNECTIONS
        if len(self.by_descriptor) >= most:
            return None
        return Connection(self, listener)

    # What connections tell

    def answered(self, connection, status, head, body):
        question = connection.question
        if status == 503 and (delay := field(head, b"retry-after")):
            self.counts["asked to come again"] += 1
            connection.refusals += 1
            if connection.refusals <= MOST_AGAIN:
                connection.rests = True
                heapq.heappush(self.resting, (time.monotonic() + int(delay), id(connection), connection))
                return
            self.fail(question, f"asked to come again {connection.refusals} times")
        elif status != 200:
            self.fail(question, f"answered {status}: {body[:100].decode('utf-8', 'replace')}")
        elif wrong := question.check(body):
            self.fail(question, wrong)
        else:
            milliseconds = (time.monotonic() - connection.due) * 1000
            self.times[int(math.log(max(milliseconds, 0.01)) * 20)] += 1
            self.slowest = max(self.slowest, milliseconds)
            self.counts["good " + question.kind] += 1
        connection.question = None
        # What a time of need has left is not kept.
        if b"\r\nconnection: close" in head or len(self.idle["issuer"]) > CONNECTIONS:
            connection.close()
        else:
            self.idle[connection.listener].append(connection)

    def lost(self, connection, reason):
        """Where nothing was asked, nothing is lost."""
        if connection.question and not connection.rests:
            self.fail(connection.question, f"connection lost: {reason}")
        elif connection.question:
            # It comes again on another one.
            connection.reopen()
            return
        else:
            self.idle[connection.listener].remove(connection)
            self.counts["closed while idle"] += 1
        connection.close()

    def fail(self, question, reason):
        self.counts[f"failed {question.kind}: {reason}"] += 1

    def expire(self, now):
        for connection in list(self.by_descriptor.values()):
            if connection.question and not connection.rests and now - connection.asked > PATIENCE:
                self.fail(connection.question, f"no answer in {PATIENCE} s")
                connection.close()

    def report(self, **more):
        samples, self.requests.samples = self.requests.samples, []
        counts, self.counts = self.counts, Counter()
        record = {"counts": counts, "samples": samples, "connections": len(self.by_descriptor), **more}
        print(json.dumps(record), flush=True)


def field(head, name):
    """The value of a header field."""
    _, found, rest = head.partition(b"\r\n" + name + b":")
    return rest.partition(b"\r\n")[0].strip() if found else None


if __name__ == "__main__":
    Generator(json.load(sys.stdin)).run()
