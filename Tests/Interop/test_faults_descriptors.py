"""Too many open files: those who are connected are served, nothing is lost, and it goes on when they have gone."""

import resource
import subprocess

import pytest
import requests

from faults import complaints, events, held_connections, metric, open_files, processor_seconds, serves, stopped
from service import BINARY, DEADLINE, clean_environment, wait_until


def start(service, limit):
    """With so many files at most."""
    with service.log_file.open("wb") as log:
        service.process = subprocess.Popen(
            ["prlimit", f"--nofile={limit}", BINARY, "serve"],
            cwd=service.folder,
            env=clean_environment({"WRIT_DRAIN_DELAY": "0s"}),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    wait_until("the service is ready", service.is_ready)
    return service


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
    """As where the limit is lowered, or very small, or where a process has far more cores, and so files of its own."""

    @pytest.fixture
    def service(self, own_service):
        own_service.start()
        yield own_service

    def exhaust(self, service):
        """With so few files left that connections take them all."""
        limit, process = open_files(service) + 4, service.process.pid
        _, most = resource.prlimit(process, resource.RLIMIT_NOFILE)
        resource.prlimit(process, resource.RLIMIT_NOFILE, (limit, most))
        return limit

    def test_it_recovers_when_they_have_gone(self, service):
        limit = self.exhaust(service)
        with held_connections(service, 20), held_connections(service, 20, "management"):
            wait_until("no file is left", lambda: open_files(service) >= limit)
            wait_until("it cannot read its files", lambda: complaints(service))
        wait_until("it serves", lambda: service.process.poll() is None and serves(service))
        wait_until("all is well", lambda: metric(service, "writ_last_reload_successful") == 1)
        # Told once; what it could not read, and why.
        told = complaints(service)
        assert len(told) == len(set(told)) <= 2
        assert all("too many open files" in text for text in told)

    def test_it_does_not_spin(self, service):
        limit = self.exhaust(service)
        with held_connections(service, 20):
            wait_until("no file is left", lambda: open_files(service) >= limit)
            wait_until("it cannot read its files", lambda: complaints(service))
            before = processor_seconds(service)
            look_for_a_while(service)
            assert processor_seconds(service) - before < 0.3
        wait_until("it serves", lambda: serves(service))

    def test_it_does_not_end(self, service):
        """Standing still for a while makes several timers due at once."""
        limit = self.exhaust(service)
        with held_connections(service, 20), held_connections(service, 20, "management"):
            wait_until("no file is left", lambda: open_files(service) >= limit)
            for _ in range(3):
                with stopped(service):
                    look_for_a_while(service)
                look_for_a_while(service)
                if (status := service.process.poll()) is not None:
                    service.process = None
                    raise AssertionError(f"it ended with {status}\n{service.log[-300:]}")
        wait_until("it serves", lambda: serves(service))
