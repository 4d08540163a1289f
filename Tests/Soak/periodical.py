"""What is done from time to time, beside everything else."""

import threading


class Periodical:
    """Does what its kind does, every so many seconds while it is entered."""

    def __init__(self, interval):
        self.interval = interval
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.end()
        self._thread.join()

    def end(self):
        self._end.set()

    def take(self):
        raise NotImplementedError

    def _look(self):
        while not self._end.wait(self.interval):
            self.take()
