import AccessToken
import CoreMetrics
import JOSE
import Logging
import MetricsTestKit
import RemoteKeys
import ServiceLifecycle
import Synchronization
import Testing
import TokenVerifierTesting

@testable import TokenVerifier

/// Keys as a service, readiness, logs and metrics.
@Suite struct KeyServiceTests {
    private let issuer: TestIssuer

    init() throws { issuer = try TestIssuer() }

    @Test("As a service a source fetches its keys without a token, refreshes them, and ends on graceful shutdown")
    func service() async throws {
        let (fetches, continuation) = AsyncStream<Void>.makeStream()
        let keys = issuer.keys
        let source = KeySource.fetching(
            named: "test", caching: DocumentCaching(coolDown: .zero), logger: .silent, metrics: TestMetrics()
        ) {
            continuation.yield()
            return FetchedDocument(keys, maximumAge: .zero)
        }
        let verifier = AccessTokenVerifier(issuer: issuer.issuer, audience: try Audience("a"), keys: source)
        #expect(!verifier.hasKeys)
        let group = ServiceGroup(services: [verifier], logger: .silent)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var count = 0
            for await _ in fetches {
                count += 1
                if count == 2 { break }
            }
            #expect(verifier.hasKeys)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    @Test("A service of fixed keys, or of several issuers, ends on graceful shutdown too")
    func otherServices() async throws {
        let fixed = try issuer.verifier()
        let several = try MultiIssuerVerifier([fixed, TestIssuer("https://b.example").verifier()])
        #expect(fixed.hasKeys && several.hasKeys && !KeySource.fixed(JWKSet([])).hasKeys)
        try await several.warmUp()
        let group = ServiceGroup(services: [fixed, several], logger: .silent)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    @Test("A source is ready once it has keys, stays so while its server is down, and no longer than they may be used")
    func readiness() async throws {
        let start = ContinuousClock.now
        let seconds = Mutex(0)
        let isDown = Mutex(true)
        let keys = issuer.keys
        let document = RemoteDocument.keySet(
            caching: DocumentCaching(maximumStaleness: .seconds(100), coolDown: .seconds(10)),
            now: { start.advanced(by: .seconds(seconds.withLock { $0 })) }
        ) { () throws(DocumentFetchError) in
            if isDown.withLock({ $0 }) { throw DocumentFetchError(.status(500)) }
            return FetchedDocument(keys, maximumAge: .seconds(10))
        }
        let source = KeySource.remote(document)
        await #expect(throws: DocumentFetchError(.status(500))) { try await source.warmUp() }
        #expect(!source.hasKeys && document.age == nil)
        seconds.withLock { $0 = 10 }
        isDown.withLock { $0 = false }
        try await source.warmUp()
        isDown.withLock { $0 = true }
        for (age, hasKeys) in [(0, true), (9, true), (109, true), (110, false)] {
            seconds.withLock { $0 = 10 + age }
            #expect(source.hasKeys == hasKeys && document.age == .seconds(age), "\(age)")
        }
    }

    @Test("A token whose key is not in a set that cannot be fetched again is not refused: nothing is known about it")
    func unknownKeyInAnOutage() async throws {
        let other = try TestIssuer(keyID: "next")
        let isDown = Mutex(false)
        let keys = issuer.keys
        let source = KeySource.fetching(named: "a") {
            if isDown.withLock({ $0 }) { throw DocumentFetchError(.status(500)) }
            return FetchedDocument(keys, maximumAge: .seconds(600))
        }
        let verifier = AccessTokenVerifier(
            issuer: issuer.issuer, audience: try Audience(TestIssuer.audience), keys: source)
        _ = try await verifier.verify(issuer.token())
        isDown.withLock { $0 = true }
        for _ in 0..<2 {
            await #expect(throws: AccessTokenVerificationError.noKeys(DocumentFetchError(.status(500)))) {
                try await verifier.verify(other.token())
            }
        }
        _ = try await verifier.verify(issuer.token())
    }

    @Test(
        "While a server that has just failed is asked again, a token with an unknown key does not wait",
        .timeLimit(.minutes(1)))
    func unknownKeyDuringARetry() async throws {
        let other = try TestIssuer(keyID: "invented")
        let clock = Mutex(ContinuousClock.now)
        let count = Mutex(0)
        let (gate, opening) = AsyncStream<Void>.makeStream()
        let (retries, started) = AsyncStream<Void>.makeStream()
        let keys = issuer.keys
        let document = RemoteDocument.keySet(now: { clock.withLock { $0 } }) { () throws(DocumentFetchError) in
            let number = count.withLock { count in
                count += 1
                return count
            }
            if number == 2 { throw DocumentFetchError(.status(500)) }
            if number == 3 {
                started.yield()
                for await _ in gate { break }
            }
            return FetchedDocument(keys, maximumAge: .seconds(100))
        }
        let verifier = AccessTokenVerifier(
            issuer: issuer.issuer, audience: try Audience(TestIssuer.audience), keys: .remote(document))
        for age in [0, 100, 45] {
            clock.withLock { $0 = $0.advanced(by: .seconds(age)) }
            _ = try await verifier.verify(issuer.token())
        }
        for await _ in retries { break }
        await #expect(throws: AccessTokenVerificationError.noKeys(DocumentFetchError(.status(500)))) {
            try await verifier.verify(other.token())
        }
        #expect(count.withLock { $0 } == 3)
        opening.yield()
    }

