"""A process that stands still for a while, as in a machine that is suspended or moved."""

import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from faults import Clock, clock_library, complaints, held_connections, metric, serves, stopped
from raw_http import CLOSE, LENGTH, RawConnection, fill, post
from service import DEADLINE, wait_until


@pytest.fixture
def running(own_service):
    return own_service.start()


def test_requests_that_come_meanwhile(running):
    """Each has an answer: a token, or the word to come back."""
    with ThreadPoolExecutor(40) as pool:
        with stopped(running):
            answers = [pool.submit(running.request_token) for _ in range(40)]
            wait_until("they wait", lambda: waiting(running) >= 40)
        answers = [answer.result() for answer in answers]
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert sum(answer.ok for answer in answers) > 0
    assert all("Retry-After" in answer.headers for answer in answers if not answer.ok)
    assert serves(running)
    assert complaints(running) == []


def waiting(service) -> int:
    """Connections to it that clients have opened, as the kernel knows them."""
    port = f":{int(service.issuer.rpartition(':')[2]):04X}"
    with open("/proc/net/tcp", encoding="utf-8") as file:
        return sum(line.split()[2].endswith(port) and line.split()[3] == "01" for line in file)


def test_a_request_of_which_half_is_there(running):
    octets = fill(running, post(LENGTH, CLOSE))
    with RawConnection(running) as connection:
        connection.send(octets[:-20])
        wait_until("the first half is read", lambda: metric(running, "writ_open_connections", listener="tokens") == 1)
        with stopped(running):
            connection.send(octets[-20:])
        assert connection.answer().status == 200


def tokens(service):
    return metric(service, "writ_token_requests_total", outcome="issued") or 0


def test_many_requests_under_way(running):
    """Those whose signature waits while everything stands still are not lost either."""
    halt = threading.Event()

    def ask(_):
        statuses = []
        with requests.Session() as session:
            credentials = {"client_id": running.client_id, "client_secret": running.client_secret}
            form = {"grant_type": "client_credentials", **credentials}
            while not halt.is_set():
                statuses.append(session.post(running.token_endpoint, data=form, timeout=DEADLINE).status_code)
        return statuses

    with ThreadPoolExecutor(8) as pool:
        results = [pool.submit(ask, number) for number in range(8)]
        try:
            for _ in range(3):
                issued = tokens(running)
                wait_until("they get tokens", lambda: tokens(running) > issued + 20)
                with stopped(running):
                    pass
        finally:
            halt.set()
        statuses = {status for result in results for status in result.result()}
    assert statuses <= {200, 503}
    assert serves(running)


def test_deadlines_that_passed_meanwhile(own_service, clock_library, tmp_path):
    """A second is a minute here: whoever was silent for too long is let go, and whoever has asked is answered."""
    clock = Clock(tmp_path, clock_library, speed=60)
    own_service.start(**clock.environment)
    with held_connections(own_service, 5):
        wait_until("they are there", lambda: metric(own_service, "writ_open_connections", listener="tokens") >= 5)
        with stopped(own_service):
            stall = threading.Timer(1, lambda: None)
            stall.start()
            stall.join()
        wait_until("they are let go", lambda: metric(own_service, "writ_open_connections", listener="tokens") == 0)
    wait_until("it serves", lambda: own_service.request_token().status_code == 200)


def test_told_to_stop_meanwhile(running):
    with stopped(running):
        running.process.send_signal(signal.SIGTERM)
    process, running.process = running.process, None
    assert process.wait(timeout=DEADLINE) == 0
    assert "Stopped" in running.log


def test_files_that_change_meanwhile(running):
    with stopped(running):
        running.writ("clients", "add", "reporting", "--scope", "a", "--json")
        running.writ("keys", "rotate")
    wait_until("it has read them", lambda: metric(running, "writ_clients") == 2)
    assert len(requests.get(running.jwks_uri, timeout=DEADLINE).json()["keys"]) == 2
