"""Each command of these pages is run here, or by the test that is named here, or its line says why not.

test_page_blocks.py looks at what is no command.
"""

import base64
import json
import re
import shutil
from pathlib import Path

import pytest

from service import wait_until
from test_operating_page import PROGRAMS, command_lines

FOLDER = Path(__file__).parents[2] / "Documentation"
MORE_PROGRAMS = rf"{PROGRAMS}|curl|ssh|gh|aws|gcloud|spire-agent|bao|mv|cd|TOKENS=\S+"
# Page -> how commands begin that another test runs, and that test.
ELSEWHERE = {
    "Console": {},
    "Endpoints": {},
    "Faults": {},
    "Keys": {
        "kubectl get secret writ-keys --namespace writ --output json": "test_deployment.py, on a stand-in for the API server",
        "kubectl create job": "nothing: the page says so",
        **{line: "test_a_compromised_key_leaves_the_secret, below" for line in (
            "cd $(mktemp", "kubectl get secret writ-keys --namespace writ -o json", "WRIT_KEYS=keys writ keys retire", "rm keys/.writ-lock",
            "kubectl create secret", 'rm -r "$PWD"')},
        "writ keys generate --pkcs11": "test_keys_elsewhere.py",
        "writ keys generate --vault": "test_keys_elsewhere.py",
        "writ keys adopt": "test_keys_elsewhere.py",
        "writ keys rotate --where": "test_keys_elsewhere.py",
        "bao write": "test_keys_page.py",
    },
    "MCP": {"script/demo-mcp": "test_demo_mcp.py"},
    "Revocation": {},
    "SenderConstrained": {
        "TOKENS=": "test_dpop.py",
        "curl --silent --user courier": "test_dpop.py",
        "curl --cert": "test_mutual_tls.py",
        "rm keys/rs256.pem &&": "test_fapi2.py makes such a folder itself: the page says so",
        "writ clients remove demo": "the same",
        "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out payments.pem": "the same",
        "openssl pkey -in payments.pem": "the same",
        "writ clients add payments": "the same",
        "writ config check && writ serve": "the same",
        "writ token request --issuer https://tokens.example.com --client-id payments": "the same",
    },
    "WorkloadIdentity": {"curl https://tokens.example.com/oauth2/token": "test_workload_identity.py"},
}
RUN = set()


def lines_of(page):
    """The commands of the indented blocks. What is in a fence has a test of its own."""
    text = re.sub(r"^```.*?^```$", "", (FOLDER / f"{page}.md").read_text(), flags=re.DOTALL | re.MULTILINE)
    return command_lines(text, MORE_PROGRAMS)


def commands(page):
    """The commands that no line excuses, without the comments behind them."""
    lines = lines_of(page)
    left = [line for line in lines if "not run" not in line]
    left = [re.sub(r"[ \t]+#.*", "", line) for line in left]
    return [line for line in left if not line.startswith(tuple(ELSEWHERE[page]))]


def command(page, beginning):
    (line,) = [line for line in commands(page) if line.startswith(beginning)]
    RUN.add((page, line))
    return line


def run(service, page, beginning, *replacements):
    line = command(page, beginning)
    for old, new in replacements:
        assert old in line, old
        line = line.replace(old, new)
    result = service.shell(line)
    assert result.returncode == 0, f"$ {line}\n{result.stdout}{result.stderr}"
    return result.stdout


@pytest.mark.parametrize("page", ELSEWHERE)
def test_a_line_that_is_not_run_says_why(page):
    assert lines_of(page)
    for line in lines_of(page):
        assert "not run" not in line or re.search(r"not run: \w{2,}", line), line


def test_console(own_service):
    own_service.start(WRIT_CONSOLE="on")
    state = run(own_service, "Console", "curl", ("http://127.0.0.1:8081", own_service.management))
    assert json.loads(state)


def test_endpoints(own_service):
    own_service.start(WRIT_TOKEN_PATH="/index.php")
    (own_service.folder / "secret").write_text(own_service.client_secret)
    answer = run(own_service, "Endpoints", "curl", ("http://127.0.0.1:8080", own_service.issuer), ("FILE", "secret"))
    assert json.loads(answer)["token_type"] == "Bearer"


def test_keys(own_service):
    own_service.start()
    for line in sorted({line for line in commands("Keys") if line.startswith("writ keys rotate")}):
        RUN.add(("Keys", line))
        assert own_service.shell(line).returncode == 0
    new = max(file.name for file in (own_service.folder / "keys").glob("2*.pem"))
    run(own_service, "Keys", "mv keys/", ("20261201T000000Z", new.partition("-")[0]))
    assert "mine" in own_service.writ("keys", "list").stdout
    own_service.shell("openssl genrsa 2048 | openssl pkey -pubout -out old.pem")
    run(own_service, "Keys", "openssl pkey -pubin")
    run(own_service, "Keys", "writ keys generate --algorithm ES256")
    assert {"their-kid", "ES256"} <= set(own_service.writ("keys", "list").stdout.split())
    (own_service.folder / "passphrase").write_text("correct horse")
    run(own_service, "Keys", "openssl pkcs8")
    run(own_service, "Keys", "chmod 600 keys/rs256.new")
    assert "ENCRYPTED" in (own_service.folder / "keys/rs256.pem").read_text()


