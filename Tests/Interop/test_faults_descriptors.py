"""Too many open files: those who are connected are served, nothing is lost, and it goes on when they have gone."""

import re
import resource
from contextlib import contextmanager

import pytest
import requests

from faults import complaints, events, held_connections, metric, open_files, processor_seconds, serves, stopped
from service import DEADLINE, wait_until


def start(service, limit):
    """With so many files at most."""
    return service.start(["prlimit", f"--nofile={limit}"])


def look_for_a_while(service):
    """A second at least; less where it ends."""
    looks = iter(range(51))
    wait_until("time has passed", lambda: service.process.poll() is not None or next(looks) == 50)


class TestMoreConnectionsThanItTakes:
    """A listener takes so many that files are left for everything else."""

    def test_the_others_wait(self, own_service):
        service = start(own_service, 256)
        lines = len(service.log.splitlines())
        with held_connections(service, 200):
            count = {"name": "writ_open_connections", "listener": "tokens"}
            wait_until("it has as many as it takes", lambda: metric(service, **count) >= 64)
            assert requests.get(f"{service.management}/healthz", timeout=DEADLINE).ok
            assert requests.get(f"{service.management}/readyz", timeout=DEADLINE).ok
            assert metric(service, "process_max_fds") == 256
            assert metric(service, "process_open_fds") < 128
            # Nor does it want for files of its own.
            service.reload()
            wait_until("it reads its files", lambda: metric(service, "writ_reloads_total", outcome="applied") == 1)
            with pytest.raises(requests.Timeout):
                requests.get(service.jwks_uri, timeout=0.3)
        wait_until("it serves", lambda: serves(service))
        assert {event["message"] for event in events(service)[lines:]} <= {"Reloaded", "Token issued"}

    def test_too_many_on_both_listeners(self, own_service):
        service = start(own_service, 256)
        with held_connections(service, 200), held_connections(service, 100, "management"):
            wait_until("it has as many as it takes", lambda: open_files(service) >= 64 + 64)
            assert open_files(service) < 192
        wait_until("it serves", lambda: serves(service))
        assert complaints(service) == []


class TestNoFileLeft:
    """As where the limit is lowered, or very small: whatever else needs files has those that were kept for it."""

    @pytest.fixture
    def service(self, own_service):
        own_service.start()
        yield own_service

    @contextmanager
    def exhausted(self, service):
        """With so few files left that connections take them all; as a session that is connected already."""
        with requests.Session() as session:
            assert session.get(f"{service.management}/healthz", timeout=DEADLINE).ok
            process = service.process.pid
            _, most = resource.prlimit(process, resource.RLIMIT_NOFILE)
            resource.prlimit(process, resource.RLIMIT_NOFILE, (open_files(service) + 4, most))
            with held_connections(service, 20), held_connections(service, 20, "management"):
                wait_until("no file is left", lambda: complaints(service))
                yield session
        wait_until("it serves", lambda: service.process.poll() is None and serves(service))
        assert complaints(service) == ["Further connections wait: too many open files"]

    def test_it_goes_on_and_recovers(self, service):
        with self.exhausted(service) as session:
            assert session.get(f"{service.management}/readyz", timeout=DEADLINE).ok
            service.reload()
            wait_until("it reads its files", lambda: events(service)[-1]["message"] == "Reloaded")

    def test_it_does_not_spin(self, service):
        with self.exhausted(service):
            before = processor_seconds(service)
            look_for_a_while(service)
            assert processor_seconds(service) - before < 0.3

    def test_it_does_not_end(self, service):
        """Standing still for a while makes several timers due at once."""
        with self.exhausted(service):
            for _ in range(3):
                with stopped(service):
                    look_for_a_while(service)
                look_for_a_while(service)
                assert service.process.poll() is None, service.log[-300:]

    def test_no_listener_takes_more_than_its_maximum_afterwards(self, service):
        _, most = resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE)
        with requests.Session() as session:
            assert session.get(f"{service.management}/healthz", timeout=DEADLINE).ok

            def connections():
                text = session.get(f"{service.management}/metrics", timeout=DEADLINE).text
                return int(re.search(r'^writ_open_connections\{listener="management"\} (\d+)', text, re.M)[1])

            with held_connections(service, 100, "management"):
                wait_until("it has as many as it takes", lambda: connections() >= 64)
                # It accepts four at a time.
                taken = connections()
                assert taken < 68
                for _ in range(3):
                    resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE, (open_files(service) + 4, most))
                    full = open_files(service) + 4
                    with held_connections(service, 20):
                        wait_until("files are given back", lambda: open_files(service) < full - 4)
                    resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE, (most, most))
                    assert service.request_token().status_code == 200
                assert connections() == taken

    def test_a_limit_below_what_it_has_open(self, service):
        """It serves with the few files that are left when some connections have gone."""
        process = service.process.pid
        _, most = resource.prlimit(process, resource.RLIMIT_NOFILE)
        resource.prlimit(process, resource.RLIMIT_NOFILE, (open_files(service) - 4, most))
        with held_connections(service, 20):
            wait_until("no file is left", lambda: complaints(service))
        wait_until("it serves", lambda: service.process.poll() is None and serves(service))

    def test_a_limit_too_small_for_what_it_needs(self, own_service):
        """Its connections come to more than the files that are left for them."""
        service = start(own_service, 64)
        with held_connections(service, 60), held_connections(service, 60, "management"):
            wait_until("no file is left", lambda: complaints(service))
        wait_until("it serves", lambda: serves(service))
        service.reload()
        wait_until("it reads its files", lambda: any(event["message"] == "Reloaded" for event in events(service)))


def test_the_soft_limit_is_raised(own_service):
    start(own_service, "256:1024")
    assert metric(own_service, "process_max_fds") == 1024
