"""A command at a terminal, with a person who types answers."""

import os
import pty
import select
import subprocess
import time
from contextlib import contextmanager

from service import BINARY, DEADLINE, clean_environment


@contextmanager
def started_at_terminal(folder, *arguments, program=BINARY, options=(), environment=None):
    """Starts a command whose three streams are a terminal; gives the process and the other side of the terminal."""
    master, terminal = pty.openpty()
    try:
        process = subprocess.Popen(
            [program, *options, *arguments],
            cwd=folder,
            env=clean_environment({"TERM": "xterm", "COLUMNS": "80", **(environment or {})}),
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
        )
        try:
            os.close(terminal)
            yield process, master
        finally:
            process.kill()
            process.wait()
    finally:
        os.close(master)


def read_until(master, condition) -> bytes:
    """What the terminal shows, up to where the condition holds for all of it."""
    shown = b""
    while not condition(shown):
        shown += os.read(master, 4096)
    return shown


def at_terminal(folder, *arguments, answers=(), environment=None) -> tuple[int, str]:
    """Runs a command whose three streams are a terminal; gives its exit status and what the terminal shows.

    Each answer is typed when a question ends what is shown.
    """
    with started_at_terminal(folder, *arguments, environment=environment) as (process, master):
        answers = iter(answers)
        shown = b""
        deadline = time.monotonic() + DEADLINE
        while True:
            ready, _, _ = select.select([master], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"{arguments} shows no more, and has not ended: {shown}"
            try:
                octets = os.read(master, 65536)
            except OSError:  # Linux says so when the last process has closed its side.
                break
            if not octets:
                break
            shown += octets
            if shown.endswith((b"[y/N] ", b": ", b":\r\n")) and (answer := next(answers, None)) is not None:
                os.write(master, f"{answer}\n".encode())
        return process.wait(timeout=DEADLINE), shown.decode().replace("\r\n", "\n")
