"""What each resource says to methods that it does not have, and to HEAD: RFC 9110 section 9."""

import re

import pytest

from raw_http import CLOSE, RawConnection, assert_serves, get, only_status, request


RESOURCES = {
    "/oauth2/token": {"POST"},
    "/oauth2/introspect": {"POST"},
    "/.well-known/jwks.json": {"GET", "HEAD", "OPTIONS"},
    "/.well-known/oauth-authorization-server": {"GET", "HEAD", "OPTIONS"},
    "/.well-known/openid-configuration": {"GET", "HEAD", "OPTIONS"},
    "/nothing": set(),
}
MANAGEMENT = {path: {"GET", "HEAD"} for path in ("/healthz", "/readyz", "/metrics", "/clients/last-used", "/openapi.json")}
PLACES = [("issuer", path) for path in RESOURCES] + [("management", path) for path in MANAGEMENT]


def ask(service, listener, method, path):
    with RawConnection(service, listener=listener) as connection:
        connection.send(request(method.encode(), path.encode(), CLOSE, b"A: $secret"))
        [answer] = connection.answers(method)
    return answer


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "PATCH", "PROPFIND"])
@pytest.mark.parametrize("listener, path", PLACES)
def test_of_each_resource(service, listener, path, method):
    answer = ask(service, listener, method, path)
    allowed = (RESOURCES | MANAGEMENT)[path]
    # RFC 9110 section 9.3.8: TRACE must not give back what only the client should know.
    assert b"$secret" not in answer.body
    if method in allowed:
        assert answer.status == (204 if method == "OPTIONS" else 200)
    elif not allowed:
        assert answer.status == 404
    else:
        # Section 15.5.6: it says which would do.
        assert answer.status in (405, 501)
        assert set(re.split(", *", answer.fields["allow"])) == allowed
    assert_serves(service)


@pytest.mark.parametrize("listener, path", [place for place in PLACES if place[1] != "/metrics"])
def test_head_is_get_without_a_body(service, listener, path):
    """Section 9.3.2. What two requests never have in common is left out."""
    head, whole = (ask(service, listener, method, path) for method in ("HEAD", "GET"))
    assert (head.status, head.body) == (whole.status, b"")
    varying = {"date", "x-request-id"}
    assert head.fields.keys() == whole.fields.keys()
    for name in head.fields.keys() - varying:
        assert head.fields[name] == whole.fields[name]


def test_options_of_the_server(service):
    """Section 9.3.7: the target is no resource, so there is nothing that could not be found."""
    assert only_status(service, get(CLOSE, method=b"OPTIONS", target=b"*")) in (200, 204, 405, 501)


# RFC 9112 section 3.2.4: only OPTIONS has it.
@pytest.mark.parametrize("method", [b"GET", b"TRACE", b"POST"], ids=bytes.decode)
def test_asterisk_without_options(service, method):
    octets = get(CLOSE, b"Content-Length: 0", method=method, target=b"*")
    assert only_status(service, octets) in (400, 404, 405)
