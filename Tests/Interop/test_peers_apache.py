"""mod_auth_openidc, with the configurations of Documentation/Verifying.md, over TLS: it takes no other URLs."""

import pytest

from apache import APACHE_MODULES, apache
from authority import Authority
from forge import TYPES, Forge, check
from peers import answers, check_retired_key, introspector, needs, snippet
from test_tls import SecureService

pytestmark = needs(APACHE_MODULES / "mod_auth_openidc.so")


@pytest.fixture(scope="module")
def secure_service(tmp_path_factory):
    with SecureService(tmp_path_factory.mktemp("writ"), Authority()) as service:
        yield service.start()


def server(service, folder, text):
    return apache(folder, "auth_openidc", f"OIDCCABundlePath {service.ca_file}\n{text}")


@pytest.fixture(scope="module")
def offline(secure_service, tmp_path_factory):
    with server(secure_service, tmp_path_factory.mktemp("offline"), snippet("apache openidc", secure_service)) as url:
        yield url


@pytest.fixture(scope="module")
def introspecting(secure_service, tmp_path_factory):
    client, secret = introspector(secure_service)
    names = {"OIDCOAuthClientID api": f"OIDCOAuthClientID {client}", "writ_cs_...": secret}
    text = snippet("apache openidc-introspection", secure_service, **names)
    with server(secure_service, tmp_path_factory.mktemp("introspection"), text) as url:
        yield url


def test_offline(secure_service, offline):
    forge = Forge(secure_service)
    # No rule of it can require a number.
    check(forge, lambda token: answers(offline, token), but_also=[*TYPES, "no-expiry", "expiry-null"])
    assert not answers(offline, forge.token(scope="site.reading"))


def test_introspection(secure_service, introspecting):
    forge = Forge(secure_service)
    check(forge, lambda token: answers(introspecting, token))
    assert not answers(introspecting, forge.token(scope="site.reading"))


def test_a_retired_key(secure_service, offline, introspecting):
    verifiers = {
        "mod_auth_openidc": lambda token: answers(offline, token),
        "mod_auth_openidc, introspection": lambda token: answers(introspecting, token),
    }
    check_retired_key(secure_service, verifiers)
