"""How long clients wait for the key set while the service reads 100,000 clients."""

import os
import shutil
import time

from companion import Companion
from latencies import gaps, summary
from server import Server

CONNECTIONS = 4
# Before anything is measured, in seconds.
WARM_UP = 1


def reload_times(folder, registry, seconds):
    """Milliseconds by name: how long the reload took, and the time from one answer of a connection to its next.

    `registry` is a file of clients, or a folder of such files. Every entry is changed.
    """
    clients = folder.path / f"reloaded-{registry.name}"
    if registry.is_dir():
        shutil.copytree(registry, clients, dirs_exist_ok=True)
    else:
        shutil.copy(registry, clients)
    with Server(folder, {"clients": str(clients)}) as server:
        server.start()
        with Companion("silence.py", server.port, "/.well-known/jwks.json", CONNECTIONS) as silence:
            time.sleep(WARM_UP)
            begin = time.monotonic()
            time.sleep(seconds / 2)
            end = time.monotonic()
            for file in sorted(clients.iterdir()) if clients.is_dir() else [clients]:
                rename_clients(file)
            start = time.monotonic()
            duration = server.reload()
            answers = silence.end()
    before, meanwhile = summary(gaps(answers, begin, end)), summary(gaps(answers, start, start + duration))
    return {
        "longest": meanwhile["max"],
        "p99": meanwhile["p99"],
        "longest before": before["max"],
        "p99 before": before["p99"],
        "reload": duration * 1000,
    }


def rename_clients(path):
    """Changes every entry, and has the new file in place at once."""
    draft = path.with_suffix(".draft")
    draft.write_text(path.read_text().replace("Client number", "Renamed client number"))
    draft.chmod(0o600)
    os.replace(draft, path)
