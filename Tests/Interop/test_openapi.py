"""The description that the service gives of itself, and schemathesis, which asks for everything that is in it.

WRIT_OPENAPI_CASES is the number of cases for each operation in each phase; without it there are few, and always the same.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import requests

from service import DEADLINE, RESOURCE, SCOPE, Service, clean_environment

# It comes with schemathesis, which needs Python 3.11.
jsonschema_rs = pytest.importorskip("jsonschema_rs")

CASES = int(os.environ.get("WRIT_OPENAPI_CASES", "0"))
SETTINGS = """
hooks = "openapi_hooks"

# 503 is described: the service has too much to do, or does not run yet.
[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", 503]

# What a client may not have is refused, though it is well formed; `good_forms` looks closer.
[checks.positive_data_acceptance]
expected-statuses = ["2xx", 304, 400, 401, 403, 404, 413, 501]

[checks.negative_data_rejection]
expected-statuses = ["4xx"]

[phases.coverage]
unexpected-methods = ["GET", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "TRACE", "QUERY"]
"""


class Description:
    """The document, and what it says of single answers."""

    def __init__(self, service):
        self.document = requests.get(f"{service.management}/openapi.json", timeout=DEADLINE).json()

    def check(self, answer, path):
        method = answer.request.method.lower()
        described = self.document["paths"][path][method]["responses"][str(answer.status_code)]
        for name, header in described["headers"].items():
            value = answer.headers[name]
            self.check_value(int(value) if name == "Retry-After" else value, f"{header['$ref']}/schema")
        if content := described.get("content"):
            [schema] = [content[name]["schema"] for name in content if answer.headers["Content-Type"].startswith(name)]
            is_json = answer.headers["Content-Type"].endswith("json")
            self.check_value(answer.json() if is_json else answer.text, schema)
        else:
            assert answer.content == b""

    def check_value(self, value, schema):
        schema = schema if isinstance(schema, dict) else {"$ref": schema}
        jsonschema_rs.Draft202012Validator({**schema, "components": self.document["components"]}).validate(value)


@pytest.fixture(scope="module")
def clients(tmp_path_factory):
    """A service that slows nobody down, with the clients that openapi_hooks.py speaks for."""
    with Service(tmp_path_factory.mktemp("writ")) as service:
        scope = "--scope", SCOPE, "--resource", RESOURCE
        rights = *scope, "--grant-type", "refresh_token", "--introspect"
        service.shell(
            "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out openapi-client.pem"
            " && openssl pkey -in openapi-client.pem -pubout -out openapi-client.pub.pem"
        )
        grant = "--grant-type", "urn:ietf:params:oauth:grant-type:jwt-bearer"
        service.writ("clients", "add", "by-key", *rights, *grant, "--jwks", "openapi-client.pub.pem")
        secrets = {"wrong-secret": "wrong"}
        for name, arguments in {"by-secret": rights, "without-rights": scope, "wrong-secret": rights}.items():
            added = json.loads(service.writ("clients", "add", name, *arguments, "--json").stdout)
            secrets.setdefault(name, added["client_secret"])
        (service.folder / "openapi-clients.json").write_text(json.dumps({"issuer": service.issuer, "secrets": secrets}))
        yield service.start(WRIT_THROTTLE_FAILURES="off", WRIT_THROTTLE_ADDRESS_FAILURES="off")


def ask(service, cases, *arguments):
    """Has schemathesis ask for what is described; gives how often each answer came.

    :param cases: for each operation and phase, unless more are wanted.
    """
    (service.folder / "schemathesis.toml").write_text(SETTINGS)
    chance = ["--generation-database", "none"] if CASES else ["--generation-deterministic"]
    environment = {"OPENAPI_TEST_FOLDER": str(service.folder), "PYTHONPATH": str(Path(__file__).parent) + os.pathsep + str(service.folder)}
    result = subprocess.run(
        [
            *(Path(sys.executable).with_name("schemathesis"), "--config-file", "schemathesis.toml"),
            *("run", f"{service.management}/openapi.json", "--checks", "all", "--max-examples", str(max(cases, CASES))),
            *("--no-color", *chance, *arguments),
        ],
        cwd=service.folder,
        env=clean_environment({**environment, "PYTHONDONTWRITEBYTECODE": "1"}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=max(300, 2 * CASES),
    )
    print(result.stdout)
    assert result.returncode == 0, "schemathesis found something"
    return json.loads((service.folder / "openapi-answers.json").read_text())


def test_the_service_is_as_it_says(clients):
    count = Counter()
    for method, path, status, media_type, content, number in ask(clients, 40):
        count.update({"all": number, (method, path, status): number})
    assert count["all"] > max(500, 5 * CASES)
    # It came as far as there is something to see.
    documents = [path for path in Description(clients).document["paths"] if "/.well-known/" in path]
    assert len(documents) == 3
    for answer in [
        *(("POST", "/oauth2/token", status) for status in (200, 400, 401, 415)),
        *(("POST", "/oauth2/introspect", status) for status in (200, 400, 401, 403, 415)),
        *((method, path, status) for method in ("GET", "HEAD") for path in documents for status in (200, 304)),
        *(("GET", path, 200) for path in ("/healthz", "/readyz", "/metrics")),
        *((method, "/oauth2/token", 405) for method in ("GET", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "QUERY")),
    ]:
        assert count[answer], answer


def test_what_is_issued_can_be_used_as_it_says(clients):
    """Along the links of the document."""
    expected = [
        *(("/oauth2/token", content) for content in ("client_credentials", "refresh_token")),
        *(("/oauth2/introspect", content) for content in ("Bearer", "DPoP", "N_A")),
        *(("/oauth2/introspect", media_type) for media_type in ("application/json", "application/token-introspection+jwt")),
    ]
    count = Counter()
    # Which links it follows is left to chance even where nothing else is, and now and then a run is short.
    for _ in range(5):
        for _, path, _, media_type, content, number in ask(clients, 100, "--phases", "stateful", "--include-tag", "tokens"):
            count.update({(path, media_type): number, (path, content): number})
        if all(count[answer] for answer in expected):
            return
    assert not [answer for answer in expected if not count[answer]]


def test_refusals_that_take_more(own_service):
    """The ones for which schemathesis does not ask too much, and not often enough."""
    own_service.start()
    description = Description(own_service)
    for path in ("/oauth2/token", "/oauth2/introspect"):
        url = own_service.issuer + path
        large = requests.post(url, data={"token": "a" * 16384}, timeout=DEADLINE)
        assert large.status_code == 413
        description.check(large, path)
    form = {"grant_type": "client_credentials", "client_id": own_service.client_id, "client_secret": "wrong"}
    statuses = set()
    for _ in range(20):
        answer = requests.post(own_service.token_endpoint, data=form, timeout=DEADLINE)
        description.check(answer, "/oauth2/token")
        statuses.add(answer.status_code)
    assert statuses == {401, 429}


def test_it_knows_the_paths_of_the_service(own_service):
    """Under an issuer with a path, with a token endpoint elsewhere."""
    configuration = own_service.folder / "writ.yaml"
    text = configuration.read_text().replace(own_service.issuer, f"{own_service.issuer}/tenant")
    configuration.write_text(f"{text}token_path: /index.php\n")
    own_service.start(WRIT_ACCESS_TOKEN_ALGORITHM="RS256")
    description = Description(own_service)
    paths = description.document["paths"]
    assert paths.keys() >= {"/index.php", "/tenant/oauth2/introspect", "/.well-known/oauth-authorization-server/tenant"}
    for path, item in paths.items():
        url = (own_service.management if "servers" in item else own_service.issuer) + path
        for method in item.keys() & {"get", "head", "post"}:
            description.check(requests.request(method, url, timeout=DEADLINE), path)
    token = requests.post(
        f"{own_service.issuer}/index.php",
        data={"grant_type": "client_credentials"},
        auth=(own_service.client_id, own_service.client_secret),
        timeout=DEADLINE,
    )
    assert token.status_code == 200
    description.check(token, "/index.php")
