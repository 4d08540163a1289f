"""Who is on the other end: the address that a request came from, behind proxies that append it to a field."""

import json

import pytest

from raw_http import CLOSE, LENGTH, RawConnection, fill, post
from service import Service

# The proxy is this machine, and behind it may be others.
PROXIES = "127.0.0.1/32, 10.0.0.0/8"
# What makes one character of a separator beside it, and what Unicode takes for a separator or a letter.
MARKS = [mark.encode() for mark in ("\u0600", "\u0301", "\u200d", "\u212a", "\u037e", "\u1fef")] + [b"\xff"]


@pytest.fixture(scope="module", params=["x-forwarded-for", "forwarded"])
def field(request):
    return request.param


@pytest.fixture(scope="module")
def proxied(field, tmp_path_factory):
    """A service that believes this field."""
    with Service(tmp_path_factory.mktemp("writ")) as service:
        service.start(WRIT_TRUSTED_PROXIES_FROM=PROXIES, WRIT_TRUSTED_PROXIES_FIELD=field)
        yield service


def answer(service, *fields: bytes):
    with RawConnection(service) as connection:
        connection.send(fill(service, post(LENGTH, CLOSE, *fields)))
        return connection.answer()


def origin(service, *fields: bytes) -> str:
    """The address in the log of a request for a token with these fields."""
    found = answer(service, *fields)
    assert found.status == 200, found
    return json.loads(service.wait_for_log(found.fields["x-request-id"])[0])["address"]


def line(field: str, *addresses: str) -> bytes:
    """One line of the field with these addresses."""
    if field == "forwarded":
        return f"Forwarded: {', '.join(f'for={address}' for address in addresses)}".encode()
    return f"X-Forwarded-For: {', '.join(addresses)}".encode()


class TestEitherField:
    def test_the_last_address_that_is_no_proxy_counts(self, proxied, field):
        assert origin(proxied, line(field, "192.0.2.7")) == "192.0.2.7"
        assert origin(proxied, line(field, "203.0.113.5", "192.0.2.7", "10.1.1.1")) == "192.0.2.7"
        assert origin(proxied, line(field, "203.0.113.5"), line(field, "192.0.2.7"), line(field, "10.1.1.1")) == "192.0.2.7"
        assert origin(proxied) == "127.0.0.1"

    def test_the_other_field_is_ignored(self, proxied, field):
        other = "forwarded" if field == "x-forwarded-for" else "x-forwarded-for"
        assert origin(proxied, line(field, "192.0.2.7"), line(other, "203.0.113.5")) == "192.0.2.7"
        assert origin(proxied, line(other, "203.0.113.5")) == "127.0.0.1"

    def test_empty_elements_are_ignored(self, proxied, field):
        assert origin(proxied, line(field, "192.0.2.7") + b",") == "192.0.2.7"
        assert origin(proxied, line(field, "192.0.2.7") + b",,", line(field, "10.0.0.1") + b" ,") == "192.0.2.7"

    def test_an_element_that_is_no_address_ends_the_search(self, proxied, field):
        assert origin(proxied, line(field, "203.0.113.5", "unknown", "10.1.1.1")) == "10.1.1.1"
        assert origin(proxied, line(field, "203.0.113.5", "_hidden")) == "127.0.0.1"

    @pytest.mark.parametrize("mark", MARKS, ids=lambda mark: mark.hex())
    def test_what_a_client_has_written_changes_nothing(self, proxied, field, mark):
        """The proxy appends its own element to what it was sent."""
        own = line(field, "192.0.2.7").partition(b": ")[2]
        for forged in ["203.0.113.5:", "203.0.113.5", '"203.0.113.5', '203.0.113.5;host="', '"[2001:db8::5]"', ""]:
            start = line(field, forged) + mark
            assert origin(proxied, start + b", " + own) == "192.0.2.7", (forged, mark)
            assert origin(proxied, start, line(field, "192.0.2.7")) == "192.0.2.7", (forged, mark)

    def test_many_addresses_are_not_read(self, proxied, field):
        """Not even if all of them are proxies: the last of 64 counts."""
        assert origin(proxied, line(field, "192.0.2.7", *["10.0.0.2"] * 63)) == "192.0.2.7"
        assert origin(proxied, line(field, "192.0.2.7", *["10.0.0.2"] * 64)) == "10.0.0.2"

    @pytest.mark.parametrize("mark", MARKS, ids=lambda mark: mark.hex())
    def test_guesses_count_for_the_address_that_the_proxy_names(self, own_service, field, mark):
        own_service.start(
            WRIT_TRUSTED_PROXIES_FROM=PROXIES, WRIT_TRUSTED_PROXIES_FIELD=field, WRIT_THROTTLE_WINDOW="1h"
        )
        own_service.client_secret = "wrong"
        own = line(field, "192.0.2.7").partition(b": ")[2]
        forged = [line(field, f"203.0.113.{number}:") + mark + b", " + own for number in range(12)]
        assert [answer(own_service, each).status for each in forged] == [401] * 10 + [429] * 2


