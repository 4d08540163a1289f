"""`openssl speed`: what libcrypto alone does with the same kinds of keys, which is what everything here is compared with."""

import os
import re
import subprocess
from dataclasses import dataclass

from failure import BenchError

# Under these names `openssl speed` knows them; in its results they are known by a number.
RESULT_LINES = {"rsa2048": "F2", "ecdsap256": "F4", "ed25519": "F6"}
# A processor without AVX512-IFMA, for libcrypto: OPENSSL_ia32cap(3).
WITHOUT_IFMA = {"OPENSSL_ia32cap": ":~0x200000"}


@dataclass
class Speed:
    """Operations per second."""

    sign: float
    verify: float


def duration(seconds):
    """How long signatures are measured beside loads of so many seconds: there are more of them in a round."""
    return max(1, seconds // 2)


def bare(algorithms, seconds, environment=None):
    """One thread's rates, by its processor time: `openssl speed` counts no other unless told to."""
    output = run([*algorithms], seconds, environment)
    return {algorithm: result(output, algorithm) for algorithm in algorithms}


def all_cores(core_count, seconds):
    """The rate of RSA-2048 with a process on each core, by the clock, as a service's rate is."""
    output = run(["-elapsed", "-multi", str(core_count), "rsa2048"], seconds)
    return result(output, "rsa2048")


def run(arguments, seconds, environment=None):
    return subprocess.run(
        ["openssl", "speed", "-mr", "-seconds", str(seconds), *arguments],
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def result(output, algorithm):
    """`+F2:2:2048:2938.0:52210.0`: the rates of signing and verifying come last, whatever stands before them."""
    line = re.search(rf"^\+{RESULT_LINES[algorithm]}:.*:([\d.]+):([\d.]+)$", output, re.MULTILINE)
    if not line:
        raise BenchError(f"`openssl speed` said nothing of {algorithm}:\n{output}")
    return Speed(sign=float(line[1]), verify=float(line[2]))
