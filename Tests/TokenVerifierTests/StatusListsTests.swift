import AccessToken
import HTTPTypes
import Hummingbird
import JOSE
import Libcrypto
import LoopbackServer
import MetricsTestKit
import RemoteKeys
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing
import TokenVerifierTesting

@testable import TokenVerifier

/// How lists are fetched, kept and dropped.
@Suite struct StatusListsTests {
    private let issuer: TestIssuer

    init() throws { issuer = try TestIssuer() }

    /// A server of lists, in memory, with a clock.
    private final class Server: Sendable {
        let issuer: TestIssuer
        private let start = ContinuousClock.now
        private struct State {
            var fetches: [String] = []
            var seconds = 0.0
            var isDown = false
            var entryCount = 8
            var timeToLive: Int?
            var maximumAge = 30
        }
        private let state = Mutex(State())

        init(_ issuer: TestIssuer) { self.issuer = issuer }

        var fetches: [String] { state.withLock { $0.fetches } }
        func pass(_ seconds: Double) { state.withLock { $0.seconds += seconds } }
        func goDown(_ isDown: Bool = true) { state.withLock { $0.isDown = isDown } }
        func answer(entryCount: Int) { state.withLock { $0.entryCount = entryCount } }
        func answer(maximumAge: Int, timeToLive: Int?) {
            state.withLock { ($0.maximumAge, $0.timeToLive) = (maximumAge, timeToLive) }
        }
        var now: ContinuousClock.Instant { start.advanced(by: .seconds(state.withLock { $0.seconds })) }

        func fetch(_ uri: String) throws -> FetchedDocument<[UInt8]> {
            let state = state.withLock { state in
                state.fetches.append(uri)
                return state
            }
            if state.isDown { throw DocumentFetchError(.status(500)) }
            let list = StatusListToken(
                uri: uri, issuedAt: .now, expiresAt: nil, timeToLive: state.timeToLive.map { .seconds($0) },
                list: StatusList(entryCount: state.entryCount))
            let token = try issuer.token(payload: list.json(), type: "statuslist+jwt")
            return FetchedDocument(Array(token.utf8), maximumAge: .seconds(state.maximumAge))
        }

        func rules(_ mode: StatusListRules.Mode = .required) -> StatusListRules {
            var rules = StatusListRules(mode, logger: .silent) { [self] uri in try fetch(uri) }
            rules.clock = { [self] in now }
            return rules
        }

        func verifier(_ mode: StatusListRules.Mode = .required) throws -> AccessTokenVerifier {
            try issuer.verifier(rules: VerificationRules(statusLists: rules(mode)))
        }

        func lists(_ mode: StatusListRules.Mode = .required) throws -> StatusLists {
            try #require(try verifier(mode).statusCheck.lists)
        }
    }

    private static func uri(_ number: Int) -> String { "https://issuer.example.com/lists/\(number)" }

    private func token(_ number: Int) throws -> String {
        try issuer.token(claims: ["status": StatusListReference(index: 1, uri: Self.uri(number)).json])
    }

