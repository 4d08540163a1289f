"""`script/bench overload`: ten times as many requests as can be signed, and what becomes of those and of everybody else."""

from dataclasses import dataclass
from datetime import datetime, timezone

import generators
import wrk_scripts
from companion import Companion
from failure import FAULTS, BenchError, reason
from machine import Machine
from overload_rows import NOTES, rows, slow_rows
from preparation import build_service, install_generators, say, service_binary
from process_figures import Watch
from server import FORM, Server, token_form
from stampede import Stampede, stampede
from table import MeasuredRow, table, write_record
from working_folder import WorkingFolder

TIMES = 10
CAPACITY_CONNECTIONS, CAPACITY_SECONDS = 64, 5
SLOW_CONNECTIONS = 2000
# The probe begins when the connections of the stampede are open, and ends before them; in seconds.
LEAD, TAIL = 2, 1


@dataclass
class Overload:
    """What one overload came to."""

    # Tokens per second before it, in a closed loop with the load generator on the same cores, and the server's processor
    # time for each.
    capacity: float
    token_cost: float
    stampede: Stampede
    # By stream: see probe.py.
    probed: dict
    # Seconds of the server's processor time: user, system, and both by the names of threads.
    user: float
    system: float
    threads: dict
    # Most of what was seen, in MiB, and what the kernel knows.
    resident: float
    peak: float
    thread_count: int


def get(name, path, port, rate, connections):
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    return {"name": name, "port": port, "request": request, "rate": rate, "connections": connections}


def post(name, client, port, rate, connections):
    body = token_form(client)
    head = f"POST /oauth2/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: {FORM}\r\nContent-Length: {len(body)}\r\n\r\n"
    return {"name": name, "port": port, "request": head + body, "rate": rate, "connections": connections}


def streams(server):
    """What the probe sends. Ten connections carry 50 requests a second even where each takes 200 ms."""
    key_set, health = "/.well-known/jwks.json", "/healthz"
    return [
        get("JWKS", key_set, server.port, 50, 10),
        get("health", health, server.management_port, 50, 10),
        get("JWKS, new connections", key_set, server.port, 10, 0),
        get("health, new connections", health, server.management_port, 10, 0),
        post("other client", server.folder.other, server.port, 10, 2),
        # Some of the stampede, to see how they are refused.
        post("sample", server.folder.client, server.port, 5, 2),
    ]


def capacity(server):
    script = wrk_scripts.token_by_post(server)

    def load(seconds):
        return generators.wrk(server.folder, server.token_endpoint, script, CAPACITY_CONNECTIONS, seconds)

    load(1)
    before = sum(server.cpu_times())
    measured = load(CAPACITY_SECONDS)
    if measured.failure:
        raise BenchError(f"capacity: {measured.failure}")
    return measured.per_second, (sum(server.cpu_times()) - before) / measured.requests


def overload(server, can, token_cost, seconds):
    task = {"delay": LEAD, "seconds": max(1, seconds - LEAD - TAIL), "streams": streams(server)}
    with Companion("probe.py", task=task) as probe, Watch(server.process.pid) as watch:
        threads, (user, system) = server.thread_times(), server.cpu_times()
        offered = stampede(server, TIMES * can, seconds)
        threads_after, (user_after, system_after) = server.thread_times(), server.cpu_times()
        probed = probe.result()
    return Overload(
        capacity=can,
        token_cost=token_cost,
        stampede=offered,
        probed=probed,
        user=user_after - user,
        system=system_after - system,
        threads={name: time - threads[name] for name, time in threads_after.items()},
        resident=watch.most_resident,
        peak=server.status()["peak"],
        thread_count=watch.most_threads,
    )


def measure(folder, seconds, name, slow_count):
    """One overload; returns its rows. What cannot be measured is one that has failed."""
    try:
        return measured_rows(folder, seconds, name, slow_count)
    except FAULTS as error:
        return [MeasuredRow(name, reason=reason(error), has_failed=True)]


def measured_rows(folder, seconds, name, slow_count):
    with Server(folder, {"log_level": "warning"}) as server:
        server.start()
        say(f"{name}: capacity")
        can, token_cost = capacity(server)
        say(f"{name}: {TIMES} times {can:,.0f} tokens a second, for {seconds} s")
        if not slow_count:
            return rows(name, overload(server, can, token_cost, seconds), 0.9)
        with Companion("slow_connections.py", server.port, slow_count) as slow:
            measured = rows(name, overload(server, can, token_cost, seconds), 0.85)
            return measured + slow_rows(name, slow.end())


def run(arguments):
    """Measures, prints the table; returns the exit status: 1 where a row has failed. Goals are no matter of that."""
    install_generators()
    if not arguments.no_build:
        build_service()
    machine = Machine()
    began = datetime.now(timezone.utc)
    with WorkingFolder(service_binary()) as folder:
        measured = measure(folder, arguments.seconds, "overload", 0)
        measured += measure(folder, arguments.seconds, f"with {SLOW_CONNECTIONS:,} slow", SLOW_CONNECTIONS)
    print(machine)
    print(f"{arguments.seconds} s of overload each, log level warning, load generator and probes on the same cores\n")
    print(table(measured))
    print(f"\n{NOTES}")
    if arguments.json:
        ended = datetime.now(timezone.utc)
        write_record(arguments.json, machine, began, ended, measured, seconds=arguments.seconds)
    return 1 if any(row.has_failed for row in measured) else 0
