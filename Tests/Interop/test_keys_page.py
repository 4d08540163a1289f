"""The places of keys, set up by the lines of Documentation/Keys.md."""

import base64
import os
import re
import secrets
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from peers import find, needs, program
from service import DEADLINE, clean_environment, free_addresses

PAGE = (Path(__file__).parents[2] / "Documentation/Keys.md").read_text()


def blocks(name):
    """The blocks of the page that begin with this line, in order."""
    found = re.findall(rf"^```{re.escape(name)}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert found, name
    return found


def run(text, folder, **environment):
    """What the lines print."""
    return subprocess.run(
        ["bash", "-euc", text],
        cwd=folder,
        env=clean_environment({"HOME": str(folder), **environment}),
        check=True,
        capture_output=True,
        text=True,
        timeout=10 * DEADLINE,
    ).stdout


@needs("softhsm2-util")
class TestSoftHSM:
    @pytest.fixture
    def token(self, tmp_path):
        """The folder of a token that the page's lines have made."""
        run(blocks("sh softhsm")[0], tmp_path)
        return tmp_path

    def test_a_token_is_made(self, token):
        slots = run("softhsm2-util --show-slots", token, SOFTHSM2_CONF=str(token / "softhsm2.conf"))
        assert re.search(r"Label: +writ\b", slots)

    def test_the_pin_is_readable_for_its_owner_alone(self, token):
        assert (token / "pin").stat().st_mode & 0o777 == 0o600

    @needs("pkcs11-tool")
    def test_a_key_is_removed(self, token):
        (line,) = re.findall(r"^pkcs11-tool .*$", blocks("sh remove")[0], re.M)
        variables = {"SOFTHSM2_CONF": str(token / "softhsm2.conf"), "PIN": (token / "pin").read_text().strip()}
        tool = re.sub(r" --delete-object.*", " --pin env:PIN", line)
        run(f"{tool} --keypairgen --key-type EC:prime256v1 --label NAME", token, **variables)
        assert "NAME" in run(f"{tool} --list-objects --type privkey", token, **variables)
        # It asks for the PIN of a person.
        run(line.replace("--login", "--login --pin env:PIN"), token, **variables)
        assert "NAME" not in run(f"{tool} --list-objects --type privkey", token, **variables)

    @needs("p11-kit")
    @needs("pkcs11-tool")
    def test_the_server_of_p11_kit_gives_the_token(self, token):
        (line,) = blocks("sh p11-kit")
        (client,) = re.findall(r"module: (\S+),", blocks("yaml p11-kit")[0])
        if not Path(client).exists():
            pytest.skip("there is no module p11-kit-client")
        environment = {"SOFTHSM2_CONF": str(token / "softhsm2.conf"), "XDG_RUNTIME_DIR": str(token)}
        socket = token / "hsm.socket"
        command = ["bash", "-euc", f"exec {line}"]
        with program(token, command, socket.is_socket, **environment):
            pin = (token / "pin").read_text().strip()
            tool = ["pkcs11-tool", "--module", client, "--token-label", "writ", "--login", "--pin", "env:PIN"]
            listed = subprocess.run(
                [*tool, "--keypairgen", "--key-type", "EC:prime256v1", "--label", "a"],
                env=clean_environment({**os.environ, "P11_KIT_SERVER_ADDRESS": f"unix:path={socket}", "PIN": pin}),
                capture_output=True,
                text=True,
                timeout=10 * DEADLINE,
            )
            assert listed.returncode == 0, listed.stderr
            assert re.search(r"^Private Key Object; EC\b", listed.stdout, re.M)


# A TPM in software with a resource manager, on a bus of its own, until the lines of the page have run.
TPM = """
mkdir state
swtpm socket --tpm2 --tpmstate dir=state --server type=unixio,path=tpm.socket --ctrl type=unixio,path=tpm.socket.ctrl \\
    --flags not-need-init,startup-clear > swtpm.out 2>&1 &
tpm=$!
while ! test -S tpm.socket.ctrl; do kill -0 $tpm; done
tpm2-abrmd --allow-root --session --tcti=swtpm:path=tpm.socket > abrmd.out 2>&1 &
manager=$!
trap 'kill $manager $tpm' EXIT
while ! tpm2_getrandom --tcti=tabrmd:bus_type=session 1 > random.out 2>&1; do kill -0 $manager; done
"""


@needs("swtpm")
@needs("tpm2-abrmd")
@needs("tpm2_ptool")
@needs("dbus-run-session")
@needs("pkcs11-tool")
def test_a_token_of_a_tpm_is_made(tmp_path):
    (lines,) = blocks("sh tpm")
    (module,) = re.findall(r"module: (\S+tpm2_pkcs11.so)", PAGE)
    if not Path(module).exists():
        pytest.skip("there is no module of tpm2-pkcs11")
    assert "device:/dev/tpmrm0" in lines and "/var/lib/writ/tpm" in lines
    lines = lines.replace("device:/dev/tpmrm0", "tabrmd:bus_type=session").replace("/var/lib/writ/tpm", str(tmp_path / "tpm"))
    (tmp_path / "lines").write_text(f"{TPM}\n{lines}\npkcs11-tool --module {module} --list-slots")
    listed = run("dbus-run-session -- bash -euo pipefail lines", tmp_path)
    assert re.search(r"token label +: writ$", listed, re.M), listed
    assert (tmp_path / "pin").stat().st_mode & 0o777 == 0o600


class OpenBao:
    """A server in memory, and requests to it with a token."""

    def __init__(self, address, root, folder):
        (self.url, self.root, self.folder) = (f"http://{address}", root, folder)

    def run(self, text):
        bao = re.sub(r"^bao ", f"{find('bao')} ", text, flags=re.M)
        return run(bao, self.folder, BAO_ADDR=self.url, BAO_TOKEN=self.root)

    def token(self, *policies):
        """A token that has what these policies of the page allow."""
        for name in policies:
            (self.folder / f"{name}.hcl").write_text(blocks(f"hcl {name}")[0])
            self.run(f"bao policy write {name} {name}.hcl")
        options = " ".join(f"-policy={name}" for name in policies)
        return self.run(f"bao token create -field=token {options}").strip()

    def request(self, token, path, body=None):
        """The status of a request: POST with a body, else GET."""
        method = "GET" if body is None else "POST"
        headers = {"X-Vault-Token": token}
        return requests.request(method, f"{self.url}/v1/{path}", json=body, headers=headers, timeout=DEADLINE).status_code

    def sign(self, token, version):
        digest = base64.b64encode(bytes(32)).decode()
        body = {"input": digest, "prehashed": True, "key_version": version, "signature_algorithm": "pkcs1v15"}
        return self.request(token, "transit/sign/writ/sha2-256", body)


@contextmanager
def openbao(folder):
    address = free_addresses(1)[0]
    root = secrets.token_hex(16)
    options = ["-dev-no-store-token", f"-dev-root-token-id={root}", f"-dev-listen-address={address}"]

    def is_there():
        try:
            return requests.get(f"http://{address}/v1/sys/health", timeout=DEADLINE).ok
        except requests.ConnectionError:
            return False

    with program(folder, ["bao", "server", "-dev", *options], is_there):
        server = OpenBao(address, root, folder)
        (folder / "writ.hcl").write_text(blocks("hcl openbao-sign")[0])
        server.run(blocks("sh openbao")[0])
        (line,) = re.findall(r"^ {4}(bao write -f transit/keys/writ type=rsa-2048)", PAGE, re.M)
        server.run(line)
        yield server


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with openbao(tmp_path_factory.mktemp("openbao")) as server:
        yield server


@needs("bao")
class TestOpenBao:
    def test_the_policy_of_a_service_allows_to_sign_and_no_more(self, server):
        token = server.token("openbao-sign")
        assert server.sign(token, 1) == 200
        assert server.request(token, "transit/keys/writ") == 200
        for path in ("keys/writ/rotate", "keys/writ", "keys/writ/config", "keys/other", "sign/other/sha2-256"):
            assert server.request(token, f"transit/{path}", {}) == 403, path
        assert server.request(token, "transit/export/signing-key/writ") == 403

    def test_with_the_policy_for_rotation_a_new_version_is_made_and_the_old_one_signs(self, server):
        token = server.token("openbao-sign", "openbao-rotate")
        assert server.request(token, "transit/keys/writ/rotate", {}) == 200
        assert [server.sign(token, version) for version in (1, 2)] == [200, 200]

    def test_the_key_cannot_be_exported(self, server):
        assert server.request(server.root, "transit/export/signing-key/writ") == 400

    def test_a_key_is_made_with_update_and_not_with_create(self, server):
        for capability, status in (("create", 403), ("update", 200)):
            policy = f'path "transit/keys/new" {{ capabilities = ["read", "{capability}"] }}'
            (server.folder / "new.hcl").write_text(policy)
            server.run(f"bao policy write new-{capability} new.hcl")
            token = server.run(f"bao token create -field=token -policy=new-{capability}").strip()
            assert server.request(token, "transit/keys/new", {"type": "ed25519"}) == status, capability

    def test_old_versions_end(self, tmp_path):
        with openbao(tmp_path) as server:
            server.run("bao write -f transit/keys/writ/rotate")
            lines = re.findall(r"^bao write transit/keys/writ/(?:config|trim) .*$", PAGE, re.M)
            assert len(lines) == 2
            server.run("\n".join(lines))
            assert server.sign(server.root, 1) != 200
            assert server.sign(server.root, 2) == 200
