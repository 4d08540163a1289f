"""What can go wrong with a measurement."""

from http.client import HTTPException
from subprocess import SubprocessError


class BenchError(Exception):
    """Something cannot be measured: the row says why, and the others go on."""


class Unavailable(BenchError):
    """It cannot be measured here, and that is nobody's fault: the row says n/a and why."""


# What ends one measurement and not the others.
FAULTS = (BenchError, OSError, HTTPException, SubprocessError)


def reason(fault):
    return str(fault) or type(fault).__name__
