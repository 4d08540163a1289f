import AccessToken
import JOSE
import Logging
import OAuth
import PrometheusText
import Synchronization
import Testing
import WireText

@testable import Telemetry

@Suite struct EventReporterTests {
    private final class Log: Sendable {
        private let written = Mutex<[[UInt8]]>([])

        func logger(_ level: Logger.Level) -> Logger {
            var logger = Logger(label: "writ") { _ in
                ServiceLogHandler(.json) { [self] line in written.withLock { $0.append(line) } }
            }
            logger.logLevel = level
            return logger
        }

        func take() throws -> [JSONObject] {
            let lines = written.withLock { lines in
                defer { lines = [] }
                return lines
            }
            return try lines.map { try #require(try JSONReader.read($0).object) }
        }
    }

    private let log = Log()
    private let metrics = ServiceMetrics()
    private let address = IPAddress("192.0.2.7")

    private func reporter(_ level: Logger.Level) -> EventReporter { EventReporter(log.logger(level), metrics) }

    private func refusal(_ code: TokenRefusal.Code) -> RequestEvent {
        var event = RequestEvent(.token, requestID: "1")
        event.address = address
        event.refusal = TokenRefusal(code)
        return event
    }

    private func metric(_ line: String) -> Bool {
        metrics.registry.text().split(separator: "\n").contains { $0 == line }
    }

    @Test("Refusals of an address over its limit are a line each second, and all of them are counted")
    func refusalsOverTheLimitAreSummed() throws {
        let reporter = reporter(.info)
        for _ in 0..<1000 { reporter.report(refusal(.tooManyFailures)) }
        #expect(try log.take().count == 1)
        reporter.reportSummaries()
        let summary = try log.take()
        #expect(summary.map { $0["refusals"] } == [.integer(999)])
        #expect(summary[0]["address"] == .string("192.0.2.7"))
        #expect(summary[0]["status"] == .integer(429))
        #expect(summary[0]["cause"] == .string("throttled"))
        #expect(summary[0]["message"] == .string("Refused"))
        reporter.reportSummaries()
        #expect(try log.take().isEmpty)
        #expect(metric(#"writ_requests_throttled_total{endpoint="token"} 1000"#))
    }

    @Test(
        "A key that the client has proven to hold is logged by its thumbprint, and proofs are counted by their outcome")
    func proofs() throws {
        let reporter = reporter(.info)
        var bound = RequestEvent(.token, requestID: "1")
        bound.confirmation = .key(thumbprint: "thumbprint")
        reporter.report(bound)
        // What is wrong with the request besides is not the proof's fault.
        bound.refusal = TokenRefusal(.scopeNotAllowed)
        reporter.report(bound)
        var certificate = RequestEvent(.token, requestID: "1")
        certificate.confirmation = .certificate(sha256: [0xFB, 0xFF])
        reporter.report(certificate)
        reporter.report(refusal(.missingProof))
        reporter.report(refusal(.useNonce))
        reporter.report(refusal(.useNonce))
        let lines = try log.take()
        #expect(lines.map { $0["jkt"] } == [.string("thumbprint"), .string("thumbprint"), nil, nil, nil, nil])
        #expect(lines[2]["x5t#S256"] == .string("-_8"))
        #expect(metric(#"writ_dpop_proofs_total{outcome="accepted"} 2"#))
        #expect(metric(#"writ_dpop_proofs_total{outcome="proof_missing"} 1"#))
        #expect(metric(#"writ_dpop_proofs_total{outcome="proof_nonce"} 2"#))
        #expect(metric(#"writ_dpop_proofs_total{outcome="proof_repeated"} 0"#))
    }

    @Test("Each refusal is logged and counted with its cause, one word of a fixed list")
    func causes() throws {
        let reporter = reporter(.info)
        #expect(
            metrics.registry.text().matches(of: /\nwrit_refusals_total\{cause="[a-z_]+"\} 0/).count
                == RefusalCause.ofEndpoints.count)
        for cause in RefusalCause.ofEndpoints {
            var event = RequestEvent(.introspection, requestID: "1")
            event.refusal = TokenRefusal(.invalidClient, cause: cause)
            reporter.report(event)
            #expect(try log.take().map { $0["cause"] } == [.string(cause.rawValue)])
            #expect(metric(#"writ_refusals_total{cause="\#(cause.rawValue)"} 1"#))
            #expect(cause.rawValue.wholeMatch(of: /[a-z]+(_[a-z]+)*/) != nil)
        }
        reporter.report(RequestEvent(.token, requestID: "1"))
        #expect(try log.take().map { $0["cause"] } == [nil])
    }

