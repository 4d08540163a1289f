"""HAProxy in front of replicas, as it stands before Writ in the field, and a load that goes through it."""

import csv
import io
import itertools
import shutil
import signal
import socket
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path

import requests

from service import BINARY, DEADLINE, Service, clean_environment, free_addresses, wait_until

HAPROXY = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")


def reserve_port() -> socket.socket:
    """A free port of the loopback address, which stays free for those who listen there until the socket is closed.

    Linux lets another socket with SO_REUSEADDR listen on a port on which this one does not, and gives it to no
    connection as its own end: between the end and the start of a service under load, that would happen some day.
    """
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind(("127.0.0.1", 0))
    return reserved


class Replica:
    """One process on a service's folder, at addresses that it keeps over restarts."""

    def __init__(self, name: str, service: Service, **environment):
        self.name = name
        self.service = service
        self.ports = [reserve_port() for _ in range(2)]
        self.listen, self.management = ("{}:{}".format(*port.getsockname()) for port in self.ports)
        self.environment = {**environment, "WRIT_LISTEN": self.listen, "WRIT_MANAGEMENT": self.management}
        self.log_file = service.folder / f"{name}.log"
        self.process = None

    def start(self):
        assert self.process is None
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [BINARY, "serve"],
                cwd=self.service.folder,
                env=clean_environment(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        return self

    def send(self, number: signal.Signals):
        self.process.send_signal(number)

    def wait_for_end(self) -> int:
        """The exit status."""
        process, self.process = self.process, None
        try:
            return process.wait(timeout=DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    def close(self):
        """Ends it, whatever it does."""
        if self.process is not None:
            self.send(signal.SIGKILL)
            self.wait_for_end()
        for port in self.ports:
            port.close()

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")


class Balancer:
    """HAProxy, which asks each replica for its readiness and retries nothing but connections that were refused."""

    def __init__(self, folder: Path, replicas: list[Replica]):
        self.folder = folder
        listen, self.statistics = free_addresses(2)
        self.token_endpoint = f"http://{listen}/oauth2/token"
        self.replicas = replicas
        self.process = None
        servers = "\n".join(
            f"    server {each.name} {each.listen} check port {each.management.rpartition(':')[2]}" for each in replicas
        )
        (folder / "haproxy.cfg").write_text(f"""
global
    stats socket ipv4@{self.statistics} level user
    maxconn 500

defaults
    mode http
    timeout connect 5s
    timeout client 20s
    timeout server 20s
    # What a busy machine may take over an answer to a health check.
    timeout check 10s

frontend tokens
    bind {listen}
    default_backend writ

backend writ
    balance roundrobin
    option httpchk GET /readyz
    http-check expect status 200
    default-server inter 200ms fall 1 rise 1
    # A request for a token is a POST: once a byte of it may have been read, it is not for a balancer to repeat. A
    # connection that was refused has carried nothing, and goes to the other replica.
    retry-on conn-failure
    retries 2
    option redispatch 1
{servers}
""")

    def __enter__(self):
        with (self.folder / "haproxy.log").open("wb") as log:
            self.process = subprocess.Popen(
                [HAPROXY, "-db", "-f", "haproxy.cfg"], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            for each in self.replicas:
                self.wait_for(each, "UP")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=DEADLINE)

    def figures(self, name) -> dict[str, str]:
        """What HAProxy counts for one replica, or with BACKEND for all of them; empty while it does not answer."""
        host, port = self.statistics.split(":")
        try:
            with socket.create_connection((host, int(port)), timeout=DEADLINE) as connection:
                connection.sendall(b"show stat\n")
                text = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
        except ConnectionError:
            return {}
        rows = csv.DictReader(io.StringIO(text.removeprefix("# ")))
        return next((row for row in rows if (row["pxname"], row["svname"]) == ("writ", name)), {})

    def wait_for(self, replica: Replica, status: str):
        """Until HAProxy's checks have found the replica UP or DOWN."""

        def is_so():
            assert self.process.poll() is None, (self.folder / "haproxy.log").read_text()
            assert status != "UP" or replica.process.poll() is None, replica.log
            figures = self.figures(replica.name)
            # Before its first check a server is taken to be up; only an answer says so.
            return figures.get("status") == status and (status != "UP" or figures["check_status"] == "L7OK")

        wait_until(f"{replica.name} is {status} for HAProxy", is_so)

    def served(self, replica: Replica) -> int:
        """Requests that the replica has answered well."""
        return int(self.figures(replica.name)["hrsp_2xx"])

    def wait_for_traffic(self, replica: Replica, count=50):
        """Until the replica has answered so many more requests."""
        before = self.served(replica)
        wait_until(f"{replica.name} serves", lambda: self.served(replica) >= before + count)


class Load:
    """Threads that ask for one token after another: half of them over connections that they keep, half over new ones."""

    def __init__(self, endpoint: str, client_id: str, client_secret: str, thread_count=6):
        self.endpoint = endpoint
        self.form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
        self.successes = [0] * thread_count
        # What came instead of a token, for each thread.
        self.failures = [[] for _ in range(thread_count)]
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(number,)) for number in range(thread_count)]

    @property
    def all_failures(self) -> list:
        return list(itertools.chain(*self.failures))

    def run(self, number):
        with requests.Session() as session:
            post = session.post if number % 2 else requests.post
            while not self.ended.is_set():
                try:
                    answer = post(self.endpoint, data=self.form, timeout=DEADLINE)
                    if answer.status_code == 200 and answer.json()["access_token"].count(".") == 2:
                        self.successes[number] += 1
                    else:
                        self.failures[number].append(f"{answer.status_code} {answer.text[:200]}")
                except Exception as error:  # noqa: BLE001: whatever it is, it is no token
                    self.failures[number].append(repr(error))

    def wait_for_all(self, count=10):
        """Until each thread has got so many more tokens."""
        before = list(self.successes)
        wait_until(
            "each thread gets tokens",
            lambda: all(now >= then + count for now, then in zip(self.successes, before, strict=True)),
        )

    @contextmanager
    def running(self):
        try:
            for thread in self.threads:
                thread.start()
            self.wait_for_all()
            yield self
        finally:
            self.ended.set()
            for thread in self.threads:
                thread.join()
