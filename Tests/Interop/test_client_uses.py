"""`requests_per_minute`, and when clients last got tokens: at the token endpoint, on the command line and in the metrics."""

import json
import time
from datetime import datetime, timezone

import jwt
import pytest
import requests

from faults import metric
from service import DEADLINE, SCOPE, assert_clear_error, wait_until
from test_client_authentication import KEYS, add_client, ask, claims, write_key_set
from test_log import events
from test_metrics import Scrape

UNTHROTTLED = {"WRIT_THROTTLE_FAILURES": "off", "WRIT_THROTTLE_ADDRESS_FAILURES": "off"}


def limit(service, count, client="demo"):
    """Gives a client of the file this limit, in place of any former."""
    lines = [line for line in service.clients_file.read_text().splitlines() if "requests_per_minute" not in line]
    [place] = [index for index, line in enumerate(lines) if line.strip() == f"- client_id: {client}"]
    service.clients_file.write_text("\n".join([*lines[: place + 1], f"    requests_per_minute: {count}", *lines[place + 1 :]]) + "\n")


def add(service, name, *arguments):
    answer = json.loads(service.writ("clients", "add", name, "--scope", SCOPE, *arguments, "--json").stdout)
    service.secrets.add(answer["client_secret"])
    return {"client_id": name, "client_secret": answer["client_secret"]}


def seconds(text) -> float:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc).timestamp()


def listed(service, query="") -> dict:
    answer = requests.get(f"{service.management}/clients/last-used{query}", timeout=DEADLINE)
    assert answer.status_code == 200, answer.text
    return answer.json()


def last_uses(service) -> dict[str, float]:
    return {each["client_id"]: seconds(each["last_used"]) for each in listed(service)["clients"]}