    @Test("Keys of a fetched set that cannot be used are a warning with the reasons, in bounded ASCII")
    func skippedKeys() throws {
        let reporter = reporter(.info)
        let reasons = (0..<20).map { "key \($0): kty is not known\u{1B}" }
        reporter.report(.keysSkipped(url: "https://keys.example.com/\u{301}", reasons: reasons, usableCount: 2))
        reporter.report(.keysSkipped(url: "https://keys.example.com/", reasons: [], usableCount: 0))
        reporter.report(.failed(url: "https://keys.example.com/", reason: "no answer"))
        let lines = try log.take()
        #expect(lines.map { $0["level"] } == [.string("warning"), .string("warning"), .string("error")])
        #expect(
            lines.map { $0["message"] } == [
                .string("Keys of a fetched key set cannot be used"),
                .string("A fetched key set has no key that can be used"),
                .string("No keys from https://keys.example.com/: no answer"),
            ])
        #expect(lines[0]["reasons"]?.array?.count == 8)
        #expect(lines[0]["reasons"]?.array?.first == .string(#"key 0: kty is not known\x1b"#))
        #expect(lines[0]["url"] == .string(#"https://keys.example.com/\xcc\x81"#))
        #expect(lines[0]["skipped"] == .integer(20))
        #expect(lines[0]["usable"] == .integer(2))
    }

    @Test("Every other refusal is a line of its own")
    func otherRefusalsAreLines() throws {
        let reporter = reporter(.info)
        for code in [TokenRefusal.Code.invalidClient, .overloaded, .invalidClient] { reporter.report(refusal(code)) }
        #expect(try log.take().count == 3)
    }

    @Test("Steps are logged at the level trace, with the request that they belong to")
    func stepsAreLoggedAtTrace() throws {
        var event = RequestEvent(.token, requestID: "r1")
        event.steps = [
            RequestStep(name: "receive", duration: .microseconds(3)),
            RequestStep(name: "sign", duration: .milliseconds(2)),
        ]
        reporter(.debug).report(event)
        #expect(try log.take().map { $0["message"] } == [.string("Answered")])
        reporter(.trace).report(event)
        let lines = try log.take()
        #expect(lines.map { $0["message"] } == [.string("Answered"), .string("Steps")])
        #expect(lines[1]["request_id"] == .string("r1"))
        #expect(lines[1]["receive_us"] == .integer(3))
        #expect(lines[1]["sign_us"] == .integer(2000))
        #expect(!reporter(.debug).logsSteps)
        #expect(reporter(.trace).logsSteps)
    }

    @Test("What does not reach an endpoint is counted, and logged at the level debug; why a listener ended is an error")
    func whatReachesNoEndpoint() throws {
        let events: [HTTPEvent] = [
            .refused(method: "GET", target: "/nothing", status: 404, listener: "tokens", address: address),
            .unparsable(reason: "invalid version", status: 400, listener: "tokens", address: address),
            .unparsable(reason: "closed", status: nil, listener: "tokens", address: nil),
            .handshakeFailed(reason: "no shared cipher", listener: "tokens", address: address),
            .connectionRefused(reason: "no room", listener: "tokens", address: address),
            .listenerEnded(reason: "network is down", listener: "tokens"),
        ]
        let (quiet, detailed) = (reporter(.info), reporter(.debug))
        for event in events { quiet.report(event) }
        let ended = try log.take()
        #expect(ended.map { $0["level"] } == [.string("error")])
        #expect(ended[0]["reason"] == .string("network is down"))
        for event in events { detailed.report(event) }
        let lines = try log.take()
        #expect(lines.count == events.count)
        #expect(lines[0]["cause"] == .string("not_found"))
        for line in [
            #"writ_requests_refused_total{status="400"} 2"#, #"writ_requests_refused_total{status="404"} 2"#,
            #"writ_requests_refused_total{status="405"} 0"#, "writ_tls_handshakes_failed_total 2",
            "writ_connections_refused_total 2",
        ] { #expect(metric(line), "\(line)") }
    }

    @Test(
        "A refused request is logged with a known method and a bounded path of ASCII, without its query",
        arguments: [
            ("GET", "/a", "GET", "/a"), ("get", "/a", "other", "/a"), ("BREW", "/", "other", "/"),
            ("GET", "/a?client_secret=s3cret", "GET", "/a"), ("GET", "/a#b", "GET", "/a"),
            ("GET", "/?\u{301}a", "GET", "/"), ("GET", "*", "GET", "*"), ("GET", "http://u:p@h/a", "GET", "not a path"),
            ("GET", "/\u{1B}[2J\u{212A}", "GET", #"/\x1b[2J\xe2\x84\xaa"#), ("GET", #"/\"#, "GET", #"/\x5c"#),
            ("GET", "/" + String(repeating: "a", count: 300), "GET", "/" + String(repeating: "a", count: 127) + "..."),
        ])
    func refusedRequestsAreBounded(method: String, target: String, known: String, path: String) throws {
        reporter(.debug).report(.refused(method: method, target: target, status: 404, listener: "tokens", address: nil))
        let line = try #require(try log.take().first)
        #expect(line["method"] == .string(known))
        #expect(line["path"] == .string(path))
        #expect(
            line.members.map(\.name) == ["time", "level", "message", "cause", "listener", "method", "path", "status"])
    }
}
