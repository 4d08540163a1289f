"""What /metrics tells: read with Prometheus's own Python parser, compared with what was asked, and with the kernel."""

import base64
import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import time
from collections import Counter
from datetime import datetime, timedelta, timezone
from urllib.parse import urlencode

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from balancer import Load
from service import BINARY, DEADLINE, SCOPE, Service, clean_environment, wait_until

COUNTERS = {
    "writ_token_requests_total",
    "writ_introspection_requests_total",
    "writ_refusals_total",
    "writ_dpop_proofs_total",
    "writ_requests_shed_total",
    "writ_requests_throttled_total",
    "writ_requests_refused_total",
    "writ_connections_refused_total",
    "writ_tls_handshakes_failed_total",
    "writ_log_lines_dropped_total",
    "writ_reloads_total",
    "process_cpu_seconds_total",
}
HISTOGRAMS = {"writ_request_duration_seconds", "writ_signing_queue_wait_seconds"}
GAUGES = {
    "writ_build_info",
    "writ_ready",
    "writ_clients",
    "writ_issuers",
    "writ_signing_queue_depth",
    "writ_signing_queue_capacity",
    "writ_last_reload_successful",
    "writ_last_reload_timestamp_seconds",
    "writ_key_state",
    "writ_key_next_change_timestamp_seconds",
    "writ_client_last_used_timestamp_seconds",
    "writ_client_uses_since_timestamp_seconds",
    "writ_client_secret_expiry_timestamp_seconds",
    "writ_first_secret_expiry_timestamp_seconds",
    "writ_open_connections",
    "process_resident_memory_bytes",
    "process_virtual_memory_bytes",
    "process_open_fds",
    "process_max_fds",
    "process_start_time_seconds",
    "process_threads",
}
SECRETS = re.compile(r"writ_cs_[\w-]{20,}|writ_rt_[\w-]{20,}|eyJ[\w-]*\.eyJ[\w-]*\.")


class Scrape:
    """One answer of /metrics."""

    def __init__(self, service):
        answer = requests.get(f"{service.management}/metrics", timeout=DEADLINE)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        self.text = answer.text
        self.families = list(text_string_to_metric_families(self.text))
        self.samples = Counter()
        for family in self.families:
            for sample in family.samples:
                # To Prometheus, an empty label is none.
                labels = frozenset((name, value) for name, value in sample.labels.items() if value)
                assert (sample.name, labels) not in self.samples, f"{sample} stands there twice"
                self.samples[sample.name, labels] = sample.value

    def value(self, name, **labels) -> float:
        """Of the sample with exactly these labels; 0 where there is none."""
        return self.samples[name, frozenset(labels.items())]

    def labelled(self, name) -> list[tuple[dict, float]]:
        return [(dict(labels), value) for (each, labels), value in self.samples.items() if each == name]

    def since(self, before, name) -> Counter:
        """How much the counters of this name have grown, by their labels."""
        difference = {
            labels: value - before.samples[each, labels] for (each, labels), value in self.samples.items() if each == name
        }
        return Counter({labels: value for labels, value in difference.items() if value})


@contextlib.contextmanager
def counted(service, name, *expected):
    """The counters of this name grow by exactly one for each of the expected sets of labels."""
    before = Scrape(service)
    yield
    labels = [{label: value for label, value in each.items() if value is not None} for each in expected]
    expectation = Counter(frozenset(each.items()) for each in labels)
    seen = None

    def is_so():
        nonlocal seen
        seen = Scrape(service).since(before, name)
        return seen.total() >= expectation.total()

    # A request may be counted a moment after it was answered.
    wait_until("the requests are counted", is_so)
    assert seen == expectation