@pytest.fixture
def forwarded(own_service):
    return own_service.start(WRIT_TRUSTED_PROXIES_FROM=PROXIES, WRIT_TRUSTED_PROXIES_FIELD="forwarded")


def test_separators_in_quoted_strings_are_text(forwarded):
    """A proxy that names the host writes what the client has sent as Host."""
    for host in [r"x,for=203.0.113.66", r"x;for=203.0.113.66", r"a,b", r"a\",for=203.0.113.66;x=\"b", r"\\", ""]:
        fields = f'Forwarded: for=192.0.2.7;host="{host}";proto=https', f'Forwarded: host="{host}";FOR="192.0.2.7:80"'
        for each in fields:
            assert origin(forwarded, each.encode()) == "192.0.2.7", each


class TestConfiguration:
    """What the operator learns of it."""

    LIST = "trusted_proxies names no field: x-forwarded-for is believed, and forwarded is ignored"
    UPSTREAM = "tls is terminated-upstream without trusted_proxies: all clients have the proxy's address"

    @staticmethod
    def write(service, lines):
        with (service.folder / "writ.yaml").open("a") as file:
            file.write(lines)

    def test_a_plain_list_believes_one_field_and_says_so(self, own_service):
        self.write(own_service, "trusted_proxies: [127.0.0.1]\n")
        assert self.LIST in own_service.writ("config", "check").stderr
        own_service.start()
        own_service.wait_for_log(self.LIST)
        assert origin(own_service, line("x-forwarded-for", "192.0.2.7")) == "192.0.2.7"
        assert origin(own_service, line("forwarded", "192.0.2.7")) == "127.0.0.1"

    def test_a_field_that_is_named_is_no_reason_for_a_warning(self, own_service):
        self.write(own_service, "trusted_proxies: { from: [127.0.0.1], field: forwarded }\n")
        assert "warning" not in own_service.writ("config", "check").stderr
        own_service.start()
        own_service.wait_for_log('"Listening"')
        assert '"level":"warning"' not in own_service.log
        assert origin(own_service, line("forwarded", "192.0.2.7")) == "192.0.2.7"

    def test_a_proxy_that_ends_tls_and_is_not_named_is_warned_about(self, own_service):
        environment = {"WRIT_ISSUER": "https://tokens.example.com"}
        self.write(own_service, "tls: terminated-upstream\n")
        checked = own_service.writ("config", "check", environment=environment).stderr
        assert self.UPSTREAM in checked
        assert "trusted_proxies: { from: [10.0.0.0/8], field: x-forwarded-for }" in checked
        own_service.start(**environment)
        own_service.wait_for_log(self.UPSTREAM)

    @pytest.mark.parametrize(
        "text, problem",
        [
            ("{ from: [10.0.0.0/8], field: x-real-ip }", "trusted_proxies.field is neither x-forwarded-for nor forwarded"),
            ("{ field: forwarded }", "trusted_proxies.field comes without trusted_proxies.from"),
            ("{ from: [10.0.0.1/8], field: forwarded }", "trusted_proxies.from has bits set after its prefix"),
        ],
    )
    def test_mistakes_are_refused(self, own_service, text, problem):
        self.write(own_service, f"trusted_proxies: {text}\n")
        assert problem in own_service.writ("serve", status=1).stderr
