"""The four attacks of slowhttptest: while each goes on, whoever does things right gets a token at once."""

import re
import shutil
import subprocess
import time

import pytest
import requests

from faults import metric
from service import DEADLINE, wait_until

CONNECTIONS = 200
OPTIONS = ["-c", CONNECTIONS, "-r", CONNECTIONS, "-i", 1, "-l", 10, "-p", 3]
TOKEN, JWKS = "/oauth2/token", "/.well-known/jwks.json"
# With the path and whether the service lets them hold on for a while; it answers -R as if no range had been asked for.
MODES = {
    "slow heads": (["-H"], TOKEN, True),
    "slow bodies": (["-B"], TOKEN, True),
    "ranges": (["-R"], JWKS, False),
    "slow readers": (["-X", "-k", 10, "-w", 1, "-y", 64, "-z", 1, "-n", 1], JWKS, True),
}
# In seconds. Nobody who is served waits so long, even on a machine that is busy.
LONGEST = 2
COLOURS = re.compile(r"\x1b\[[\d;]*m")

pytestmark = pytest.mark.skipif(not shutil.which("slowhttptest"), reason="there is no slowhttptest here")


@pytest.mark.parametrize("mode", MODES)
def test_others_are_served(own_service, mode):
    service = own_service.start()
    flags, path, does_hold_on = MODES[mode]
    command = ["slowhttptest", *flags, *OPTIONS, "-u", service.issuer + path]
    times, most = [], 0
    with (service.folder / "slowhttptest.txt").open("w+") as output:
        attack = subprocess.Popen([*map(str, command)], stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            while attack.poll() is None:
                since = time.monotonic()
                assert service.request_token().status_code == 200
                times.append(time.monotonic() - since)
                most = max(most, metric(service, "writ_open_connections", listener="tokens"))
                time.sleep(0.05)
        finally:
            attack.kill()
            attack.wait()
        output.seek(0)
        told = COLOURS.sub("", output.read())
    assert attack.returncode == 0, told
    # What its own probe found, each five seconds.
    assert {*re.findall(r"service available: *(\w+)", told)} == {"YES"}, told
    assert not does_hold_on or most >= CONNECTIONS, told
    assert max(times) < LONGEST
    wait_until("they are gone", lambda: metric(service, "writ_open_connections", listener="tokens") == 0)
    assert requests.get(f"{service.management}/readyz", timeout=DEADLINE).ok
