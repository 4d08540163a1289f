import base64
import os
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import requests

# Their assertions show values as those of tests do.
pytest.register_assert_rewrite("forge", "peers")

from service import BINARY, CONFIDENTIAL, Service, sent_credentials

# The service is on this machine, and speaks plain HTTP here: libraries must neither use a proxy nor insist on TLS.
# What script/setup keeps for the tests.
os.environ["PATH"] += os.pathsep + str(Path(__file__).parents[2] / ".build/tools")
os.environ.update(NO_PROXY="127.0.0.1", no_proxy="127.0.0.1", OAUTHLIB_INSECURE_TRANSPORT="1")


# What takes minutes, or a machine with nothing else to do: they measure time, or wait for it to pass.
DEMANDING = [
    *("test_faults_clocks.py", "test_faults_clock_keys.py", "test_faults_descriptors.py", "test_faults_dumps.py"),
    *("test_faults_memory.py", "test_faults_stalls.py", "test_http_edge_deadlines.py", "test_slowhttptest.py"),
]
collect_ignore = [] if os.environ.get("WRIT_FAULTS") else DEMANDING


# The files that take longest come first: else one process would still run one of them when the others have ended.
LONGEST = [
    *("test_consumer.py", "test_client_state.py", "test_keys_elsewhere.py", "test_issuers.py", "test_packages.py"),
    *("test_keys_outages.py", "test_console.py", "test_status_lists.py", "test_state_parts.py", "test_deployment.py"),
]


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


def pytest_sessionstart(session):
    if not BINARY.is_file():
        pytest.exit(f"there is no {BINARY}: build it, or set WRIT_BINARY", returncode=4)


def basic_secret(credentials):
    """What stands behind the colon; nothing in what is no base64, which tests send too."""
    try:
        return base64.b64decode(credentials + "==").partition(b":")[2].decode("utf-8", "replace")
    except ValueError:
        return ""


@pytest.fixture(scope="session", autouse=True)
def remember_credentials():
    """Every credential that a test, or a library that stands on requests, sends, right or wrong: no log may hold it.

    What is known by its looks is looked for by its looks, and what is short is a word that a log may hold.
    """
    send = requests.Session.send

    def remember(session, request, **options):
        body = request.body or ""
        form = parse_qs(body if isinstance(body, str) else body.decode("utf-8", "replace"))
        names = ("client_secret", "client_assertion", "assertion", "refresh_token", "token")
        values = {value for name in names for value in form.get(name, [])}
        scheme, _, credentials = (request.headers.get("Authorization") or "").partition(" ")
        values.add(credentials)
        if scheme == "Basic":
            values.add(basic_secret(credentials))
        sent_credentials.update(value for value in values if len(value) >= 12 and not CONFIDENTIAL.match(value))
        return send(session, request, **options)

    requests.Session.send = remember
    yield
    requests.Session.send = send


@pytest.fixture(scope="module", autouse=True)
def forget_credentials():
    """What one module sends as a secret may be a name in another's, and which of them share a process is left to chance."""
    sent_credentials.clear()
    yield
    for service in shared_services:
        service.assert_log_holds_no_secret()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        for service in item.funcargs.values():
            if isinstance(service, Service):
                end = "\n".join(service.log.splitlines()[-30:])
                report.sections.append((f"end of {service.log_file}", end))
    return report


# The services that live longer than a module.
shared_services: list[Service] = []


@contextmanager
def shared_service(folder):
    with Service(folder) as service:
        shared_services.append(service)
        yield service
        shared_services.remove(service)


@pytest.fixture(scope="session")
def service(tmp_path_factory):
    """The service just as `writ init` sets it up, running, for all tests that leave it as it is."""
    with shared_service(tmp_path_factory.mktemp("writ")) as service:
        yield service.start()


@pytest.fixture(scope="module")
def module_service(tmp_path_factory):
    """A running service for the tests of one module, whose last test may retire its key."""
    with Service(tmp_path_factory.mktemp("writ")) as service:
        yield service.start()


@pytest.fixture
def own_service(tmp_path_factory):
    """A working folder for one test, which starts the service when it likes."""
    with Service(tmp_path_factory.mktemp("writ")) as service:
        yield service


@pytest.fixture(scope="session", params=["RS256", "PS256", "ES256", "EdDSA"])
def algorithm(request):
    return request.param


@pytest.fixture(scope="session")
def signing_service(algorithm, tmp_path_factory):
    """A running service that signs with the algorithm."""
    with shared_service(tmp_path_factory.mktemp(algorithm)) as service:
        service.writ("keys", "generate", "--algorithm", algorithm)
        yield service.start(WRIT_ACCESS_TOKEN_ALGORITHM=algorithm)
