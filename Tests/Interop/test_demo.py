"""script/demo, which shows what a resource server makes of tokens."""

import subprocess
from pathlib import Path

import pytest

from service import SANITIZER


@pytest.mark.skipif(bool(SANITIZER), reason="the script builds its own, without a sanitizer")
def test_each_request_gets_what_it_should():
    root = Path(__file__).parents[2]
    output = subprocess.run([root / "script/demo"], capture_output=True, encoding="utf-8", timeout=300, check=True).stdout
    lines = [line.split() for line in output[output.index("with a token") :].splitlines()]
    statuses = {" ".join(words[:3]): next(word for word in words if word.isdigit()) for words in lines}
    assert statuses == {
        "with a token": "200",
        "without one 401": "401",
        "with another scope": "403",
        "changed on the": "401",
        "after it has": "401",
    }
