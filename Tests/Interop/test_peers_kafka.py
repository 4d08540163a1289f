"""Kafka's validator, its Java client and librdkafka, with the settings of Documentation/Verifying.md."""

import json
import re
import socket
import struct
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from joserfc.jwk import RSAKey

from forge import TYPES, Forge, check
from oidc_issuer import platform
from peers import TOOLS, Lines, check_retired_key, configure, find, register, snippet
from service import DEADLINE, RESOURCE, Service, wait_until
from tokens import claims

JARS = TOOLS / "kafka"
PROGRAMS = Path(__file__).parent / "programs"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
needs_java = pytest.mark.skipif(
    find("javac") is None or find(JARS / "kafka-clients.jar") is None,
    reason="no Java, or no jars of Kafka: `script/setup peers` installs them",
)


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kafka")
    sources = [PROGRAMS / f"{name}.java" for name in ("KafkaBroker", "KafkaClient")]
    subprocess.run(["javac", "-cp", f"{JARS}/*", "-d", folder, *sources], check=True)
    return folder


def java(classes, service, main, *arguments):
    # The system properties that the page names; the other two make short work short.
    prefix = "-Dorg.apache.kafka.sasl.oauthbearer.allowed"
    allowed = [f"{prefix}.urls={service.jwks_uri},{service.token_endpoint}", f"{prefix}.files={classes}/key.pem"]
    options = [*allowed, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
    return Lines(classes, ["java", *options, "-cp", f"{JARS}/*:.", main, *arguments])


@pytest.fixture(scope="module")
def broker(module_service, classes):
    (classes / "server.properties").write_text(snippet("properties kafka-broker", module_service))
    with java(classes, module_service, "KafkaBroker", "server.properties") as program:
        yield program


@pytest.fixture(scope="module")
def client(module_service, classes):
    with java(classes, module_service, "KafkaClient") as program:
        yield program


def client_properties(service, secret, client_id="queue-worker"):
    return snippet("properties kafka-client", service, **{"writ_cs_...": secret, "queue-worker": client_id})


def asked(client, folder, text):
    (folder / "client.properties").write_text(text)
    return client.ask(folder / "client.properties")


@needs_java
def test_the_broker(module_service, broker):
    check(Forge(module_service, aud="kafka"), broker.accepts, but_also=TYPES)
    # The principal is the client.
    assert broker.ask(Forge(module_service, aud="kafka").token()).startswith(f"yes {module_service.client_id} ")


@needs_java
def test_the_java_client_with_a_secret(module_service, client, tmp_path):
    good = client_properties(module_service, module_service.client_secret, module_service.client_id)
    kind, token = asked(client, tmp_path, good).split(" ")
    assert (kind, claims(token)["aud"]) == ("yes", RESOURCE)
    wrong = client_properties(module_service, "wrong-" + module_service.client_secret, module_service.client_id)
    assert asked(client, tmp_path, wrong).startswith("no ")


def assertion_properties(service, path, client_id):
    text = snippet("properties kafka-client", service, **{"queue-worker": client_id})
    lines = [line for line in text.splitlines() if "client.credentials" not in line]
    assertion = snippet("properties kafka-assertion", service, **{"/etc/kafka/queue-worker.pem": str(path)})
    return "\n".join(lines) + "\n" + assertion.replace("=queue-worker", f"={client_id}")


def public(key):
    return {"keys": [key.as_dict(private=False)]}


@needs_java
def test_the_java_client_with_a_key(module_service, classes, client, tmp_path):
    key = RSAKey.generate_key(2048, {"kid": "k1"})
    register(module_service, "with-a-key", jwks=public(key), resources=[RESOURCE])
    register(module_service, "with-another-key", jwks=public(RSAKey.generate_key(2048)), resources=[RESOURCE])
    path = classes / "key.pem"
    path.write_bytes(key.as_pem(private=True))
    answer = asked(client, tmp_path, assertion_properties(module_service, path, "with-a-key"))
    assert answer.startswith("yes "), answer
    answer = asked(client, tmp_path, assertion_properties(module_service, path, "with-another-key"))
    assert "invalid_client" in answer, answer


@needs_java
def test_the_java_client_with_a_key_and_its_defaults(classes, tmp_path):
    """Its assertions have no `jti`: that is enough if assertions may be used more than once."""
    key = RSAKey.generate_key(2048, {"kid": "k1"})
    folder = tmp_path / "writ"
    folder.mkdir()
    with Service(folder) as service:
        configure(service, "client_assertion: { single_use: false }")
        service.start()
        register(service, "without-jti", jwks=public(key), resources=[RESOURCE], scope="a")
        path = classes / "key.pem"
        path.write_bytes(key.as_pem(private=True))
        text = assertion_properties(service, path, "without-jti")
        text = text.replace("sasl.oauthbearer.assertion.claim.jti.include=true\n", "")
        with java(classes, service, "KafkaClient") as client:
            answer = asked(client, tmp_path, text)
            assert answer.startswith("yes "), answer


@needs_java
def test_a_client_with_a_plain_audience_and_a_retired_key(module_service, broker):
    secret = register(module_service, "queue-worker", audiences=["kafka"])

    def token():
        return module_service.request_token("queue-worker", secret).json()["access_token"]

    check_retired_key(module_service, {"Kafka broker": broker.accepts}, token)


class Broker:
    """As much of a Kafka broker as it takes to be sent a token: SaslAuthenticate gets no answer."""

    def __init__(self):
        self.tokens = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = "{}:{}".format(*self.socket.getsockname())
        self.thread = threading.Thread(target=self.serve)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                connection.settimeout(DEADLINE)
                try:
                    self.converse(connection, stream)
                except (OSError, struct.error):
                    continue

    def converse(self, connection, stream):
        name = b"OAUTHBEARER"
        # SaslHandshake, ApiVersions and SaslAuthenticate, with the first and the last version that is spoken.
        versions = [(17, 0, 1), (18, 0, 0), (36, 0, 0)]
        while True:
            frame = stream.read(struct.unpack(">i", stream.read(4))[0])
            kind, version, correlation = struct.unpack(">hhi", frame[:8])
            if kind == 18 and version > 0:
                # The client is to ask for version 0.
                answer = struct.pack(">hi", 35, 0)
            elif kind == 18:
                list = b"".join(struct.pack(">hhh", *each) for each in versions)
                answer = struct.pack(">hi", 0, len(versions)) + list
            elif kind == 17:
                answer = struct.pack(">hih", 0, 1, len(name)) + name
            else:
                # RFC 7628 section 3.1
                self.tokens.append(re.search(rb"auth=Bearer ([^\x01]+)", frame).group(1).decode())
                return
            connection.sendall(struct.pack(">ii", len(answer) + 4, correlation) + answer)


@contextmanager
def librdkafka(service, broker, client_id, secret):
    """A producer, and the errors that it reports."""
    kafka = pytest.importorskip("confluent_kafka")
    scope = {}
    replacements = {"SASL_SSL": "SASL_PLAINTEXT", "queue-worker": client_id, "writ_cs_...": secret}
    exec(snippet("python librdkafka", service, **replacements), scope)
    errors = []
    settings = {"bootstrap.servers": broker.address, "error_cb": lambda error: errors.append(str(error))}
    producer = kafka.Producer({**scope["settings"], **settings})
    yield producer, errors
    del producer


@pytest.mark.parametrize("secret", ["generated", "a+b%41 /=&~"])
def test_librdkafka_with_a_secret(module_service, secret):
    if secret == "generated":
        client_id, value = module_service.client_id, module_service.client_secret
    else:
        client_id, value = "odd", register(module_service, "odd", secret=secret, resources=[RESOURCE])
    with Broker() as broker, librdkafka(module_service, broker, client_id, value) as (producer, errors):
        wait_until("a token is there", lambda: producer.poll(0.05) or broker.tokens or errors)
        assert broker.tokens, errors
        assert claims(broker.tokens[0])["client_id"] == client_id


def test_librdkafka_with_a_key(module_service, tmp_path):
    key = RSAKey.generate_key(2048, {"kid": "k1"})
    (tmp_path / "key.pem").write_bytes(key.as_pem(private=True))
    register(module_service, "key-worker", jwks=public(key), resources=[RESOURCE], grant_types=[JWT_BEARER])
    replacements = {"queue-worker.pem": str(tmp_path / "key.pem"), '"queue-worker"': '"key-worker"'}
    check_librdkafka(module_service, "key-worker", "python librdkafka-key", replacements)


def test_librdkafka_with_the_token_of_a_platform(module_service, tmp_path):
    with platform() as cluster:
        (tmp_path / "token").write_text(cluster.token(module_service.issuer, sub="pod"))
        issuers = [{"name": "cluster", "issuer": cluster.identifier}]
        (module_service.folder / "issuers.yaml").write_text(json.dumps({"issuers": issuers}))
        identities = [{"issuer": "cluster", "subject": "pod"}]
        register(module_service, "pod-worker", identities=identities, resources=[RESOURCE], grant_types=[JWT_BEARER])
        replacements = {"/var/run/secrets/writ/token": str(tmp_path / "token")}
        check_librdkafka(module_service, "pod-worker", "python librdkafka-identity", replacements)


def check_librdkafka(service, client_id, name, replacements):
    """That a producer with these settings of the page presents a token of the client to the broker."""
    kafka = pytest.importorskip("confluent_kafka")
    scope, errors = {}, []
    exec(snippet(name, service, SASL_SSL="SASL_PLAINTEXT", **replacements), scope)
    with Broker() as broker:
        settings = {"bootstrap.servers": broker.address, "error_cb": lambda error: errors.append(str(error))}
        producer = kafka.Producer({**scope["settings"], **settings})
        wait_until("a token is there", lambda: producer.poll(0.05) or broker.tokens or errors)
        assert broker.tokens, errors
        assert claims(broker.tokens[0])["client_id"] == client_id
        del producer
