"""Spans, as a collector for OpenTelemetry gets them."""

import json
import socket
import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

from authority import Authority, replace
from service import DEADLINE, wait_until

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"


@contextmanager
def collector(status=200, tls=None):
    """A collector on a free port, with TLS if it has a context: its URL, and the spans that it got."""
    spans = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert self.headers["Content-Type"] == "application/json"
            if status == 200:
                for resource in body["resourceSpans"]:
                    for scope in resource["scopeSpans"]:
                        spans.extend(scope["spans"])
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"{'https://localhost' if tls else 'http://127.0.0.1'}:{server.server_port}/v1/traces", spans
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def ask(service, **headers):
    return requests.post(
        service.token_endpoint,
        data={"grant_type": "client_credentials"},
        auth=(service.client_id, service.client_secret),
        headers=headers,
        timeout=DEADLINE,
    )


def attributes(span):
    return {each["key"]: next(iter(each["value"].values())) for each in span.get("attributes", [])}


def test_a_token_request_is_a_span_with_its_steps(own_service):
    with collector() as (url, spans):
        own_service.start(WRIT_TRACING_ENDPOINT=url)
        answer = ask(own_service, traceparent=f"00-{TRACE}-{CALLER}-01")
        assert answer.status_code == 200
        wait_until("the spans are there", lambda: any("parentSpanId" in span and span["kind"] == 2 for span in spans))
        own_service.stop()
    (root,) = [span for span in spans if span["kind"] == 2]
    assert f'"trace_id":"{TRACE}"' in own_service.log
    assert root["name"] == "POST /oauth2/token"
    assert (root["traceId"], root["parentSpanId"]) == (TRACE, CALLER)
    found = attributes(root)
    assert found["writ.client_id"] == own_service.client_id
    assert found["writ.grant_type"] == "client_credentials"
    assert found["writ.request_id"] == answer.headers["X-Request-Id"]
    assert int(found["http.response.status_code"]) == 200
    steps = [span for span in spans if span.get("parentSpanId") == root["spanId"]]
    assert {step["name"] for step in steps} == {"receive", "authenticate", "authorize", "sign"}
    for step in steps:
        assert step["traceId"] == TRACE
        assert int(root["startTimeUnixNano"]) <= int(step["startTimeUnixNano"]) <= int(step["endTimeUnixNano"])
    text = json.dumps(spans)
    assert own_service.client_secret not in text and answer.json()["access_token"] not in text


def test_a_refusal_says_why_and_the_caller_decides(own_service):
    with collector() as (url, spans):
        own_service.start(WRIT_TRACING_ENDPOINT=url)
        ask(own_service, traceparent=f"00-{TRACE}-{CALLER}-00")  # not sampled
        requests.post(own_service.token_endpoint, data={"grant_type": "client_credentials"}, timeout=DEADLINE)
        own_service.stop()  # sends what is left
    assert TRACE not in {span["traceId"] for span in spans}
    (root,) = [span for span in spans if span["kind"] == 2]
    assert "parentSpanId" not in root
    assert attributes(root)["error.type"] == "invalid_client"
    assert attributes(root)["writ.cause"] == "no_credentials"


def test_a_collector_that_fails_costs_no_token(own_service):
    with collector(status=503) as (url, spans):
        own_service.start(WRIT_TRACING_ENDPOINT=url)
        assert ask(own_service).status_code == 200
        own_service.wait_for_log("the collector answers 503")
        assert ask(own_service).status_code == 200
        own_service.stop()
    assert own_service.log.count("the collector answers 503") == 1


def test_a_collector_that_stalls_is_given_up(own_service):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        own_service.start(WRIT_TRACING_ENDPOINT="http://127.0.0.1:{}/v1/traces".format(listener.getsockname()[1]))
        assert ask(own_service).status_code == 200
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab")
            own_service.wait_for_log("it took too long")
        metrics = requests.get(f"{own_service.management}/metrics", timeout=DEADLINE).text
        assert "writ_trace_spans_dropped_total 5\n" in metrics
        assert ask(own_service).status_code == 200
        own_service.process.kill()
        own_service.process.wait()
        own_service.process = None


def test_the_standard_variables_name_a_collector_that_wants_a_key(own_service):
    requests_seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            requests_seen.append((self.path, self.headers["api-key"], body))
            self.send_response(429 if len(requests_seen) == 1 else 200)
            self.send_header("Retry-After", "2")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        own_service.start(
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{server.server_port}",
            OTEL_EXPORTER_OTLP_HEADERS="api-key=k%20s3cret",
            OTEL_SERVICE_NAME="tokens-of-a-test",
        )
        assert ask(own_service).status_code == 200
        wait_until("the batch is sent again", lambda: len(requests_seen) > 1)
        own_service.stop()
        server.shutdown()
    assert {(path, key) for path, key, _ in requests_seen} == {("/v1/traces", "k s3cret")}
    assert requests_seen[0][2] == requests_seen[1][2]
    assert b'"stringValue":"tokens-of-a-test"' in requests_seen[0][2]
    assert "s3cret" not in own_service.log


def test_without_a_collector_there_is_nothing(own_service):
    own_service.start()
    assert ask(own_service, traceparent=f"00-{TRACE}-{CALLER}-01").status_code == 200
    assert "race" not in own_service.log


def test_a_collector_with_a_private_authority(own_service):
    """`ca_file` counts for spans too."""
    authority = Authority()
    pair = authority.issue()
    folder = own_service.folder
    for name, content in (("ca.pem", authority.root_pem), ("c.crt", pair.certificate_pem), ("c.key", pair.key_pem())):
        replace(folder / name, content)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "c.crt", folder / "c.key")
    with collector(tls=tls) as (url, spans):
        own_service.start(WRIT_TRACING_ENDPOINT=url, WRIT_CA_FILE="ca.pem", SSL_CERT_FILE="", SSL_CERT_DIR="")
        assert ask(own_service).status_code == 200
        wait_until("the spans are there", lambda: spans)
        own_service.stop()
