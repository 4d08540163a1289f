"""The openssl command as the verifier: the signature, and nothing that knows about tokens."""

import subprocess

import pytest

from service import DEADLINE
from tokens import PARTS, decode_base64url, flip_one_bit


@pytest.fixture(scope="module")
def verify(service, tmp_path_factory):
    folder = tmp_path_factory.mktemp("openssl")
    (folder / "pub.pem").write_text(service.writ("keys", "export", "--pem").stdout)

    def verify(token):
        signed, _, signature = token.rpartition(".")
        (folder / "input").write_text(signed)
        (folder / "sig").write_bytes(decode_base64url(signature))
        return subprocess.run(
            ["openssl", "dgst", "-sha256", "-verify", "pub.pem", "-signature", "sig", "input"],
            cwd=folder,
            capture_output=True,
            encoding="utf-8",
            timeout=DEADLINE,
        )

    return verify


def test_verifies(service, verify):
    result = verify(service.access_token())

    assert (result.returncode, result.stdout) == (0, "Verified OK\n"), result.stderr


@pytest.mark.parametrize("part", PARTS)
def test_one_flipped_bit_is_refused(service, verify, part):
    result = verify(flip_one_bit(service.access_token(), part))

    assert result.returncode == 1
    assert "Verification failure" in result.stdout + result.stderr
