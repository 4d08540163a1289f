"""A keep-alive connection of HTTP/1.1 that sends one request at a time, without waiting for anything."""

import os
import select
import socket
import time

LENGTH = b"\r\ncontent-length:"


class Connection:
    """Tells its generator: `answered`, with status, head (in lower case) and body, or `lost`."""

    __slots__ = (
        *("generator", "listener", "socket", "descriptor", "is_open", "received"),
        *("question", "due", "asked", "refusals", "rests"),
    )

    def __init__(self, generator, listener):
        self.generator, self.listener = generator, listener
        # What was asked and is not answered; when it was due, and when it was sent last.
        self.question = self.due = self.asked = None
        # How often it was refused for now, and whether it waits to come again.
        self.refusals, self.rests = 0, False
        self.open()

    def open(self):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.descriptor = self.socket.fileno()
        self.is_open, self.received = False, b""
        self.socket.connect_ex(("127.0.0.1", self.generator.ports[self.listener]))
        self.generator.by_descriptor[self.descriptor] = self
        self.generator.poll.register(self.descriptor, select.EPOLLOUT)

    def close(self):
        self.generator.poll.unregister(self.descriptor)
        del self.generator.by_descriptor[self.descriptor]
        self.socket.close()
        self.question = None

    def reopen(self):
        question = self.question
        self.close()
        self.question = question
        self.open()

    def begin(self, question, due, now):
        self.question, self.due, self.refusals = question, due, 0
        self.ask(now)

    def ask(self, now):
        self.asked = now
        if self.is_open:
            try:
                self.socket.send(self.question.octets)
            except OSError as error:
                self.generator.lost(self, os.strerror(error.errno))

    def handle(self, events):
        try:
            if not self.is_open:
                if error := self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                    raise OSError(error, os.strerror(error))
                self.is_open = True
                self.generator.poll.modify(self.descriptor, select.EPOLLIN)
                if self.question and not self.rests:
                    self.ask(time.monotonic())
                return
            octets = self.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError as error:
            self.generator.lost(self, os.strerror(error.errno))
            return
        if not octets:
            self.generator.lost(self, "closed by the service")
            return
        self.received += octets
        self.finish_if_whole()

    def finish_if_whole(self):
        end = self.received.find(b"\r\n\r\n")
        if end < 0:
            return
        head, body = self.received[: end + 2].lower(), self.received[end + 4 :]
        begin = head.find(LENGTH)
        length = int(head[begin + len(LENGTH) : head.find(b"\r\n", begin + 2)]) if begin >= 0 else 0
        if len(body) < length:
            return
        self.received = b""
        if self.question is None or self.rests or len(body) > length:
            self.generator.lost(self, "an answer that nobody asked for")
        else:
            self.generator.answered(self, int(head[9:12]), head, body)
