"""Each block of README.md and Documentation/*.md is checked here, or by the test that is named here, or says why not."""

import base64
import copy
import json
import re
from datetime import datetime
from functools import cache
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from joserfc.jwk import ECKey

import test_operating_page
import test_pages
from authority import Authority
from page_blocks import ALL
from test_configuration_page import KEYS
from test_deployment import KUBERNETES, load
from tokens import claims

FOLDER = Path(__file__).parent
SETTINGS = {key.partition(".")[0] for key in KEYS} | {"delegations"}
# Pages of which a test takes each command that is indented. What it does not run has to say why.
COMMANDS = {
    **dict.fromkeys(test_pages.ELSEWHERE, test_pages.MORE_PROGRAMS),
    **dict.fromkeys(test_operating_page.PAGES, test_operating_page.PROGRAMS),
}
# Page -> how blocks begin that another test checks, and that test.
ELSEWHERE = {
    "README": {"```console": "test_quickstart.py"},
    "Quickstart": {name: "test_quickstart.py" for name in (
        "```console", "```python api.py", "```python platform_token.py", "```yaml issuers.yaml")},
    "Architecture": {name: "test_documentation.py" for name in (
        "```\n", "octets -> ", "SignerPool -> ", "socket -> ", "keys/x.pem -> ", "issuers.yaml -> ", "clients.yaml -> ", "SIGHUP ")},
    "Clients": {name: "test_clients_folder.py" for name in ("clients: clients.d\ndelegations:", "# To the file ")},
    "Configuration": {"```yaml\nissuer: ": "test_configuration_page.py"},
    "Deploying": {
        **{name: "test_packages.py" for name in (
            "```sh\nsudo apt install ./writ", "```sh\nsudo tar ", "LoadCredential=", "AmbientCapabilities=")},
        **{f"```{name}\n": "test_proxies.py" for name in ("yaml behind", "yaml envoy", "nginx", "haproxy", "caddy")},
        "ACL SETUSER ": "test_replay_store.py",
    },
    "Keys": {
        **{f"```{name}\n": "test_keys_page.py" for name in (
            "sh softhsm", "sh tpm", "sh p11-kit", "sh openbao", "hcl openbao-sign", "hcl openbao-rotate", "sh remove")},
        **{name: "test_page_blocks.py" for name in ("rs256.pem  ", "KID  ", "$ cat keys/")},
    },
    "MCP": {name: "test_demo_mcp.py" for name in ("```python mcp-server", "```python mcp-client")},
    "Migrating": {name: "test_clients_import.py" for name in ("```sh\n", "```python\nimport json")},
    "Operating": {"time() - max by": "test_deployment.py"},
    "Revocation": {"```json\n": "test_page_blocks.py"},
    "SenderConstrained": {"```python proof.py": "test_dpop.py"},
    "Verifying": {name: "test_verifiers.py" for name in ("```haproxy\n", "```apache\n")},
    "WorkloadIdentity": {name: "test_workload_identity.py" for name in (
        "```yaml issuers ", "```yaml clients ", "```yaml\n# issuers.yaml", "```yaml\n# clients.yaml", "```yaml github",
        "```yaml gitlab", "$ writ issuers test")},
}
REASON = r"\bnot run(?: by a test)?: \w+ \w+"


@cache
def readers_of_snippets():
    """The tests that take blocks of Verifying.md, each with its text."""
    sources = {file.name: file.read_text() for file in FOLDER.glob("test_*.py")}
    return {file: source for file, source in sources.items() if "Verifying.md" in source and re.search(r"\bsnippet\(", source)}


def snippet_users(block):
    """The tests that take a block of Verifying.md by its name, or by its language and a name of theirs."""
    name = block.info.partition(" ")[2]
    composed = f'f"{block.language} {{'
    return [
        file for file, source in readers_of_snippets().items()
        if f'"{block.info}"' in source or composed in source and f'"{name}"' in source
    ]


def is_excused(block):
    """Whether the sentence above says why, or a comment in the first line, or each line."""
    lines = re.sub(r"\\\n\s*", "", block.text).splitlines()
    above = re.search(r"\([^)]*\bnot\s+run\):$", block.above)
    return bool(above) or bool(re.match(rf"# {REASON}", lines[0])) or all(re.search(REASON, line) for line in lines)


def rest(block):
    """The lines that no test takes as a command."""
    if block.info is not None or block.page not in COMMANDS:
        return block.text
    taken = "\n".join(test_operating_page.command_lines(re.sub("(?m)^", "    ", block.text), COMMANDS[block.page]))
    taken = {line.strip() for line in taken.splitlines()}
    lines = block.text.splitlines()
    return "".join(f"{line}\n" for line in lines if line.strip() not in taken and re.match(r" *[^\s#]", line))