def add_client(service, name, *arguments):
    answer = json.loads(service.writ("clients", "add", name, *arguments, "--json").stdout)
    return answer["client_id"], answer["client_secret"]


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """Running, with more clients: one that may refresh, one that may introspect, one with an awkward name."""
    with Service(tmp_path_factory.mktemp("writ")) as service:
        service.nightly = add_client(service, "nightly", "--scope", SCOPE, "--grant-type", "refresh_token")
        service.inspector = add_client(service, "api", "--introspect")
        service.awkward = add_client(service, 'a"b\\c', "--scope", SCOPE)
        # What ends and what begins, so that the document has all that it can have.
        tomorrow = (datetime.now(timezone.utc) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        hash = base64.urlsafe_b64encode(bytes(32)).decode().rstrip("=")
        with service.clients_file.open("a") as file:
            file.write(
                "  - client_id: ending\n"
                f'    client_secrets: [{{ hash: "sha256:{hash}", expires_at: {tomorrow} }}]\n'
                "    scope: a\n"
            )
        service.writ("keys", "rotate", "--in", "24h")
        yield service.start(WRIT_THROTTLE_FAILURES="off", WRIT_THROTTLE_ADDRESS_FAILURES="off")


def introspect(service, client, token="a"):
    url = f"{service.issuer}/oauth2/introspect"
    return requests.post(url, auth=client, data={"token": token}, timeout=DEADLINE)


def some_traffic(service):
    """One of each; returns what was confidential in it."""
    answer = service.request_token(*service.nightly)
    assert answer.status_code == 200
    tokens = answer.json()
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    refreshed = service.request_token(*service.nightly, **form).json()
    assert service.request_token(client_secret="a-wrong-secret").status_code == 401
    assert service.request_token(client_id="writ_cs_put_in_the_wrong_place_by_someone").status_code == 401
    assert introspect(service, service.inspector, tokens["access_token"]).json()["active"] is True
    assert introspect(service, (service.client_id, service.client_secret)).status_code == 403
    assert requests.get(service.jwks_uri, timeout=DEADLINE).ok
    assert requests.get(f"{service.issuer}/nothing", timeout=DEADLINE).status_code == 404
    confidential = [*tokens.values(), *refreshed.values(), "a-wrong-secret", "writ_cs_put_in_the_wrong_place_by_someone"]
    confidential += [service.client_secret, service.nightly[1], service.inspector[1]]
    return [value for value in confidential if isinstance(value, str) and value not in ("Bearer", SCOPE)]


class TestDocument:
    def test_every_name_has_its_type_and_a_word_of_help(self, service):
        some_traffic(service)
        scrape = Scrape(service)
        assert scrape.text.endswith("\n")
        # The parser calls a counter by its name without _total.
        types = {family.name + ("_total" if family.type == "counter" else ""): family.type for family in scrape.families}
        expected = {
            **{name: "counter" for name in COUNTERS},
            **{name: "gauge" for name in GAUGES},
            **{name: "histogram" for name in HISTOGRAMS},
        }
        assert {name: types.get(name) for name in expected} == expected
        assert [family.name for family in scrape.families if not family.documentation] == []
        assert len(types) == len(scrape.families)

    @pytest.mark.skipif(not shutil.which("promtool"), reason="no promtool (prometheus) is installed")
    def test_promtool_has_nothing_to_say(self, service):
        some_traffic(service)
        result = subprocess.run(
            ["promtool", "check", "metrics"],
            input=Scrape(service).text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=DEADLINE,
        )
        assert (result.returncode, result.stdout) == (0, "")

    def test_no_secret_stands_in_it(self, service):
        confidential = some_traffic(service)
        text = Scrape(service).text
        assert 'client_id="nightly"' in text
        assert not SECRETS.search(text)
        assert [value for value in confidential if value in text] == []

    def test_it_is_on_the_management_listener_alone(self, service):
        assert requests.get(f"{service.issuer}/metrics", timeout=DEADLINE).status_code == 404
        head = requests.head(f"{service.management}/metrics", timeout=DEADLINE)
        assert (head.status_code, head.text) == (200, "")

    def test_histograms_add_up(self, service):
        some_traffic(service)
        scrape = Scrape(service)
        for name in HISTOGRAMS:
            buckets = {}
            for labels, value in scrape.labelled(f"{name}_bucket"):
                bound = float(labels.pop("le"))
                buckets.setdefault(frozenset(labels.items()), []).append((bound, value))
            assert buckets
            for labels, series in buckets.items():
                series.sort()
                counts = [count for _, count in series]
                assert counts == sorted(counts)
                assert series[-1] == (float("inf"), scrape.value(f"{name}_count", **dict(labels)))
                total = scrape.value(f"{name}_sum", **dict(labels))
                assert total > 0 if counts[-1] else total == 0

    def test_it_is_whole_while_the_service_is_busy(self, service):
        before = last = Scrape(service)
        load = Load(service.token_endpoint, service.client_id, service.client_secret, thread_count=4)
        with load.running():
            for _ in range(50):
                scrape = Scrape(service)
                for (name, labels), value in last.samples.items():
                    if name.endswith(("_total", "_count", "_bucket")):
                        assert scrape.samples[name, labels] >= value, name
                last = scrape
        assert load.all_failures == []
        labels = {"grant_type": "client_credentials", "outcome": "issued", "client_id": service.client_id}

        def issued():
            scrape = Scrape(service)
            return scrape.value("writ_token_requests_total", **labels) - before.value("writ_token_requests_total", **labels)

        wait_until("every token is counted", lambda: issued() >= sum(load.successes))
        assert issued() == sum(load.successes)


TOKENS = "writ_token_requests_total"


def outcome(outcome, client_id=None, grant_type="client_credentials"):
    return {"outcome": outcome, "client_id": client_id, "grant_type": grant_type}


class TestRequests:
    def test_tokens(self, service):
        with counted(service, TOKENS, *[outcome("issued", service.client_id)] * 3):
            for _ in range(3):
                service.access_token()

    def test_refreshed_tokens(self, service):
        refreshed = outcome("issued", "nightly", "refresh_token")
        with counted(service, TOKENS, outcome("issued", "nightly"), refreshed, refreshed):
            token = service.request_token(*service.nightly).json()["refresh_token"]
            for _ in range(2):
                form = {"grant_type": "refresh_token", "refresh_token": token}
                assert service.request_token(*service.nightly, **form).status_code == 200

    def test_an_awkward_name(self, service):
        with counted(service, TOKENS, outcome("issued", 'a"b\\c')):
            assert service.request_token(*service.awkward).status_code == 200

    @pytest.mark.parametrize(
        "form, expected",
        [
            ({"client_secret": "wrong"}, outcome("invalid_client", "demo")),
            ({"client_id": "nobody"}, outcome("invalid_client")),
            ({"scope": "other"}, outcome("invalid_scope", "demo")),
            ({"resource": "https://other.example.com"}, outcome("invalid_target", "demo")),
            (
                {"grant_type": "refresh_token", "refresh_token": "a"},
                outcome("unauthorized_client", "demo", "refresh_token"),
            ),
            # What nobody knows is no label.
            ({"grant_type": "password"}, outcome("unsupported_grant_type", "demo", None)),
            ({"grant_type": ""}, outcome("invalid_request", "demo", None)),
            ({"grant_type": "writ_cs_put_in_the_wrong_place"}, outcome("unsupported_grant_type", "demo", None)),
        ],
        ids=lambda value: " ".join(value) if "outcome" not in value else value["outcome"],
    )
    def test_refusals(self, service, form, expected):
        assert service.client_id == "demo"
        with counted(service, TOKENS, expected):
            answer = service.request_token(**form)
            assert answer.json()["error"] == expected["outcome"]

    def test_a_void_refresh_token(self, service):
        with counted(service, TOKENS, outcome("invalid_grant", "nightly", "refresh_token")):
            answer = service.request_token(*service.nightly, grant_type="refresh_token", refresh_token="a")
            assert answer.json()["error"] == "invalid_grant"

    def test_what_is_no_form(self, service):
        with counted(service, TOKENS, *[outcome("invalid_request", None, None)] * 2):
            assert requests.post(service.token_endpoint, json={}, timeout=DEADLINE).status_code == 415
            assert requests.post(service.token_endpoint, data={"a": "b" * 20000}, timeout=DEADLINE).status_code == 413

    def test_introspection(self, service):
        answered = {"outcome": "answered", "client_id": "api"}
        expected = [answered, answered, {"outcome": "unauthorized_client", "client_id": "demo"}]
        expected += [{"outcome": "invalid_client", "client_id": "api"}, {"outcome": "invalid_client"}]
        with counted(service, "writ_introspection_requests_total", *expected):
            assert introspect(service, service.inspector, service.access_token()).status_code == 200
            assert introspect(service, service.inspector).status_code == 200
            assert introspect(service, (service.client_id, service.client_secret)).status_code == 403
            assert introspect(service, (service.inspector[0], "wrong")).status_code == 401
            assert introspect(service, ("nobody", "wrong")).status_code == 401

    def test_a_thousand_unknown_clients_are_one_series(self, service):
        service.request_token(client_id="nobody")
        series = wait_until("it is counted", lambda: set(Scrape(service).samples))
        with counted(service, TOKENS, *[outcome("invalid_client")] * 1000), requests.Session() as session:
            for number in range(1000):
                form = {"grant_type": "client_credentials"}
                auth = (f"nobody-{number}", "wrong")
                if number % 2:
                    form.update(client_id=auth[0], client_secret=auth[1])
                    auth = None
                assert session.post(service.token_endpoint, data=form, auth=auth, timeout=DEADLINE).status_code == 401
        scrape = Scrape(service)
        assert set(scrape.samples) == series
        assert "nobody" not in scrape.text

    def test_durations(self, service):
        expected = [{"endpoint": "token"}] * 2 + [{"endpoint": "introspection"}] + [{"endpoint": "document"}] * 3
        with counted(service, "writ_request_duration_seconds_count", *expected, {"endpoint": "other"}):
            service.access_token()
            service.request_token(client_secret="wrong")
            introspect(service, service.inspector)
            for url in [service.jwks_uri] * 2 + [f"{service.issuer}/.well-known/oauth-authorization-server"]:
                assert requests.get(url, timeout=DEADLINE).ok
            assert requests.get(f"{service.issuer}/nothing", timeout=DEADLINE).status_code == 404

    def test_the_signing_queue(self, service):
        with counted(service, "writ_signing_queue_wait_seconds_count", {}, {}):
            service.access_token()
            service.access_token()
            # Nothing is signed for those.
            service.request_token(client_secret="wrong")
            introspect(service, service.inspector)
        scrape = Scrape(service)
        assert scrape.value("writ_signing_queue_depth") == 0
        assert scrape.value("writ_signing_queue_capacity") > 0


    def test_what_reaches_no_endpoint(self, service):
        expected = [{"status": "404"}] * 3 + [{"status": "405"}] * 3
        with counted(service, "writ_requests_refused_total", *expected):
            for path in ("/nothing", "/healthz"):
                assert requests.get(f"{service.issuer}{path}", timeout=DEADLINE).status_code == 404
            assert requests.get(service.token_endpoint, timeout=DEADLINE).status_code == 405
            assert requests.post(service.jwks_uri, timeout=DEADLINE).status_code == 405
            assert requests.get(f"{service.management}/nothing", timeout=DEADLINE).status_code == 404
            assert requests.post(f"{service.management}/metrics", timeout=DEADLINE).status_code == 405
            # What an endpoint refuses is counted there.
            assert service.request_token(client_secret="wrong").status_code == 401


class TestWithoutClients:
    def test_clients_are_counted_together(self, own_service):
        tomorrow = (datetime.now(timezone.utc) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        hash = base64.urlsafe_b64encode(bytes(32)).decode().rstrip("=")
        with own_service.clients_file.open("a") as file:
            file.write(
                "  - client_id: ending\n"
                f'    client_secrets: [{{ hash: "sha256:{hash}", expires_at: {tomorrow} }}]\n'
                "    scope: a\n"
            )
        own_service.start(WRIT_METRICS_PER_CLIENT="off")
        with counted(own_service, TOKENS, outcome("issued"), outcome("invalid_client")):
            assert own_service.request_token().status_code == 200
            assert own_service.request_token(client_secret="wrong").status_code == 401
        scrape = Scrape(own_service)
        assert "client_id" not in scrape.text
        end = datetime.fromisoformat(tomorrow.replace("Z", "+00:00")).timestamp()
        assert scrape.value("writ_first_secret_expiry_timestamp_seconds") == end


class TestLimits:
    def test_those_who_guess(self, own_service):
        own_service.start(WRIT_THROTTLE_WINDOW="1h")
        throttled = [{"endpoint": "token"}] * 5
        expected = [outcome("invalid_client", "demo")] * 10 + [outcome("temporarily_unavailable", "demo")] * 5
        with (
            counted(own_service, "writ_requests_throttled_total", *throttled),
            counted(own_service, TOKENS, *expected),
        ):
            statuses = [own_service.request_token(client_secret="wrong").status_code for _ in range(15)]
            assert statuses == [401] * 10 + [429] * 5
        assert sum(value for _, value in Scrape(own_service).labelled("writ_requests_shed_total")) == 0

    def test_more_than_can_wait(self, own_service):
        """Wrong passwords at once, more than may be tried or wait: half of the cores try, and 32 wait for each."""
        salt, hash = (base64.b64encode(octets).decode().rstrip("=") for octets in (b"saltsalt", bytes(32)))
        with own_service.clients_file.open("a") as file:
            file.write(
                "  - client_id: chosen\n"
                f'    client_secrets: [{{ hash: "$pbkdf2-sha256$i=300000${salt}${hash}" }}]\n'
                "    scope: a\n"
            )
        own_service.start(WRIT_THROTTLE_FAILURES="off", WRIT_THROTTLE_ADDRESS_FAILURES="off")
        host, port = own_service.issuer.removeprefix("http://").split(":")
        with contextlib.ExitStack() as stack:
            connections = []
            for number in range(32 * max(1, os.cpu_count() // 2) + 40):
                form = {"grant_type": "client_credentials", "client_id": "chosen", "client_secret": f"wrong-{number}"}
                body = urlencode(form)
                connection = stack.enter_context(socket.create_connection((host, int(port)), timeout=3 * DEADLINE))
                connection.sendall(
                    f"POST /oauth2/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
                    f"Content-Type: application/x-www-form-urlencoded\r\n\r\n{body}".encode()
                )
                connections.append(connection)
            statuses = Counter(int(connection.recv(65536).split()[1]) for connection in connections)
        assert set(statuses) == {401, 503}
        scrape = Scrape(own_service)
        assert scrape.value("writ_requests_shed_total", endpoint="token") == statuses[503]
        assert scrape.value(TOKENS, **outcome("temporarily_unavailable", "chosen")) == statuses[503]
        assert scrape.value(TOKENS, **outcome("invalid_client", "chosen")) == statuses[401]
        assert sum(value for _, value in scrape.labelled("writ_requests_throttled_total")) == 0


class TestState:
    def test_the_build(self, service):
        [(labels, value)] = Scrape(service).labelled("writ_build_info")
        assert value == 1
        assert labels["version"] == service.writ("--version").stdout.strip()
        assert re.search(r"\d+\.\d+\.\d+", labels["openssl"])

    def test_readiness(self, own_service):
        own_service.start(WRIT_DRAIN_DELAY="5m")
        process, own_service.process = own_service.process, None
        try:
            assert Scrape(own_service).value("writ_ready") == 1
            process.terminate()
            wait_until("readiness has ended", lambda: Scrape(own_service).value("writ_ready") == 0)
        finally:
            process.kill()
            process.wait()

    def test_reloads(self, own_service):
        running = own_service.start()

        def reload_into(what, condition):
            running.reload()
            wait_until(what, lambda: condition(Scrape(running)))

        before = Scrape(running)
        assert before.value("writ_last_reload_successful") == 1
        assert before.value("writ_last_reload_timestamp_seconds") > 0
        assert before.value("writ_clients") == 1
        assert [before.value("writ_reloads_total", outcome=each) for each in ("applied", "refused")] == [0, 0]

        reload_into("a reload is counted", lambda now: now.value("writ_reloads_total", outcome="applied") == 1)
        after = Scrape(running)
        assert after.value("writ_last_reload_successful") == 1
        assert after.value("writ_last_reload_timestamp_seconds") >= before.value("writ_last_reload_timestamp_seconds")

        text = running.clients_file.read_text()
        running.clients_file.write_text(text + "\n  - client_id: [never closed\n")
        reload_into("a refusal is counted", lambda now: now.value("writ_reloads_total", outcome="refused") >= 1)
        refused = Scrape(running)
        assert refused.value("writ_last_reload_successful") == 0
        assert refused.value("writ_reloads_total", outcome="applied") == 1
        assert refused.value("writ_clients") == 1

        running.clients_file.write_text(text)
        add_client(running, "another", "--scope", "a")
        reload_into("the new client is counted", lambda now: now.value("writ_clients") == 2)
        assert Scrape(running).value("writ_last_reload_successful") == 1

    def key_states(self, service):
        """By key; a series for a state that a key is not in may be absent, or 0."""
        states = [labels for labels, value in Scrape(service).labelled("writ_key_state") if value == 1]
        assert len({labels["kid"] for labels in states}) == len(states)
        return {labels["kid"]: (labels["use"], labels["state"]) for labels in states}

    def listed_key_states(self, service):
        keys = json.loads(service.writ("keys", "list", "--json").stdout)
        return {key["kid"]: ("sealing" if key["alg"] == "XAES-256-GCM" else "signing", key["state"]) for key in keys}

    def test_keys_that_are_to_come(self, own_service):
        own_service.start()
        assert self.key_states(own_service) == self.listed_key_states(own_service)

        made = {}
        for use, option in {"signing": [], "sealing": ["--sealing"]}.items():
            made[use] = json.loads(own_service.writ("keys", "rotate", "--in", "24h", *option, "--json").stdout)["kid"]
        own_service.reload()
        wait_until("both are told of", lambda: set(made.values()) <= set(self.key_states(own_service)))
        states = self.key_states(own_service)
        assert states == self.listed_key_states(own_service)
        assert [states[kid] for kid in made.values()] == [("signing", "next"), ("sealing", "next")]

        scrape = Scrape(own_service)
        changes = {(labels["kid"], labels["use"]): value for labels, value in scrape.labelled("writ_key_next_change_timestamp_seconds")}
        for use, kid in made.items():
            # An hour is for machines that stand still now and then.
            assert 23 * 3600 < changes[kid, use] - time.time() <= 24 * 3600

    def test_keys_that_were(self, own_service):
        folder = own_service.folder / "keys"
        (folder / "rs256.pem").rename(folder / "20200101T000000Z-rs256.pem")
        made = json.loads(own_service.writ("keys", "generate", "--json").stdout)["file"]
        (folder / made).rename(folder / "20210101T000000Z-rs256.pem")
        own_service.start()
        states = self.key_states(own_service)
        assert states == self.listed_key_states(own_service)
        assert sorted(states.values()) == [("sealing", "signing"), ("signing", "expired"), ("signing", "signing")]

    def test_a_secret_that_ends(self, own_service):
        own_service.writ("clients", "rotate-secret", own_service.client_id, "--keep", "24h")
        lines = own_service.clients_file.read_text().splitlines()
        # Only the old secret is left.
        del lines[next(number for number, line in enumerate(lines) if "hash:" in line)]
        own_service.clients_file.write_text("\n".join(lines) + "\n")
        [end] = re.findall(r"expires_at: \"?([0-9TZ:-]+)", own_service.clients_file.read_text())
        own_service.start()
        scrape = Scrape(own_service)
        seconds = datetime.fromisoformat(end.replace("Z", "+00:00")).timestamp()
        assert scrape.value("writ_client_secret_expiry_timestamp_seconds", client_id="demo") == seconds
        assert scrape.value("writ_first_secret_expiry_timestamp_seconds") == seconds

    def test_open_connections(self, service):
        def count():
            return Scrape(service).value("writ_open_connections", listener="tokens")

        # Those of other tests have ended, or nothing is left of them.
        wait_until("nobody is connected", lambda: count() == 0)
        with contextlib.ExitStack() as stack:
            for _ in range(10):
                session = stack.enter_context(requests.Session())
                assert session.get(service.jwks_uri, timeout=DEADLINE).ok
            host, port = service.issuer.removeprefix("http://").split(":")
            for _ in range(10):
                stack.enter_context(socket.create_connection((host, int(port)), timeout=DEADLINE))
            wait_until("all are counted", lambda: count() == 20)
            assert Scrape(service).value("writ_open_connections", listener="management") >= 1
        wait_until("nobody is connected", lambda: count() == 0)


class TestProcess:
    """The process as the kernel knows it."""

    def kernel(self, service, name):
        with open(f"/proc/{service.process.pid}/{name}", encoding="utf-8") as file:
            return file.read()

    def test_limits_and_start(self, service):
        scrape = Scrape(service)
        limit = re.search(r"^Max open files\s+(\d+)", self.kernel(service, "limits"), re.M).group(1)
        assert scrape.value("process_max_fds") == int(limit)

        with open("/proc/stat", encoding="utf-8") as file:
            boot = int(re.search(r"^btime (\d+)$", file.read(), re.M).group(1))
        # Behind the name, which may have spaces, it is the twentieth field.
        ticks = int(self.kernel(service, "stat").rpartition(")")[2].split()[19])
        started = boot + ticks / os.sysconf("SC_CLK_TCK")
        assert abs(scrape.value("process_start_time_seconds") - started) <= 1

    def test_sizes(self, service):
        scrape = Scrape(service)
        status = dict(re.findall(r"^(\w+):\s+(\d+)", self.kernel(service, "status"), re.M))
        for name, field in [("resident", "VmRSS"), ("virtual", "VmSize")]:
            there = int(status[field]) * 1024
            assert there / 2 < scrape.value(f"process_{name}_memory_bytes") < there * 2
        assert abs(scrape.value("process_threads") - int(status["Threads"])) <= 4

    def test_processor_time(self, service):
        before = Scrape(service).value("process_cpu_seconds_total")
        assert before > 0

        def grows():
            service.access_token()
            return Scrape(service).value("process_cpu_seconds_total") > before

        wait_until("work has taken time", grows)

    def test_open_files(self, service):
        before = Scrape(service).value("process_open_fds")
        host, port = service.issuer.removeprefix("http://").split(":")
        with contextlib.ExitStack() as stack:
            for _ in range(50):
                stack.enter_context(socket.create_connection((host, int(port)), timeout=DEADLINE))
            # Some of those that were open before may be gone.
            wait_until("they are counted", lambda: Scrape(service).value("process_open_fds") >= before + 30)


def test_without_a_management_listener_nobody_tells(own_service):
    """And everything else goes on."""
    process = subprocess.Popen(
        [BINARY, "serve"],
        cwd=own_service.folder,
        env=clean_environment({"WRIT_DRAIN_DELAY": "0s", "WRIT_MANAGEMENT": "off"}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:

        def is_there():
            with contextlib.suppress(requests.ConnectionError):
                return requests.get(own_service.jwks_uri, timeout=DEADLINE).ok

        wait_until("it serves", is_there)
        assert own_service.request_token().status_code == 200
    finally:
        process.terminate()
        assert process.wait(timeout=DEADLINE) == 0
