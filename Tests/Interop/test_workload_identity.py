"""The recipes of WorkloadIdentity.md: the YAML of both sides and the client's line, with each platform's documented claims."""

import json
import re
import shutil
import subprocess
import time
from pathlib import Path

import jwt
import pytest
import yaml
from joserfc.jwk import ECKey, RSAKey

from authority import Authority
from oidc_issuer import platform
from service import DEADLINE, clean_environment

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "Documentation/WorkloadIdentity.md").read_text()
PLATFORMS = re.findall(r"^```yaml issuers (\w+)$", PAGE, re.MULTILINE)
ISSUER = "https://tokens.example.com"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
KEYS = {
    "RS256": lambda: RSAKey.generate_key(2048, {"kid": "k1"}), "ES256": lambda: ECKey.generate_key("P-256", {"kid": "k1"}),
    "ES384": lambda: ECKey.generate_key("P-384", {"kid": "k1"}),
}
# The places of keys, which are on the platform.
PLACES = ("keys", "jwks_uri", "spiffe_bundle", "ca_file", "bearer_token_file")


def section(name):
    (found,) = [each for each in PAGE.split("\n## ") if f"```yaml issuers {name}\n" in each]
    return found


def block(text, name):
    return re.search(rf"^```yaml {name}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE).group(1)


def client_line(text):
    """The client's curl with the token endpoint, in one line, with the token from standard input."""
    pattern = r"curl [^|]*https://tokens\.example\.com/oauth2/token.*?assertion@\S+"
    found = re.search(pattern, text, re.DOTALL).group(0)
    return re.sub(r"assertion@\S+", "assertion@-", re.sub(r"\\?\n\s*", " ", found))


def ask(service, line, token):
    """The answer to a client's line of the page."""
    result = subprocess.run(
        ["sh", "-c", line.replace(ISSUER, service.issuer)], input=token, capture_output=True, encoding="utf-8",
        env=clean_environment({}), timeout=DEADLINE,
    )
    return json.loads(result.stdout)


def claims_of(answer):
    return jwt.decode(answer["access_token"], options={"verify_signature": False})


class Recipe:
    """A recipe's entries, with a key of the test in place of the platform's, and a token with the documented claims."""

    def __init__(self, service, name):
        text = section(name).replace(ISSUER, service.issuer)
        documented = json.loads((ROOT / f"Tests/Exchanges/identities/{name}.json").read_text())
        (entry,) = yaml.safe_load(block(text, f"issuers {name}"))["issuers"]
        (self.client,) = yaml.safe_load(block(text, f"clients {name}"))["clients"]
        self.header, self.claims = documented["header"], documented["claims"]
        self.key = KEYS[self.header["alg"]]()
        is_bundle = "spiffe_bundle" in entry
        for place in PLACES:
            entry.pop(place, None)
        use = "jwt-svid" if is_bundle else "sig"
        (service.folder / f"{name}.keys").write_text(json.dumps({"keys": [{**self.key.as_dict(private=False), "use": use}]}))
        entry["spiffe_bundle" if is_bundle else "jwks_file"] = f"{name}.keys"
        (service.folder / "issuers.yaml").write_text(json.dumps({"issuers": [entry]}))
        with service.clients_file.open("a") as file:
            file.write(f"  - {json.dumps(self.client)}\n")
        later = int(time.time()) - self.claims["iat"]
        times = {each: self.claims[each] + later for each in ("iat", "nbf", "exp") if each in self.claims}
        self.claims = {**self.claims, **times, "aud": entry.get("audience", service.issuer)}

    def token(self, **changes):
        header = {**self.header, "kid": "k1"}
        return jwt.encode({**self.claims, **changes}, self.key.as_pem(private=True), header.pop("alg"), header)


def test_there_is_a_recipe_for_each_platform():
    assert PLATFORMS == ["kubernetes", "github", "gitlab", "aws", "google", "azure", "spire"]


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_recipe_gets_a_token(own_service, name):
    recipe = Recipe(own_service, name)
    own_service.writ("config", "check")
    (own_service.folder / "token").write_text(recipe.token())
    tried = json.loads(own_service.writ("issuers", "test", "--token-file", "token", "--json").stdout)
    assert tried["client_id"] == recipe.client["client_id"]
    own_service.start()
    line = client_line(section(name))
    claims = claims_of(ask(own_service, line, recipe.token()))
    assert (claims["sub"], claims["scope"]) == (recipe.client["client_id"], recipe.client["scope"])
    for copy, path in recipe.client.get("claims_from_identity", {}).items():
        assert claims[copy], path
    # Another workload of the same platform.
    (identity,) = recipe.client["identities"]
    changed = {"sub": f"{recipe.claims['sub']}x"} if "subject" in identity else dict.fromkeys(identity["claims"], "75")
    assert ask(own_service, line, recipe.token(**changed))["error"] == "invalid_client"


@pytest.fixture
def example(own_service):
    """A service with the example of the page, the platform that it trusts, and the files that it names."""
    issuers, clients = re.findall(r"^```yaml\n# (?:issuers|clients)\.yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    with platform() as ci:
        (own_service.folder / "ca.pem").write_bytes(Authority().root_pem)
        (own_service.folder / "ci.jwks").write_text(json.dumps(ci.key_set()))
        (own_service.folder / "api-token").write_text("secret\n")
        (own_service.folder / "api-token").chmod(0o600)
        (own_service.folder / "issuers.yaml").write_text(issuers.replace(ISSUER, own_service.issuer))
        with own_service.clients_file.open("a") as file:
            file.write(clients.partition("clients:\n")[2])
            file.write(f"    grant_types: [client_credentials, {json.dumps(GRANT)}]\n")
        yield own_service, ci


def test_every_member_of_the_example_is_one(example):
    service, _ = example
    service.writ("config", "check")
    (shown,) = json.loads(service.writ("issuers", "list", "--json").stdout)
    assert (shown["name"], shown["issuer"], shown["keys"]) == ("ci", "https://ci.example.com", "discovery")
    assert (shown["longest_lifetime"], shown["leeway"], shown["single_use"]) == ("1h", "30s", False)
    (line,) = re.findall(r"`writ (clients add build .*?)`", PAGE)
    service.writ(*line.replace("build", "again", 1).split())
    assert json.loads(service.writ("clients", "show", "again", "--json").stdout)["identities"] == [
        {"issuer": "ci", "subject": "project:42", "claims": {"ref": "main"}}
    ]


def test_both_lines_of_the_example(example):
    service, ci = example
    file = service.folder / "issuers.yaml"
    # The keys of the platform are in a file here: it has another address than the example's.
    file.write_text(re.sub(r"^    (keys|ca_file|bearer_token_file): .*\n", "", file.read_text(), flags=re.MULTILINE))
    file.write_text(file.read_text().replace("# jwks_file", "jwks_file"))
    service.start()
    ways = re.search(r"\*\*Two ways in\.\*\*.*?\n\n`client_id`", PAGE, re.DOTALL).group(0)
    lines = re.findall(r"^    curl .*?TOKEN-FILE$", ways, re.DOTALL | re.MULTILINE)
    assert len(lines) == 2
    claims = {"iss": "https://ci.example.com", "sub": "project:42", "ref": ["x", "release"], "build": {"stage": "deploy"}}
    for line in map(client_line, lines):
        got = claims_of(ask(service, line, ci.token(service.issuer, project_name="site", **claims)))
        assert (got["sub"], got["project"]) == ("build", "site")


@pytest.mark.skipif(shutil.which("jq") is None, reason="there is no jq")
@pytest.mark.parametrize("name", ["github", "gitlab"])
def test_a_job_gets_a_token_with_the_lines_of_the_page(own_service, name):
    """The whole script of the job, with a server of GitHub's address for tokens, or with GitLab's variable."""
    recipe = Recipe(own_service, name)
    own_service.start()
    job = yaml.safe_load(block(section(name).replace(ISSUER, own_service.issuer), name))
    variables = own_service.folder / "variables"
    if name == "gitlab":
        (job,) = job.values()
        assert job["id_tokens"] == {"WRIT_IDENTITY": {"aud": own_service.issuer}}
        script, environment = "\n".join([*job["script"], 'echo "TOKEN=$TOKEN" > variables']), {"WRIT_IDENTITY": recipe.token()}
        result = own_service.shell(script, environment)
    else:
        assert job["permissions"] == {"id-token": "write"}
        ((step,),) = (each["steps"] for each in job["jobs"].values())
        with platform() as github:
            path = f"/token?version=1&audience={own_service.issuer}"
            github.answers[path] = lambda handler: handler.reply({"value": recipe.token()})
            result = own_service.shell(step["run"], {
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-job", "GITHUB_ENV": str(variables),
                "ACTIONS_ID_TOKEN_REQUEST_URL": f"{github.identifier}/token?version=1"})
            assert [fields["Authorization"] for _, fields in github.seen] == ["Bearer of-the-job"]
    assert result.returncode == 0, result.stdout + result.stderr
    # The environment of the job is that of which the client asks.
    (identity,) = recipe.client["identities"]
    assert (job.get("environment") or job["jobs"]["deploy"]["environment"]) == identity["claims"]["environment"]
    assert claims_of({"access_token": variables.read_text().strip().partition("=")[2]})["sub"] == recipe.client["client_id"]


def test_a_refused_token_is_explained_as_on_the_page(own_service):
    recipe = Recipe(own_service, "github")
    (own_service.folder / "token.jwt").write_text(recipe.token(environment="staging"))
    ((line, expected),) = re.findall(r"^    \$ (writ issuers test .*)\n((?:    .*\n)+)", PAGE, re.MULTILINE)
    result = own_service.shell(line)
    assert result.returncode == 1
    assert result.stderr == re.sub("(?m)^    ", "", expected)