    @Test("A list is fetched once for a thousand concurrent tokens", .timeLimit(.minutes(1)))
    func singleFlight() async throws {
        let server = Server(issuer)
        let verifier = try server.verifier()
        let token = try token(1)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<1000 { group.addTask { _ = try await verifier.verify(token) } }
            try await group.waitForAll()
        }
        #expect(server.fetches == [Self.uri(1)])
    }

    @Test("A list is fresh for the shorter of max-age and ttl, and refreshed ahead of its end")
    func freshness() async throws {
        for (maximumAge, timeToLive, life) in [
            (100, 40, 40.0), (40, 100, 40), (40, nil, 40), (0, 100, 2), (0, 1, 1), (10, 1_000_000_000, 10),
        ] as [(Int, Int?, Double)] {
            let server = Server(issuer)
            server.answer(maximumAge: maximumAge, timeToLive: timeToLive)
            let verifier = try server.verifier()
            let token = try token(1)
            _ = try await verifier.verify(token)
            // The refresh begins between 75 and 90 percent.
            server.pass(life * 0.74)
            #expect(try verifier.verifyUsingCachedKeys(token) != nil)
            #expect(server.fetches.count == 1, "\(life)")
            server.pass(life * 0.27)
            #expect(try verifier.verifyUsingCachedKeys(token) == nil, "\(life)")
            _ = try await verifier.verify(token)
            #expect(server.fetches.count == 2, "\(life)")
        }
    }

    @Test("Shortly before a list's end it is refreshed, and no token waits", .timeLimit(.minutes(1)))
    func refreshesAhead() async throws {
        let server = Server(issuer)
        let verifier = try server.verifier()
        let token = try token(1)
        _ = try await verifier.verify(token)
        server.pass(29)
        #expect(try verifier.verifyUsingCachedKeys(token) != nil)
        while server.fetches.count < 2 { await Task.yield() }
        // The refreshed list is fresh from then on.
        _ = try await verifier.verify(token)
        server.pass(20)
        _ = try await verifier.verify(token)
        #expect(server.fetches.count == 2)
    }

    @Test("While a list cannot be refreshed, a server that is down is asked every ten seconds")
    func coolDown() async throws {
        let server = Server(issuer)
        let verifier = try server.verifier(.tolerating(staleness: .seconds(3600)))
        let token = try token(1)
        _ = try await verifier.verify(token)
        server.goDown()
        server.pass(31)
        for _ in 0..<100 { _ = try await verifier.verify(token) }
        #expect(server.fetches.count == 2)
        server.pass(9)
        for _ in 0..<100 { _ = try await verifier.verify(token) }
        #expect(server.fetches.count == 2)
    }

    @Test("A server that has no list yet to give is asked once a second, and its list counts at once")
    func retriesWithoutAList() async throws {
        let server = Server(issuer)
        let verifier = try server.verifier()
        let token = try token(1)
        server.goDown()
        for _ in 0..<100 {
            await #expect(throws: AccessTokenVerificationError.noStatusList(DocumentFetchError(.status(500)))) {
                try await verifier.verify(token)
            }
        }
        #expect(server.fetches.count == 1)
        server.goDown(false)
        server.pass(1.3)
        _ = try await verifier.verify(token)
    }

    @Test("A list that was unknown is asked for again after five seconds")
    func asksAgainForAnUnknownList() async throws {
        let server = Server(issuer)
        let isKnown = Mutex(false)
        var rules = server.rules()
        rules.fetch = { uri in
            guard isKnown.withLock({ $0 }) else { throw DocumentFetchError(.status(404)) }
            return try server.fetch(uri)
        }
        let verifier = try issuer.verifier(rules: VerificationRules(statusLists: rules))
        let token = try token(1)
        func isRefused() async throws {
            await #expect(throws: AccessTokenVerificationError.rejected(.unknownStatus)) {
                try await verifier.verify(token)
            }
        }
        try await isRefused()
        isKnown.withLock { $0 = true }
        server.pass(3)
        try await isRefused()
        server.pass(2.1)
        _ = try await verifier.verify(token)
    }

    @Test("Lists that no good answer has come for are fetched 240 times a minute at most")
    func limitsNewLists() async throws {
        let server = Server(issuer)
        let lists = try server.lists()
        server.goDown()
        var refused = 0
        for number in 0..<300 {
            let error = await #expect(throws: DocumentFetchError.self) { try await lists.current(Self.uri(number)) }
            if error?.code == .tooFrequent { refused += 1 }
        }
        #expect(server.fetches.count == 240 && refused == 60)
        #expect(lists.count <= StatusLists.capacity)
        server.pass(60)
        server.goDown(false)
        for number in 300..<600 { _ = try? await lists.current(Self.uri(number)) }
        #expect(server.fetches.count == 480)
    }

    @Test("A list that was answered well is refreshed whatever the number of new lists")
    func newListsDoNotStarveOthers() async throws {
        let server = Server(issuer)
        let lists = try server.lists()
        _ = try await lists.current(Self.uri(0))
        server.goDown()
        for number in 1..<300 { _ = try? await lists.current(Self.uri(number)) }
        server.goDown(false)
        server.pass(31)
        for number in 300..<600 { _ = try? await lists.current(Self.uri(number)) }
        let count = server.fetches.count
        guard case .list = try await lists.current(Self.uri(0)) else {
            Issue.record("there is no list")
            return
        }
        #expect(server.fetches.count == count + 1)
    }

    @Test("There are 256 lists at most, and those that were used last stay")
    func dropsTheLeastUsed() async throws {
        let server = Server(issuer)
        server.answer(maximumAge: 3600, timeToLive: nil)
        let lists = try server.lists()
        for number in 0..<280 {
            server.pass(0.3)
            _ = try await lists.current(Self.uri(number))
            _ = lists.cached(Self.uri(0))
        }
        #expect(lists.count == 256)
        #expect(lists.cached(Self.uri(0)) != nil && lists.cached(Self.uri(279)) != nil)
        #expect(lists.cached(Self.uri(1)) == nil)
    }

    @Test("All lists together have 32 MiB at most")
    func limitsMemory() async throws {
        let server = Server(issuer)
        server.answer(maximumAge: 3600, timeToLive: nil)
        server.answer(entryCount: StatusListSource.maximumOctets * 8)
        let lists = try server.lists()
        for number in 0..<40 {
            server.pass(1)
            _ = try await lists.current(Self.uri(number))
        }
        #expect(lists.count == 32)
        #expect(lists.cached(Self.uri(39)) != nil)
    }

    @Test("A list that no token has used for five minutes is dropped")
    func dropsUnusedLists() async throws {
        let server = Server(issuer)
        let lists = try server.lists()
        _ = try await lists.current(Self.uri(1))
        _ = try await lists.current(Self.uri(2))
        for _ in 0..<3 {
            server.pass(100)
            _ = try await lists.current(Self.uri(2))
            _ = lists.refreshIfDue()
        }
        #expect(lists.count == 1)
        server.pass(299)
        _ = lists.refreshIfDue()
        #expect(lists.count == 1)
        server.pass(1)
        _ = lists.refreshIfDue()
        #expect(lists.count == 0)
    }

    @Test("As a service a verifier refreshes the lists that tokens use, and records their age", .timeLimit(.minutes(1)))
    func service() async throws {
        let metrics = TestMetrics()
        let server = Server(issuer)
        let verifier = AccessTokenVerifier(
            issuer: issuer.issuer, audience: try Audience(TestIssuer.audience), keys: issuer.keySource,
            rules: VerificationRules(statusLists: server.rules()), metrics: metrics)
        _ = try await verifier.verify(token(1))
        server.pass(29)
        let group = ServiceGroup(services: [verifier], logger: .silent)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            while server.fetches.count < 2 { await Task.yield() }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        let gauge = try metrics.expectGauge(
            "token_verifier_status_list_age_seconds", [("issuer", "https://issuer.example.com")])
        #expect(gauge.values.contains(29))
    }

    @Test("A list that is signed with a new key makes the keys be fetched again")
    func newKey() async throws {
        let next = try TestIssuer(keyID: "next")
        let both = JWKSet(issuer.keys.keys + next.keys.keys)
        let first = issuer.keys
        let fetches = Mutex(0)
        let keys = KeySource.fetching(named: "test", logger: .silent) {
            let count = fetches.withLock { count in
                count += 1
                return count
            }
            return FetchedDocument(count == 1 ? first : both, maximumAge: .seconds(600))
        }
        let server = Server(next)
        let verifier = AccessTokenVerifier(
            issuer: issuer.issuer, audience: try Audience(TestIssuer.audience), keys: keys,
            rules: VerificationRules(statusLists: server.rules()))
        _ = try await verifier.verify(token(1))
        #expect(fetches.withLock { $0 } == 2)
    }

    @Test("A list whose signature no key and no algorithm of the rules fits is none")
    func otherAlgorithm() async throws {
        let other = try TestIssuer(keyID: "other", algorithm: .es384)
        let keys = JWKSet(issuer.keys.keys + other.keys.keys)
        let verifier = AccessTokenVerifier(
            issuer: issuer.issuer, audience: try Audience(TestIssuer.audience), keys: .fixed(keys),
            rules: VerificationRules(algorithms: [.es256], statusLists: Server(other).rules()))
        await #expect(throws: AccessTokenVerificationError.noStatusList(DocumentFetchError(.malformed, ""))) {
            try await verifier.verify(token(1))
        }
    }

    @Test("An access token of the issuer is no list", arguments: ["at+jwt", "JWT", nil] as [String?])
    func otherType(type: String?) async throws {
        let issuer = issuer
        let rules = StatusListRules(.required, logger: .silent) { uri in
            let list = StatusListToken(
                uri: uri, issuedAt: .now, expiresAt: nil, timeToLive: nil, list: StatusList(entryCount: 8))
            return FetchedDocument(
                Array(try issuer.token(payload: list.json(), type: type).utf8), maximumAge: .seconds(60))
        }
        let verifier = try issuer.verifier(rules: VerificationRules(statusLists: rules))
        await #expect(throws: AccessTokenVerificationError.noStatusList(DocumentFetchError(.malformed, ""))) {
            try await verifier.verify(token(1))
        }
    }

    @Test("By default a list is fetched by GET with the media type of a Status List Token")
    func defaultFetch() async throws {
        let requests = Mutex<[String]>([])
        let answer = Mutex<[UInt8]>([])
        let router = Router()
        router.get("lists/1") { request, _ in
            requests.withLock { $0.append(request.headers[.accept] ?? "") }
            return Response(
                status: .ok, headers: [.contentType: "application/statuslist+jwt", .cacheControl: "max-age=30"],
                body: .init(byteBuffer: ByteBuffer(bytes: answer.withLock { $0 })))
        }
        try await LoopbackServer.serve(router) { origin in
            let issuer = try TestIssuer(origin)
            let uri = "\(origin)/lists/1"
            var list = StatusList(entryCount: 1 << 20)
            list.set(5)
            let content = StatusListToken(
                uri: uri, issuedAt: .now, expiresAt: .now + .seconds(600), timeToLive: .seconds(30), list: list)
            let token = try issuer.token(payload: content.json(), type: "statuslist+jwt")
            answer.withLock { $0 = Array(token.utf8) }
            let verifier = try issuer.verifier(rules: VerificationRules(statusLists: .required))
            func status(_ index: Int64) -> JSONValue { StatusListReference(index: index, uri: uri).json }
            _ = try await verifier.verify(issuer.token(claims: ["status": status(4)]))
            await #expect(throws: AccessTokenVerificationError.rejected(.revoked)) {
                try await verifier.verify(issuer.token(claims: ["status": status(5)]))
            }
        }
        #expect(requests.withLock { $0 } == ["application/statuslist+jwt"])
    }
}