# As far as the lines of the page use it.
KUBECTL = """#!/bin/sh
case "$1 $2" in
"get secret") cat "$SECRET" ;;
"create secret")
    printf '{"data":{'
    separator=
    for file in keys/*; do
        printf '%s"%s":"%s"' "$separator" "${file#keys/}" "$(base64 -w0 < "$file")"
        separator=,
    done
    printf '}}' ;;
"replace -f") cat > "$SECRET.new" ;;
esac
"""


@pytest.mark.skipif(shutil.which("jq") is None, reason="there is no jq")
def test_a_compromised_key_leaves_the_secret(own_service, tmp_path):
    """The lines of Keys.md with a stand-in for kubectl."""
    own_service.writ("keys", "rotate")
    own_service.writ("keys", "rotate", "--sealing")
    folder = own_service.folder / "keys"
    data = {file.name: base64.b64encode(file.read_bytes()).decode() for file in folder.iterdir() if file.name != ".writ-lock"}
    secret = tmp_path / "secret.json"
    secret.write_text(json.dumps({"data": data}))
    (tmp_path / "kubectl").write_text(KUBECTL)
    (tmp_path / "kubectl").chmod(0o755)
    kid = next(key["kid"] for key in json.loads(own_service.writ("keys", "list", "--json").stdout) if key["file"] == "rs256.pem")
    (block,) = [each for each in re.findall(r"(?:^    .*\n)+", (FOLDER / "Keys.md").read_text(), re.M) if "mktemp" in each]
    block = block.replace("KID", kid).replace("FOLDER", str(own_service.folder))
    result = own_service.shell(f"set -eu; PATH={tmp_path}:$PATH; {block}", {"SECRET": str(secret)})
    assert result.returncode == 0, result.stdout + result.stderr
    left = json.loads(Path(f"{secret}.new").read_text())["data"]
    assert "rs256.pem" not in left and ".writ-lock" not in left
    kept = data.keys() - {"rs256.pem"}
    assert len(kept) > 1 and {name: left.get(name) for name in kept} == {name: data[name] for name in kept}


def test_mcp(own_service):
    assert "agent" in run(own_service, "MCP", "writ clients add agent")


def test_revocation(own_service):
    secret = re.search(r"writ_cs_\S+", own_service.writ("clients", "add", "reporting", "--scope", "a").stdout)[0]
    own_service.secrets.add(secret)
    run(own_service, "Revocation", "writ clients revoke reporting")
    with (own_service.folder / "writ.yaml").open("a") as file:
        file.write("revocation: on\n")
    own_service.start()
    token = own_service.request_token("reporting", secret).json()["access_token"]
    (own_service.folder / "TOKEN-FILE").write_text(token)
    replaced = (("https://tokens.example.com", own_service.issuer), ("--user reporting", f"--fail --silent --user reporting:{secret}"))
    assert run(own_service, "Revocation", "curl", *replaced) == ""


def test_sender_constrained_tokens(own_service):
    self_signed = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=client -keyout {0}.key -out {0}.pem"
    for name in ("batch", "client"):
        assert own_service.shell(self_signed.format(name)).returncode == 0
    secret = re.search(r"writ_cs_\S+", own_service.writ("clients", "add", "orders", *("--resource", "https://api.example.com")).stdout)[0]
    own_service.secrets.add(secret)
    (own_service.folder / "secret.txt").write_text(secret)
    (own_service.folder / "secret.txt").chmod(0o600)
    own_service.start()
    run(own_service, "SenderConstrained", "openssl genpkey")
    (own_service.folder / "dpop.pem").chmod(0o600)
    request = command("SenderConstrained", "writ token request").replace("https://tokens.example.com", own_service.issuer)
    # A proof of the second of the start may have been used before.
    wait_until(f"$ {request}", lambda: own_service.shell(request).returncode == 0)
    run(own_service, "SenderConstrained", "writ token proof")
    proven = run(own_service, "SenderConstrained", "writ token verify --audience https://api.example.com --proof")
    assert json.loads(proven)["client_id"] == "orders"
    line = command("SenderConstrained", "writ token verify --audience https://api.example.com --certificate")
    # The token is bound to the key, and not to the certificate.
    refused = own_service.shell(line)
    assert refused.returncode == 1 and "the token is refused" in refused.stderr, refused.stderr
    # This service ends no TLS, so that it does not take up the client.
    run(own_service, "SenderConstrained", "writ clients add batch")


def test_every_command_is_run():
    """Last: the tests above have noted what they ran."""
    if not RUN:
        pytest.skip("only a part of this file runs")
    assert {(page, line) for page in ELSEWHERE for line in commands(page)} - RUN == set()
