"""script/demo, which shows what a resource server makes of tokens, script/demo-workload and script/demo-bound."""

import re
import subprocess
from pathlib import Path

import pytest

from service import SANITIZER


def output_of(demo):
    """What the script prints. If it fails, the test shows all of its output."""
    run = subprocess.run([Path(__file__).parents[2] / "script" / demo], capture_output=True, encoding="utf-8", timeout=300)
    assert run.returncode == 0, f"{demo} ended with {run.returncode}\n{run.stdout}\n{run.stderr}"
    return run.stdout


@pytest.mark.skipif(bool(SANITIZER), reason="the script builds its own, without a sanitizer")
def test_each_request_gets_what_it_should():
    output = output_of("demo")
    lines = [line.split() for line in output[output.index("with a token") :].splitlines()]
    statuses = {" ".join(words[:3]): next(word for word in words if word.isdigit()) for words in lines}
    assert statuses == {
        "with a token": "200",
        "without one 401": "401",
        "with another scope": "403",
        "changed on the": "401",
        "after it has": "401",
        "of the client": "200",
        "nightly, once revoked": "401",
    }


@pytest.mark.skipif(bool(SANITIZER), reason="the script builds its own, without a sanitizer")
def test_a_workload_has_no_secret():
    output = output_of("demo-workload")
    assert "Secrets in the files of Writ and of the pod: 0\n" in output
    answers = dict(re.findall(r"^(the pod|a changed token|the pod, after new keys) {2,}(.*)$", output, re.MULTILINE))
    assert answers["the pod"] == answers["the pod, after new keys"] == "Hello, orders."
    assert '"error":"invalid_client"' in answers["a changed token"]


@pytest.mark.skipif(bool(SANITIZER), reason="the script builds its own, without a sanitizer")
def test_a_stolen_token_that_is_bound_is_of_no_use():
    output = output_of("demo-bound")
    answers = dict(re.findall(r"^((?:the client|a thief)\b.*?) {2,}(.*)$", output, re.MULTILINE))
    assert '"cnf":{"jkt":"' in output
    assert answers.pop("the client, with a proof") == answers.pop("the client") == "200 Hello, demo."
    # For contrast: this is what binding is for.
    assert answers.pop("a thief") == "200 Hello, demo."
    assert {what: answer.partition(":")[0] for what, answer in answers.items()} == {
        "a thief, with that proof once more": "401 invalid_dpop_proof",
        "a thief, without a proof": "401 invalid_dpop_proof",
        "a thief, as a bearer token": "401 invalid_token",
        "a thief, with a key of its own": "401 invalid_dpop_proof",
        "a thief, with a proof for another server": "401 invalid_dpop_proof",
    }