class TestTheLimit:
    def test_over_it_a_client_waits_and_no_other(self, own_service):
        service = own_service
        other = add(service, "other")
        limit(service, 6)
        service.start()
        assert service.request_token().status_code == 200
        refused = [service.request_token() for _ in range(5)]
        assert {answer.status_code for answer in refused} == {429}
        for answer in refused:
            assert 1 <= int(answer.headers["Retry-After"]) <= 10
            assert answer.json() == {
                "error": "temporarily_unavailable",
                "error_description": "The client has made too many requests; try again later.",
            }
            assert answer.headers["Cache-Control"] == "no-store"
        assert all(service.request_token(**other).status_code == 200 for _ in range(20))
        wait_until("it is logged", lambda: events(service, "Refused"))
        event = events(service, "Refused")[0]
        assert (event["cause"], event["client_id"], event["status"]) == ("rate_limited", "demo", 429)
        scrape = Scrape(service)
        assert scrape.value("writ_requests_over_limit_total", client_id="demo") == 5
        assert scrape.value("writ_refusals_total", cause="rate_limited") == 5
        assert scrape.value("writ_requests_throttled_total", endpoint="token") == 0
        assert ({"client_id": "other"}, 0) not in scrape.labelled("writ_requests_over_limit_total")

    def test_the_log_has_one_line_a_second(self, own_service):
        limit(own_service, 1)
        own_service.start()
        statuses = [own_service.request_token().status_code for _ in range(200)]
        assert statuses == [200] + [429] * 199

        def summaries():
            return [event for event in events(own_service, "Refused") if "refusals" in event]

        wait_until("all are logged", lambda: sum(event["refusals"] for event in summaries()) == 198)
        assert {(event["cause"], event["client_id"], event["status"]) for event in summaries()} == {("rate_limited", "demo", 429)}

    def test_it_holds_ten_seconds_worth_and_fills_evenly(self, own_service):
        limit(own_service, 60)
        own_service.start()
        statuses = [own_service.request_token().status_code for _ in range(14)]
        # A slow machine may fill it by one or two meanwhile.
        assert statuses[:10] == [200] * 10 and 429 in statuses
        refused = wait_until("it is empty", lambda: [a for a in [own_service.request_token()] if a.status_code == 429])[0]
        assert refused.headers["Retry-After"] == "1"
        wait_until("it has one more", lambda: own_service.request_token().status_code == 200)

    def test_what_a_stranger_sends_does_not_count(self, own_service):
        key = KEYS["ES256"]()
        add_client(own_service, "--jwks", write_key_set(own_service, key))
        limit(own_service, 6, "demo")
        own_service.start(**UNTHROTTLED)
        for _ in range(50):
            assert own_service.request_token(client_secret="a-wrong-secret").status_code == 401
            assert own_service.request_token(client_secret=own_service.client_secret, scope='"').status_code == 400
        assert own_service.request_token().status_code == 200
        assert own_service.request_token().status_code == 429

    def test_an_assertion_that_was_seen_on_its_way_does_not_count_again(self, own_service):
        key = KEYS["ES256"]()
        add_client(own_service, "--jwks", write_key_set(own_service, key))
        limit(own_service, 12, "job")
        own_service.start(**UNTHROTTLED)

        def assertion():
            return jwt.encode(claims(own_service), key.as_pem(private=True), "ES256", {"kid": "k1"})

        seen = assertion()
        assert ask(own_service, seen).status_code == 200
        assert {ask(own_service, seen).status_code for _ in range(20)} == {401}
        assert ask(own_service, assertion()).status_code == 200
        assert ask(own_service, assertion()).status_code == 429

    def test_every_grant_counts_whatever_becomes_of_it(self, own_service):
        service = own_service
        nightly = add(service, "nightly", "--grant-type", "refresh_token")
        limit(service, 18, "nightly")
        service.start()
        first = service.request_token(**nightly)
        token = {"grant_type": "refresh_token", "refresh_token": first.json()["refresh_token"]}
        assert service.request_token(**nightly, **token).status_code == 200
        assert service.request_token(**nightly, scope="elsewhere").json()["error"] == "invalid_scope"
        assert service.request_token(**nightly, **token).status_code == 429
        # The refresh token is as good as before.
        wait_until("it may again", lambda: service.request_token(**nightly, **token).status_code == 200)

    def test_introspection_does_not_count(self, own_service):
        service = own_service
        inspector = add(service, "inspector", "--introspect")
        limit(service, 6, "inspector")
        service.start()
        token = service.access_token()
        form = {**inspector, "token": token}
        url = f"{service.issuer}/oauth2/introspect"
        assert {requests.post(url, data=form, timeout=DEADLINE).status_code for _ in range(20)} == {200}
        assert service.request_token(**inspector).status_code == 200
        assert service.request_token(**inspector).status_code == 429
        assert requests.post(url, data=form, timeout=DEADLINE).json()["active"] is True

    def test_a_reload_does_not_fill_it_and_another_limit_counts_at_once(self, own_service):
        service = own_service
        limit(service, 1)
        service.start()
        assert service.request_token().status_code == 200
        reloads = metric(service, "writ_reloads_total", outcome="applied")
        service.reload()
        wait_until("it is reloaded", lambda: metric(service, "writ_reloads_total", outcome="applied") > reloads)
        assert service.request_token().status_code == 429
        limit(service, 600_000)
        service.reload()
        wait_until("the limit is raised", lambda: service.request_token().status_code == 200)
        assert {service.request_token().status_code for _ in range(50)} == {200}

    def test_what_is_no_limit_is_reported(self, own_service):
        limit(own_service, 0)
        result = own_service.writ("config", "check", status=1)
        assert_clear_error(result, "requests_per_minute is not a number from 1 to 1000000")

    def test_it_is_shown(self, own_service):
        limit(own_service, 600)
        assert json.loads(own_service.writ("clients", "show", "demo", "--json").stdout)["requests_per_minute"] == 600
        assert ["requests_per_minute", "600"] in [
            line.split() for line in own_service.writ("clients", "show", "demo").stdout.splitlines()
        ]


class TestTheList:
    def test_it_has_who_got_a_token_and_when(self, own_service):
        before = int(time.time())
        service = own_service
        idle = add(service, "idle")
        service.start()
        first = listed(service)
        assert first["clients"] == [] and "next" not in first
        assert before <= seconds(first["since"]) <= time.time()
        assert service.request_token(**{**idle, "client_secret": "wrong"}).status_code == 401
        assert service.request_token(**idle, scope="elsewhere").status_code == 400
        before = int(time.time())
        service.access_token()
        uses = last_uses(service)
        assert set(uses) == {"demo"} and before <= uses["demo"] <= time.time()
        assert service.client_secret not in json.dumps(listed(service))

    def test_a_client_that_is_removed_is_not_in_it(self, own_service):
        service = own_service
        guest = add(service, "guest")
        service.start()
        assert service.request_token(**guest).status_code == 200
        assert set(last_uses(service)) == {"guest"}
        service.writ("clients", "remove", "guest")
        wait_until("it is gone", lambda: set(last_uses(service)) == set())
        assert Scrape(service).labelled("writ_client_last_used_timestamp_seconds") == []

    def test_many_clients_come_in_parts(self, own_service):
        service = own_service
        entry = service.clients_file.read_text().partition("clients:\n")[2]
        names = ["demo", *(f"client {number:04}" for number in range(1100))]
        service.clients_file.write_text("clients:\n" + "".join(entry.replace("demo", f'"{name}"', 1) for name in names)
                                        .replace("status_index", "# status_index"))
        service.start()
        with requests.Session() as session:
            for name in names:
                form = {"grant_type": "client_credentials", "client_id": name, "client_secret": service.client_secret}
                assert session.post(service.token_endpoint, data=form, timeout=DEADLINE).status_code == 200
        parts, query = [], ""
        while query is not None:
            part = listed(service, query)
            parts.append([each["client_id"] for each in part["clients"]])
            query = f"?after={part['next'].replace(' ', '%20')}" if "next" in part else None
        assert [len(part) for part in parts] == [500, 500, 101]
        assert sum(parts, []) == sorted(names)
        shown = json.loads(service.writ("clients", "list", "--used", "--json").stdout)
        assert {each["client_id"] for each in shown if each["last_used"]} == set(names)

    @pytest.mark.parametrize("method, status", [("POST", 405), ("DELETE", 405), ("HEAD", 200)])
    def test_methods(self, service, method, status):
        assert requests.request(method, f"{service.management}/clients/last-used", timeout=DEADLINE).status_code == status

    def test_it_is_not_at_the_listener_for_clients(self, service):
        assert requests.get(f"{service.issuer}/clients/last-used", timeout=DEADLINE).status_code == 404