    @Test("A set that may not be cached is used without a fetch for each token")
    func uncachableKeys() async throws {
        let fetches = Mutex(0)
        let keys = issuer.keys
        let source = KeySource.fetching(named: "a") {
            fetches.withLock { $0 += 1 }
            return FetchedDocument(keys, maximumAge: .zero)
        }
        let verifier = AccessTokenVerifier(
            issuer: issuer.issuer, audience: try Audience(TestIssuer.audience), keys: source)
        for _ in 0..<5 { _ = try await verifier.verify(issuer.token()) }
        #expect(fetches.withLock { $0 } == 1)
        #expect(try verifier.verifyUsingCachedKeys(issuer.token()) != nil)
    }

    @Test("A fetch of one's own that does not end is given up", .timeLimit(.minutes(1)))
    func endlessFetch() async throws {
        let source = KeySource.fetching(named: "a", timeLimit: .milliseconds(10)) {
            try await Task.sleep(for: .seconds(3600))
            return FetchedDocument(JWKSet([]), maximumAge: .zero)
        }
        await #expect(throws: DocumentFetchError(.unreachable)) { try await source.warmUp() }
    }

    @Test("The keys of all issuers are fetched though those of the first cannot be")
    func warmUpOfSeveral() async throws {
        let other = try Issuer("https://down.example.com")
        let down = AccessTokenVerifier(
            issuer: other, audience: try Audience(TestIssuer.audience),
            keys: .fetching(named: "down") { throw DocumentFetchError(.status(500)) })
        let keys = issuer.keys
        let up = AccessTokenVerifier(
            issuer: issuer.issuer, audience: try Audience(TestIssuer.audience),
            keys: .fetching(named: "up") { FetchedDocument(keys, maximumAge: .seconds(600)) })
        let several = try MultiIssuerVerifier([down, up])
        #expect(!several.hasKeysOfAnyIssuer)
        await #expect(throws: DocumentFetchError(.status(500))) { try await several.warmUp() }
        #expect(!several.hasKeys && several.hasKeysOfAnyIssuer)
    }

    @Test("Tokens are counted by issuer and outcome, and no token decides on the name of an issuer")
    func tokenMetrics() async throws {
        let metrics = TestMetrics()
        let verifier = AccessTokenVerifier(
            issuer: issuer.issuer, audience: try Audience(TestIssuer.audience), keys: issuer.keySource, metrics: metrics
        )
        let several = try MultiIssuerVerifier([verifier], metrics: metrics)
        _ = try await several.verify(issuer.token())
        _ = try verifier.verifyUsingCachedKeys(issuer.token())
        for token in [try issuer.token(lifetime: .seconds(-60)), try issuer.token(type: "JWT"), "a.b.c"] {
            await #expect(throws: AccessTokenVerificationError.self) { try await verifier.verify(token) }
        }
        let foreign = try issuer.token(claims: ["iss": "https://evil.example"])
        await #expect(throws: AccessTokenVerificationError.self) { try await several.verify(foreign) }
        func count(_ outcome: String, _ issuer: String = "https://issuer.example.com") throws -> Int64 {
            try metrics.expectCounter("token_verifier_tokens", [("issuer", issuer), ("outcome", outcome)]).totalValue
        }
        #expect(try count("accepted") == 2)
        #expect(try count("expired") == 1)
        #expect(try count("wrong_type") == 1)
        #expect(try count("malformed") == 1)
        #expect(try count("wrong_issuer", "unlisted") == 1)
    }

