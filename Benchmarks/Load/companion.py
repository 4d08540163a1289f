"""A further process of this benchmark, which says when it is ready and in the end what it has seen."""

import json
import subprocess
import sys
from pathlib import Path

from failure import BenchError


class Companion:
    """Runs from the beginning of a `with` block to its end at the latest.

    - `module`: a file beside this one.
    - `task`: what it reads, in JSON.
    """

    def __init__(self, module, *arguments, task=None):
        self.module = module
        self.command = [sys.executable, Path(__file__).with_name(module), *map(str, arguments)]
        self.task = json.dumps(task)
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # Ctrl-C is for the benchmark, which then ends it.
            start_new_session=True,
        )
        try:
            self.process.stdin.write(self.task)
            self.process.stdin.close()
            if self.process.stdout.readline() != "ready\n":
                raise BenchError(f"{self.module} does not start")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def result(self):
        """Waits for its end, which comes by itself."""
        text = self.process.stdout.read()
        if not text:
            raise BenchError(f"{self.module} has ended without a result")
        return json.loads(text)

    def end(self):
        """Asks it to end; returns the result."""
        self.process.terminate()
        return self.result()