class TestTheCommand:
    def test_used(self, own_service):
        service = own_service
        add(service, "idle")
        service.start()
        before = int(time.time())
        service.access_token()
        result = service.writ("clients", "list", "--used", "--json")
        shown = {each["client_id"]: each for each in json.loads(result.stdout)}
        assert before <= seconds(shown["demo"]["last_used"]) <= time.time()
        assert shown["idle"]["last_used"] is None
        since = listed(service)["since"]
        assert {each["last_used_known_since"] for each in shown.values()} == {since}
        assert f"since its start, {since}" in result.stderr and "state: state.sqlite" in result.stderr
        table = service.writ("clients", "list", "--used").stdout
        assert "LAST USED" in table and f"not since {since}" in table and shown["demo"]["last_used"] in table
        assert "last_used" not in service.writ("clients", "list", "--json").stdout

    def test_unused_lists_only_what_is_certain(self, own_service):
        service = own_service
        add(service, "idle")
        service.start()
        service.access_token()
        result = service.writ("clients", "list", "--unused", "90d", "--json")
        assert json.loads(result.stdout) == []
        assert "1 client got no token since" in result.stderr and "not listed" in result.stderr

        def unused():
            result = service.writ("clients", "list", "--unused", "1s", "--json")
            return {each["client_id"] for each in json.loads(result.stdout)}

        wait_until("a second has passed", lambda: unused() == {"demo", "idle"})
        service.access_token()
        assert "demo" not in json.loads(service.writ("clients", "list", "--unused", "1h", "--json").stdout)

    def test_a_service_that_cannot_be_asked(self, own_service):
        assert_clear_error(own_service.writ("clients", "list", "--used", status=1), "no answer", "is the service running?")
        off = {"WRIT_MANAGEMENT": "off"}
        result = own_service.writ("clients", "list", "--used", environment=off, status=1)
        assert_clear_error(result, "management is off")
        assert own_service.writ("clients", "list", "--unused", "soon", status=64).stdout == ""

    @pytest.mark.parametrize("answer", ["", "[]", "{}", '{"since":"soon","clients":[]}', '{"since":"2026-01-01T00:00:00Z","clients":[{}]}',
                                        '{"since":"2026-01-01T00:00:00Z","clients":[],"next":"a"}'])
    def test_an_answer_that_is_none(self, own_service, answer):
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
        from threading import Thread

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer.encode())

            def log_message(self, *_):
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            Thread(target=server.serve_forever, daemon=True).start()
            environment = {"WRIT_MANAGEMENT": f"127.0.0.1:{server.server_port}"}
            result = own_service.writ("clients", "list", "--used", environment=environment, status=1)
            server.shutdown()
        assert_clear_error(result, "is not the list of last uses")


class TestTheMetrics:
    def test_each_client(self, own_service):
        service = own_service
        before = int(time.time())
        service.start()
        service.access_token()
        scrape = Scrape(service)
        assert before <= scrape.value("writ_client_last_used_timestamp_seconds", client_id="demo") <= time.time()
        assert before <= scrape.value("writ_client_uses_since_timestamp_seconds") <= time.time()
        assert scrape.labelled("writ_state_up") == []

    def test_without_clients(self, own_service):
        limit(own_service, 6)
        service = own_service.start(WRIT_METRICS_PER_CLIENT="off")
        service.access_token()
        assert service.request_token().status_code == 429
        scrape = Scrape(service)
        assert "demo" not in scrape.text
        assert scrape.value("writ_requests_over_limit_total") == 1
        assert set(last_uses(service)) == {"demo"}
