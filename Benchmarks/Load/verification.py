"""What verifying a token costs: Benchmarks/verify-bench, PyJWT and a few lines of C, one after another on one thread."""

import statistics
import subprocess

from failure import BenchError, Unavailable
from preparation import BARE_VERIFY, INTEROP_PYTHON, ROOT, VERIFY_BENCH
from working_folder import RESOURCE

# Verifications in each of five rounds that each program takes the median of.
COUNT, PYJWT_COUNT = 10_000, 3_000
# Each DPoP proof is good once, so this is how many there are for all rounds.
PROOFS = 15_000
PROOF_URL = f"{RESOURCE}/orders"


def verification_rates(folder, issuer, token, bound_token, key_set):
    """Verifications per second of processor time, by name; "libcrypto alone" before and after the others."""
    for program in (BARE_VERIFY, VERIFY_BENCH, INTEROP_PYTHON):
        if not program.exists():
            raise Unavailable(f"there is no {program.relative_to(ROOT)}")
    token_file, key_set_file = folder.write("token", token), folder.write("jwks.json", key_set)
    folder.openssl("pkey", "-in", "keys/rs256.pem", "-pubout", "-out", "key.pem")
    bound = ["--bound-token", folder.write("bound-token", bound_token), "--url", PROOF_URL]
    bound += ["--proofs", folder.proofs("proofs", "GET", PROOF_URL, PROOFS, bound_token)]
    bare = [BARE_VERIFY, folder.path / "key.pem", token_file, str(COUNT)]
    rates = {}
    for command in (
        bare,
        [VERIFY_BENCH, "--issuer", issuer, "--audience", RESOURCE, "--jwks", key_set_file, "--token", token_file, *bound],
        [INTEROP_PYTHON, ROOT / "Benchmarks/verify_pyjwt.py", issuer, RESOURCE, key_set_file, token_file, str(PYJWT_COUNT)],
        bare,
    ):
        for name, rate in run(command).items():
            rates.setdefault(name, []).append(rate)
    return {name: statistics.mean(values) for name, values in rates.items()}


def run(command):
    """Each line is a name, the microseconds for one verification, and the rate."""
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if result.returncode != 0:
        raise BenchError(f"{command[0].name}: {result.stderr[-400:]}")
    lines = (line.split("\t") for line in result.stdout.splitlines())
    return {name: 1e6 / float(microseconds) for name, microseconds, _ in lines}
