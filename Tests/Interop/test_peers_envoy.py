"""Envoy, with the configuration of Documentation/Verifying.md, over TLS."""

import pytest

from authority import Authority
from forge import Forge, check
from peers import answers, asks_for_a_token, check_retired_key, needs, program, snippet, status
from service import free_addresses, wait_until
from test_tls import SecureService

pytestmark = needs("envoy")


@pytest.fixture(scope="module")
def secure_service(tmp_path_factory):
    with SecureService(tmp_path_factory.mktemp("writ"), Authority()) as service:
        yield service.start()


def envoy(service, folder, name, **replacements):
    """Envoy, which answers 200 itself to what it lets pass."""
    address = free_addresses(1)[0]
    host, port = address.split(":")
    _, writ = service.address.split(":")
    text = snippet(
        "yaml envoy",
        service,
        **{
            "address: 0.0.0.0, port_value: 8080": f"address: {host}, port_value: {port}",
            "route: { cluster: api }": "direct_response: { status: 200 }",
            "address: tokens.example.com, port_value: 443": f"address: 127.0.0.1, port_value: {writ}",
            "tokens.example.com": "localhost",
            "/etc/ssl/certs/ca-certificates.crt": str(service.ca_file),
            **replacements,
        },
    )
    (folder / f"{name}.yaml").write_text(text)
    command = ["envoy", "--config-path", f"{name}.yaml", "--use-dynamic-base-id", "--concurrency", "1"]
    return program(folder, command, lambda: asks_for_a_token(f"http://{address}/"), name), f"http://{address}/"


def test_envoy(secure_service, tmp_path):
    forge = Forge(secure_service)
    server, url = envoy(secure_service, tmp_path, "envoy")
    brief, brief_url = envoy(secure_service, tmp_path, "brief", **{"cache_duration: 300s": "cache_duration: 1s"})
    with server, brief:
        check(forge, lambda token: answers(url, token))
        assert not answers(url, forge.token(scope="site.reading"))
        assert answers(url, forge.token(scope="other site.read more"))
        assert answers(url, forge.token(aud=["https://other.example.com", forge.claims["aud"]]))
        # A second field does not hide behind the first.
        assert status(url, forge.token(), "a.b.c") == 401

        old = secure_service.access_token()
        assert answers(brief_url, old)
        check_retired_key(secure_service, {"Envoy": lambda token: answers(url, token)})
        # Once the time that the configuration gives is over it follows.
        wait_until("the old key is refused", lambda: not answers(brief_url, old))
        assert answers(brief_url, secure_service.access_token())

