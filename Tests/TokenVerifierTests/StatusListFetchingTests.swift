import AccessToken
import RemoteKeys
import Synchronization
import Testing
import TokenVerifierTesting

@testable import TokenVerifier

/// When a list is fetched.
@Suite struct StatusListFetchingTests {
    private let issuer: TestIssuer

    init() throws { issuer = try TestIssuer() }

    private func token(_ number: Int) throws -> String { try StatusListServer(issuer).token(number) }

    @Test("A list is fresh for the shorter of max-age and ttl, and refreshed ahead of its end")
    func freshness() async throws {
        for (maximumAge, timeToLive, life) in [
            (100, 40, 40.0), (40, 100, 40), (40, nil, 40), (0, 100, 2), (0, 1, 1), (10, 1_000_000_000, 10),
        ] as [(Int, Int?, Double)] {
            let server = StatusListServer(issuer)
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

    @Test("A list is fresh from its request on, and not from the answer on")
    func countsFromTheRequest() async throws {
        let server = StatusListServer(issuer)
        server.answer(afterSeconds: 20)
        let verifier = try server.verifier()
        let token = try token(1)
        _ = try await verifier.verify(token)
        #expect(try verifier.verifyUsingCachedKeys(token) != nil)
        server.pass(10)
        #expect(try verifier.verifyUsingCachedKeys(token) == nil)
    }

    @Test("A list may be tolerated for any time", arguments: [Duration.seconds(Int64.max), .seconds(-1), .zero])
    func anyStaleness(staleness: Duration) async throws {
        let server = StatusListServer(issuer)
        let verifier = try server.verifier(.tolerating(staleness: staleness))
        let token = try token(1)
        _ = try await verifier.verify(token)
        server.goDown()
        server.pass(3600)
        let isTolerated = (try? await verifier.verify(token)) != nil
        #expect(isTolerated == (staleness > .zero))
    }

    @Test("Shortly before a list's end it is refreshed, and no token waits", .timeLimit(.minutes(1)))
    func refreshesAhead() async throws {
        let server = StatusListServer(issuer)
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
        let server = StatusListServer(issuer)
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
        let server = StatusListServer(issuer)
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
        let server = StatusListServer(issuer)
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
}
