"""The service as a process, with the settings that a measurement wants."""

import http.client
import json
import signal
import socket
import ssl
import subprocess
import time
from base64 import b64encode
from urllib.parse import urlencode

from failure import BenchError
from process_figures import process_times, status, thread_times
from working_folder import clean_environment

FORM = "application/x-www-form-urlencoded"
# In seconds, the longest that the service may take to start or to stop.
DEADLINE = 30
# Between two looks whether somebody listens yet; in seconds.
PAUSE = 0.001


class Server:
    """One process, from start to stop.

    - `settings`: those of writ.yaml by their full names, such as `access_token.algorithm`.
    - `environment`: what is to be set for the process besides.
    - `prefix`: a command that runs it, such as taskset.
    """

    def __init__(self, folder, settings=None, environment=None, prefix=()):
        port, management_port = free_ports(2)
        self.folder = folder
        self.port, self.management_port = port, management_port
        self.is_tls = "tls.certificate" in (settings or {})
        # The certificate is for both names; without TLS an issuer may be a loopback host.
        self.issuer = f"{'https' if self.is_tls else 'http'}://127.0.0.1:{port}"
        self.settings = {
            "issuer": self.issuer,
            "listen": f"127.0.0.1:{port}",
            "management": f"127.0.0.1:{management_port}",
            # For load balancers, of which there are none.
            "drain_delay": "0s",
            **(settings or {}),
        }
        self.environment = environment
        self.prefix = prefix
        self.log = folder.path / "server.log"
        self.process = None

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.process is None:
            return
        has_died = self.process.poll() is not None
        self.stop()
        if has_died and kind is None:
            raise BenchError(f"the service has ended: {self.last_words}")

    def start(self):
        """Starts the process and waits until it is ready."""
        self.spawn()
        self.wait_until_ready()

    def start_to_first_token(self, client):
        """Starts the process; returns the seconds until it has issued a token."""
        start = time.monotonic()
        self.spawn()
        while True:
            try:
                self.token(client)
                return time.monotonic() - start
            except ConnectionError:
                self.check_process(start + DEADLINE, "start")

    def spawn(self):
        # JSON is YAML too.
        configuration = self.folder.write("writ.yaml", json.dumps(nested(self.settings)))
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*self.prefix, self.folder.binary, "serve", "--config", configuration],
                cwd=self.folder.path,
                env=clean_environment(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C is for the benchmark, which then stops it.
                start_new_session=True,
            )

    def wait_until_ready(self):
        deadline = time.monotonic() + DEADLINE
        while True:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.management_port, timeout=DEADLINE)
                connection.request("GET", "/readyz")
                if connection.getresponse().status == 200:
                    return
            except ConnectionError:
                pass
            finally:
                connection.close()
            self.check_process(deadline, "start")

    def check_process(self, deadline, task):
        """Waits a moment; raises if it makes no sense to wait any longer."""
        if self.process.poll() is not None:
            raise BenchError(f"the service does not {task}: {self.last_words}")
        if time.monotonic() > deadline:
            raise BenchError(f"the service did not {task} within {DEADLINE} s")
        time.sleep(PAUSE)

    @property
    def last_words(self):
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return " ".join(line.strip() for line in lines[-3:])[-400:] or "without a word"

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(DEADLINE)
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    def reload(self):
        """Has it read its files, and waits until they are in use; returns the seconds that this took."""
        start = time.monotonic()
        before = self.reload_count
        self.process.send_signal(signal.SIGHUP)
        while self.reload_count == before:
            self.check_process(start + DEADLINE, "read its files")
        return time.monotonic() - start

    @property
    def reload_count(self):
        """How many lines of the log say so, at `info`."""
        return self.log.read_bytes().count(b'"message":"Reloaded"')

    # What it costs

    def cpu_time(self):
        """Seconds of processor time since the start."""
        return sum(self.cpu_times())

    def cpu_times(self):
        """User and system time."""
        return process_times(self.process.pid)

    def thread_times(self):
        return thread_times(self.process.pid)

    def status(self):
        return status(self.process.pid)

    # What it answers

    @property
    def token_endpoint(self):
        return f"{self.issuer}/oauth2/token"

    def connect(self):
        if self.is_tls:
            context = ssl.create_default_context(cafile=self.folder.path / self.settings["tls.certificate"])
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=DEADLINE, context=context)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)

    def token(self, client, **headers):
        """A token response for this client."""
        headers = {"Content-Type": FORM, **headers}
        return json.loads(self.request("POST", "/oauth2/token", token_form(client), headers))

    def key_set(self):
        return self.request("GET", "/.well-known/jwks.json").decode()

    def request(self, method, path, body=None, headers=None):
        connection = self.connect()
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        if response.status != 200:
            raise BenchError(f"{path} answers {response.status}: {body.decode(errors='replace')}")
        return body


def nested(settings):
    """`access_token.algorithm` is a mapping in a mapping."""
    tree = {}
    for name, value in settings.items():
        *sections, last = name.split(".")
        place = tree
        for section in sections:
            place = place.setdefault(section, {})
        place[last] = value
    return tree


def token_form(client):
    return urlencode({"grant_type": "client_credentials", "client_id": client.id, "client_secret": client.secret})


def basic(client):
    """The value of an Authorization field. Secrets here need no encoding for it."""
    return "Basic " + b64encode(f"{client.id}:{client.secret}".encode()).decode()


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