@cache
def kind(block):
    """What the block is, by which the tests below find theirs."""
    if block.language == "swift":
        return "script/snippets"
    for beginning, name in ELSEWHERE.get(block.page, {}).items():
        if block.beginning.startswith(beginning):
            return name
    if block.page == "Verifying" and " " in (block.info or "") and (users := snippet_users(block)):
        return users[0]
    if block.info == "" and "──" in block.text:
        return "drawing"
    if is_excused(block):
        return "excused"
    left = rest(block)
    if not left:
        return "commands"
    if left.startswith("{"):
        return "json"
    if block.language not in (None, "yaml"):
        return None
    try:
        value = yaml.safe_load(left)
    except yaml.YAMLError:
        return None
    names = set(value if isinstance(value, dict) else value[0] if isinstance(value, list) else [])
    if names & {"client_id", "hash"} or isinstance(value, dict) and isinstance(value.get("clients"), list):
        return "clients"
    if "spec" in names:
        return "kubernetes"
    if names & {"token_shape", "access_tokens_not_before", "refresh_tokens_not_before", "requests_per_minute", "removed"}:
        return "members"
    return "settings" if names and names <= SETTINGS else None


def each(name):
    found = [block for block in ALL if kind(block) == name]
    assert found, name
    return pytest.mark.parametrize("block", found, ids=str)


@pytest.mark.parametrize("block", ALL, ids=str)
def test_a_test_checks_each_block_or_it_says_why_not(block):
    assert kind(block), f"{block}: no test checks this, and nothing says why\n{block.text}"


def test_the_tests_that_are_named_read_the_pages():
    for page, tests in ELSEWHERE.items():
        for beginning, name in tests.items():
            assert any(block.page == page and block.beginning.startswith(beginning) for block in ALL), f"{page}: {beginning}"
            assert re.search(rf"\b{page}\b", (FOLDER / name).read_text(), re.IGNORECASE), f"{name} does not read {page}.md"


@each("json")
def test_json_is_json(block):
    for line in rest(block).splitlines():
        assert isinstance(json.loads(line), dict)


def settle(service, text):
    """Writes settings, and a file for each that they name."""
    folder = service.folder
    settings = yaml.safe_load(text)
    authority = Authority()
    authority.issue().install(folder)

    def walk(value, name=""):
        if isinstance(value, dict):
            for key, member in value.items():
                walk(member, key)
        elif re.search(r"_file$|client_ca$", name) and not Path(value).is_absolute():
            (folder / value).write_bytes(authority.root_pem if value.endswith(".pem") else b"a-secret-of-a-test\n")
            (folder / value).chmod(0o600)

    walk(settings)
    if settings.get("clients"):
        (folder / settings["clients"]).mkdir()
        service.clients_file.rename(folder / settings["clients"] / "site.yaml")
    if algorithm := settings.get("access_token", {}).get("algorithm"):
        (folder / "keys/rs256.pem").unlink()
        service.writ("keys", "generate", "--algorithm", algorithm)
    issuer = "" if "issuer" in settings else f"issuer: {'https' if 'tls' in settings else 'http'}://localhost:8080\n"
    (folder / "writ.yaml").write_text(f"{issuer}{text}")


def check(service, text):
    """A module and a token of a platform are in folders of the system, which may not have them."""
    result = service.shell("writ config check --running")
    if result.returncode:
        problems = [line for line in result.stderr.splitlines() if not re.match(r"error: \d+ problems$", line)]
        missing = [re.fullmatch(r"(?:error: )?(/\S+): cannot be read: no such file or directory", line) for line in problems]
        assert all(missing) and all(each[1] in text for each in missing), result.stderr
    return result.stderr


@each("settings")
def test_settings(own_service, block):
    text = rest(block)
    if "profile: fapi2" in text:
        # The client of `writ init` has a secret, which the profile does not allow. The page has others below.
        below = next(each for each in ALL if each.page == block.page and each.line > block.line)
        own_service.clients_file.write_text(filled_in(below.text))
    settle(own_service, text)
    check(own_service, text)


def filled_in(text):
    """The entries of clients with hashes and keys in place of what the page leaves out."""
    def octets(count):
        return base64.urlsafe_b64encode(bytes(count)).decode().rstrip("=")

    key = ECKey.generate_key("P-256").as_dict(private=False)
    text = text.replace("sha256:...", f"sha256:{octets(32)}").replace('x: "...", y: "..."', f'x: "{key["x"]}", y: "{key["y"]}"')
    text = re.sub(r"pbkdf2-sha256\$(.*?)\$SALT\$HASH", rf"pbkdf2-sha256$\1${octets(16)}${octets(32)}", text)
    text = re.sub(r"(scrypt\$.*?)\$SALT\$HASH", rf"\1${octets(16)}${octets(32)}", text)
    return text.replace("$2b$12$...", f"$2b$12${'a' * 21}e{'a' * 31}")


