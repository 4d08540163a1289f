"""RabbitMQ's plugin for OAuth 2, with the configuration of Documentation/Verifying.md."""

import logging
import os
import subprocess
from pathlib import Path

import pytest

from authority import Authority
from forge import TYPES, Forge, check
from peers import check_retired_key, needs, program, register, snippet
from service import free_addresses
from test_tls import SecureService

pika = pytest.importorskip("pika")
# Debian's script on the PATH starts it as another user.
SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
pytestmark = needs(SERVER)
SCOPE = "rabbitmq.read:*/* rabbitmq.write:*/* rabbitmq.configure:*/*"


# It says much about connections that are refused, as many are here.
logging.getLogger("pika").setLevel(logging.CRITICAL)


@pytest.fixture(scope="module")
def secure_service(tmp_path_factory):
    """It takes no key set by plain http."""
    with SecureService(tmp_path_factory.mktemp("writ"), Authority()) as service:
        yield service.start()


@pytest.fixture(scope="module")
def accepts(secure_service, tmp_path_factory):
    """A broker, and whether a token opens a connection to it."""
    folder = tmp_path_factory.mktemp("rabbitmq")
    ports = [address.split(":")[1] for address in free_addresses(3)]
    authorities = {"/etc/ssl/certs/ca-certificates.crt": str(secure_service.ca_file)}
    text = snippet("ini rabbitmq", secure_service, **authorities)
    # Erlang compares no addresses with certificates.
    text = text.replace("https://127.0.0.1", "https://localhost")
    (folder / "rabbitmq.conf").write_text(f"{text}listeners.tcp.1 = 127.0.0.1:{ports[0]}\n")
    (folder / "enabled_plugins").write_text("[rabbitmq_auth_backend_oauth2].\n")
    environment = {
        "RABBITMQ_NODENAME": f"writ{ports[0]}@localhost",
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_DIST_PORT": ports[1],
        "ERL_EPMD_PORT": ports[2],
        "ERL_EPMD_ADDRESS": "127.0.0.1",
    }

    def accepts(token):
        credentials = pika.PlainCredentials("anything", token)
        parameters = pika.ConnectionParameters("127.0.0.1", int(ports[0]), "/", credentials)
        try:
            with pika.BlockingConnection(parameters):
                return True
        except (pika.exceptions.ProbableAuthenticationError, pika.exceptions.AuthenticationError):
            return False

    def is_there():
        try:
            return accepts("nonsense") is False
        except pika.exceptions.AMQPConnectionError:
            return False

    try:
        with program(folder, [SERVER], is_there, **environment):
            yield accepts
    finally:
        # The daemon that knows the names of nodes is a process of its own.
        subprocess.run(["epmd", "-port", ports[2], "-kill"], env={**os.environ, **environment}, capture_output=True)


def test_rabbitmq(secure_service, accepts):
    # It has no setting for the issuer, and a token without `exp` does not expire.
    also = [*TYPES, "issuer", "no-expiry", "expiry-null"]
    check(Forge(secure_service, aud="rabbitmq", scope=SCOPE), accepts, also)


def test_a_client_with_a_plain_audience_and_a_retired_key(secure_service, accepts):
    secret = register(secure_service, "queue-worker", audiences=["rabbitmq"], scope=SCOPE)

    def token():
        return secure_service.request_token(client_id="queue-worker", client_secret=secret).json()["access_token"]

    check_retired_key(secure_service, {"RabbitMQ": accepts}, token)
