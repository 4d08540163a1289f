"""Too little memory: the process ends, or it answers as it should; nothing in between."""

import base64
import contextlib
import hashlib
import resource
import subprocess
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
import requests

from faults import events, metric, serves
from service import BINARY, DEADLINE, RESOURCE, clean_environment, wait_until

MEBIBYTE = 1 << 20


def base64_text(octets):
    return base64.b64encode(octets).decode().rstrip("=")


@pytest.fixture
def service(own_service):
    """With a client whose secret takes 128 MiB to check, and others who do not."""
    digest = hashlib.scrypt(b"correct horse", salt=b"saltsalt", n=1 << 17, r=8, p=1, maxmem=1 << 28, dklen=32)
    own_service.secrets.add("correct horse")
    with own_service.clients_file.open("a") as file:
        file.write(
            "  - client_id: dear\n"
            f'    client_secrets: [{{ hash: "$scrypt$ln=17,r=8,p=1${base64_text(b"saltsalt")}${base64_text(digest)}" }}]\n'
            "    scope: a\n"
        )
    return own_service


def limit(service, more):
    """Lets the process have so many octets of address space more than it has."""
    virtual = int(metric(service, "process_virtual_memory_bytes"))
    resource.prlimit(service.process.pid, resource.RLIMIT_AS, (virtual + more, resource.RLIM_INFINITY))


def no_limit(service):
    resource.prlimit(service.process.pid, resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def test_a_password_hash_that_there_is_no_memory_for(service):
    """That is no wrong secret, and not the client's fault; others get their tokens."""
    service.start()
    limit(service, 16 * MEBIBYTE)
    answer = service.request_token("dear", "correct horse")
    assert (answer.status_code, answer.json()["error"]) == (500, "server_error")
    service.wait_for_log("could not be answered")
    assert serves(service)
    no_limit(service)
    assert service.request_token("dear", "correct horse").status_code == 200


def test_no_memory_for_anything(service):
    """What is answered is right, and a supervisor finds everything as it was."""
    service.start()
    [key] = requests.get(service.jwks_uri, timeout=DEADLINE).json()["keys"]
    verify = {"key": jwt.PyJWK(key), "algorithms": ["RS256"], "audience": RESOURCE, "issuer": service.issuer}
    limit(service, 0)

    def ask(_):
        # That the other side is gone is an answer too.
        with contextlib.suppress(requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            return service.request_token()

    with ThreadPoolExecutor(16) as pool:
        answers = [answer for answer in pool.map(ask, range(200)) if answer is not None]
    for answer in answers:
        assert answer.status_code in (200, 500, 503)
        if answer.ok:
            jwt.decode(answer.json()["access_token"], **verify)
        else:
            assert answer.json()["error"] in ("server_error", "temporarily_unavailable")

    # More clients than there is room for.
    text = service.clients_file.read_text()
    digest = base64_text(bytes(32))
    secret = f'client_secrets: [{{ hash: "sha256:{digest}" }}]'
    more = "".join(f"  - {{ client_id: c{number}, {secret} }}\n" for number in range(30_000))
    service.clients_file.write_text(text + more)

    def is_over():
        messages = [event["message"] for event in events(service)]
        return service.process.poll() is not None or any("eloaded" in message for message in messages)

    wait_until("it has read them, or has not", is_over)
    service.clients_file.write_text(text)
    if service.process.poll() is not None:
        assert service.process.poll() < 0
        service.process = None
        service.start()
    else:
        no_limit(service)
    jwt.decode(service.access_token(), **verify)


@pytest.mark.parametrize("size", [192, 320])
def test_too_little_to_begin_with(own_service, size):
    """It ends, and its status says so, or it serves. Or it waits for memory, and answers nobody."""
    with own_service.log_file.open("wb") as log:
        process = subprocess.Popen(
            ["prlimit", f"--as={size * MEBIBYTE}", BINARY, "serve"],
            cwd=own_service.folder,
            env=clean_environment({"WRIT_DRAIN_DELAY": "0s"}),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    looks = iter(range(101))

    def is_clear():
        with contextlib.suppress(requests.ConnectionError):
            return process.poll() is not None or own_service.request_token()
        return next(looks) == 100

    try:
        answer = wait_until("it serves, or ends, or has been looked at for long", is_clear)
        assert answer is True or answer.status_code == 200
        assert process.poll() != 0
    finally:
        process.kill()
        process.wait()
    # Nothing has changed that anybody needs.
    assert serves(own_service.start())