@each("clients")
def test_entries_of_clients(own_service, block):
    text = filled_in(rest(block))
    if text.startswith("- hash:"):
        text = "- client_id: imported\n  client_secrets:\n" + re.sub("(?m)^", "    ", text)
    if not text.startswith("clients:"):
        text = "clients:\n" + re.sub("(?m)^", "  ", text)
    names = re.findall(r"\bissuer: (\w+)", text)
    issuers = [{"name": name, "issuer": "https://token.actions.githubusercontent.com"} for name in names]
    (own_service.folder / "issuers.yaml").write_text(yaml.safe_dump({"issuers": issuers}))
    settle(own_service, "\n".join((
        "issuer: https://localhost:8443", "tls: { terminated: upstream, client_ca: ca.pem }",
        "trusted_proxies: { from: [127.0.0.1], field: x-forwarded-for, client_certificate: client-cert }\n")))
    if "client_secrets" not in text and "jwks" not in text and "identities" not in text and "tls_client" not in text:
        # The page has only what an operator writes beside the rest of the entry.
        text += filled_in('    client_secrets: [{ hash: "sha256:..." }]\n')
    own_service.clients_file.write_text(text)
    check(own_service, text)
    listed = json.loads(own_service.writ("clients", "list", "--json").stdout)
    assert [client["client_id"] for client in listed] == [client["client_id"] for client in yaml.safe_load(text)["clients"]]


@each("members")
def test_members_of_an_entry_and_of_the_file(own_service, block):
    indent = "" if block.text.startswith("removed:") else "    "
    with own_service.clients_file.open("a") as file:
        file.write(re.sub("(?m)^(?=.)", indent, block.text))
    own_service.writ("config", "check", "--running")


def merged(old, new):
    """What Kubernetes makes of an object and a part of one: lists of things with names are joined by the names."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{key: merged(old.get(key), value) for key, value in new.items()}}
    if isinstance(old, list) and isinstance(new, list):
        named = {item["name"]: item for item in old}
        return list({**named, **{item["name"]: merged(named.get(item["name"]), item) for item in new}}.values())
    return new


@each("kubernetes")
def test_parts_of_pods(block):
    part = yaml.safe_load(block.text)
    if "template" in part["spec"]:
        whole = merged(load(KUBERNETES / "deployment.yaml"), part)
        pod = whole["spec"]["template"]["spec"]
    else:
        pod = copy.deepcopy(part["spec"])
        pod["containers"][0]["image"] = "example.com/api:1.0"
        whole = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "api"}, "spec": pod}
    kubernetes_validate.validate(whole, kubernetes_validate.latest_version(), strict=True)
    assert len({container["name"] for container in pod["containers"]}) == 1
    assert {mount["name"] for mount in pod["containers"][0]["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}


def of_keys():
    """What Keys.md shows of its own: the names of files, the list of keys, and the two files of a key that stays elsewhere."""
    return [block for block in ALL if block.page == "Keys" and kind(block) == Path(__file__).name]


def test_the_list_of_keys(own_service):
    """As after a rotation, with other keys at another time."""
    def rows(text):
        until, since = re.findall(r"\d{4}-\d\d-\d\dT\S+Z", text)
        later = datetime.strptime(until, "%Y-%m-%dT%H:%M:%SZ") - datetime.strptime(since, "%Y-%m-%dT%H:%M:%SZ")
        text = re.sub(rf"\d{{8}}T\d{{6}}Z|{since}", "TIME", text.replace(until, str(later)))
        return [re.split(r" {2,}", line.strip())[1:] for line in text.splitlines()]

    own_service.writ("keys", "rotate")
    assert rows(of_keys()[1].text) == rows(own_service.writ("keys", "list").stdout)


def test_the_names_of_keys(own_service):
    """With the reference that the page shows. To list a key takes no PKCS#11 module, so that any path does."""
    files, _, reference = of_keys()
    folder = own_service.folder / "keys"
    (folder / "rs256.pem").unlink()
    names = {line.split()[0] for line in files.text.splitlines()}
    for name in names - {"xaes-256-gcm.sealing"}:
        public = "| openssl pkey -pubout" if name.endswith(".pub.pem") else ""
        own_service.shell(f"umask 077; openssl genrsa 2048 {public} > keys/{name}")
    shown = {file.partition("keys/")[2] for file in re.findall(r"^\$ .* (\S+)$", reference.text, re.M)}
    assert shown < names and "-----BEGIN PUBLIC KEY-----" in reference.text
    (uri,) = re.findall(r"^pkcs11:.*$", reference.text, re.M)
    (folder / next(name for name in shown if name.endswith(".key-uri"))).write_text(f"{uri}\n")
    listed = json.loads(own_service.writ("keys", "list", "--json", environment={"WRIT_PKCS11_MODULE": "/no/module.so"}).stdout)
    assert {file.name for file in folder.iterdir()} - {".writ-lock"} == names
    kids = [key["kid"] for key in listed]
    # A reference and its public half are one key.
    assert len(kids) == len(names) - 1 and {"old-1", "mine"} < set(kids)


def test_the_status_of_a_token(own_service):
    (block,) = (block for block in ALL if block.language == "json")
    own_service.start(WRIT_ACCESS_TOKEN_STATUS_LIST="on")
    shown = json.loads(f"{{{block.text}}}")["status"]["status_list"]
    actual = claims(own_service.access_token())["status"]["status_list"]
    actual["uri"] = actual["uri"].replace(own_service.issuer, "https://tokens.example.com")
    # Any place in any list.
    assert re.sub(r"\b\d+\b", "0", json.dumps(shown)) == re.sub(r"\b\d+\b", "0", json.dumps(actual))