    @Test("Fetches are counted by source and outcome, and one that fails is logged as a warning")
    func fetchMetrics() async throws {
        let metrics = TestMetrics()
        let log = RecordedLog()
        let keys = issuer.keys
        func source(_ fetch: @escaping @Sendable () throws -> JWKSet) -> KeySource {
            .fetching(named: "https://a.example/jwks", logger: log.logger, metrics: metrics) {
                FetchedDocument(try fetch(), maximumAge: .seconds(60))
            }
        }
        let failing = source { throw DocumentFetchError(.status(503)) }
        await #expect(throws: DocumentFetchError(.status(503))) { try await failing.warmUp() }
        await #expect(throws: DocumentFetchError(.empty)) { try await source { JWKSet([]) }.warmUp() }
        try await source { keys }.warmUp()
        #expect(
            log.lines == [
                "warning The keys of an issuer could not be fetched error=the answer has status 503 "
                    + "source=https://a.example/jwks",
                "warning The keys of an issuer could not be fetched error=the set has no key that can be used "
                    + "source=https://a.example/jwks",
            ])
        let dimensions = [("source", "https://a.example/jwks")]
        for outcome in ["status", "empty", "fetched"] {
            let counter = try metrics.expectCounter("token_verifier_key_fetches", dimensions + [("outcome", outcome)])
            #expect(counter.totalValue == 1, "\(outcome)")
        }
        #expect(try metrics.expectGauge("token_verifier_keys_age_seconds", dimensions).lastValue == 0)
    }

    @Test("As a service a source records the age of its keys", .timeLimit(.minutes(1)))
    func ageMetric() async throws {
        let metrics = TestMetrics()
        let clock = Mutex(ContinuousClock.now)
        let keys = issuer.keys
        let document = RemoteDocument.keySet(now: { clock.withLock { $0 } }) { () throws(DocumentFetchError) in
            FetchedDocument(keys, maximumAge: .seconds(600))
        }
        let source = KeySource(
            kind: .remote(document), telemetry: KeySourceTelemetry(source: "a", logger: .silent, metrics: metrics))
        try await source.warmUp()
        clock.withLock { $0 = $0.advanced(by: .seconds(42)) }
        let service = Task { try await source.run() }
        let gauge = try metrics.expectGauge("token_verifier_keys_age_seconds", [("source", "a")])
        while gauge.lastValue == nil { await Task.yield() }
        #expect(gauge.lastValue == 42)
        service.cancel()
        try await service.value
    }

    @Test("The query of a source's URL, which may be a secret, is in no log and no label of a metric")
    func secretQuery() async throws {
        let metrics = TestMetrics()
        let log = RecordedLog()
        // TCP port 1 is assigned, and no program listens there.
        let source = try KeySource.url("http://127.0.0.1:1/keys?code=secret", logger: log.logger, metrics: metrics)
        let error = await #expect(throws: DocumentFetchError(.unreachable)) { try await source.warmUp() }
        let dimensions = [("source", "http://127.0.0.1:1/keys")]
        _ = try metrics.expectCounter("token_verifier_key_fetches", dimensions + [("outcome", "unreachable")])
        _ = try metrics.expectGauge("token_verifier_keys_age_seconds", dimensions)
        #expect(log.lines.count == 1)
        for text in log.lines + ["\(error.debugDescription)"] { #expect(!text.contains("secret"), "\(text)") }
    }

    @Test("The reason of a refusal is logged at the level debug, without any part of the token")
    func refusalsAreLogged() async throws {
        let log = RecordedLog()
        let token = try issuer.token(lifetime: .seconds(-60))
        _ = try await issuer.verifier().authorize(authorization: ["Bearer \(token)"], logger: log.logger)
        #expect(
            log.lines == [
                "debug An access token was not accepted description=the token is refused: it has expired reason=expired"
            ])
        #expect(!log.lines.joined().contains(token.suffix(20)))
    }
}

/// Keeps what is logged.
final class RecordedLog: Sendable {
    private let recorded = Mutex<[String]>([])

    var lines: [String] { recorded.withLock { $0 } }

    var logger: Logger {
        var logger = Logger(label: "test") { _ in Handler(log: self) }
        logger.logLevel = .trace
        return logger
    }

    private struct Handler: LogHandler {
        let log: RecordedLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let values = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            log.recorded.withLock {
                $0.append(([event.level.rawValue, event.message.description] + values).joined(separator: " "))
            }
        }
    }
}
