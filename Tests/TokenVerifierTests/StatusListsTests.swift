import AccessToken
import MetricsTestKit
import RemoteKeys
import ServiceLifecycle
import TestSupport
import Testing
import TokenVerifierTesting

@testable import TokenVerifier

/// How many lists are fetched and kept.
@Suite struct StatusListsTests {
    private let issuer: TestIssuer

    init() throws { issuer = try TestIssuer() }

    private func token(_ number: Int) throws -> String { try StatusListServer(issuer).token(number) }

    @Test("A list is fetched once for a thousand concurrent tokens", .timeLimit(.minutes(1)))
    func singleFlight() async throws {
        let server = StatusListServer(issuer)
        let verifier = try server.verifier()
        let token = try token(1)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<1000 { group.addTask { _ = try await verifier.verify(token) } }
            try await group.waitForAll()
        }
        #expect(server.fetches == [StatusListServer.uri(1)])
    }

    @Test("Lists that no good answer has come for are fetched 600 times a minute at most")
    func limitsNewLists() async throws {
        let server = StatusListServer(issuer)
        let lists = try server.lists()
        server.goDown()
        var refused = 0
        for number in 0..<700 {
            let error = await #expect(throws: DocumentFetchError.self) {
                try await lists.current(StatusListServer.uri(number))
            }
            if error?.code == .tooFrequent { refused += 1 }
        }
        #expect(server.fetches.count == 600 && refused == 100)
        #expect(lists.count <= StatusLists.capacity)
        server.pass(60)
        server.goDown(false)
        for number in 700..<1400 { _ = try? await lists.current(StatusListServer.uri(number)) }
        #expect(server.fetches.count == 1200)
    }

    @Test("A list that was answered well is refreshed whatever the number of new lists")
    func newListsDoNotStarveOthers() async throws {
        let server = StatusListServer(issuer)
        let lists = try server.lists()
        _ = try await lists.current(StatusListServer.uri(0))
        server.goDown()
        for number in 1..<700 { _ = try? await lists.current(StatusListServer.uri(number)) }
        server.goDown(false)
        server.pass(31)
        for number in 700..<1400 { _ = try? await lists.current(StatusListServer.uri(number)) }
        let count = server.fetches.count
        guard case .list = try await lists.current(StatusListServer.uri(0)) else {
            Issue.record("there is no list")
            return
        }
        #expect(server.fetches.count == count + 1)
    }

    @Test("There are 512 lists at most, and those that were used last stay")
    func dropsTheLeastUsed() async throws {
        let server = StatusListServer(issuer)
        server.answer(maximumAge: 3600, timeToLive: nil)
        let lists = try server.lists()
        for number in 0..<540 {
            server.pass(0.1)
            _ = try await lists.current(StatusListServer.uri(number))
            _ = lists.cached(StatusListServer.uri(0))
        }
        #expect(lists.count == 512)
        #expect(lists.cached(StatusListServer.uri(0)) != nil && lists.cached(StatusListServer.uri(539)) != nil)
        #expect(lists.cached(StatusListServer.uri(1)) == nil)
    }

    @Test("All lists together have 64 MiB at most")
    func limitsMemory() async throws {
        let server = StatusListServer(issuer)
        server.answer(maximumAge: 3600, timeToLive: nil)
        server.answer(entryCount: StatusListSource.maximumOctets * 8)
        let lists = try server.lists()
        for number in 0..<80 {
            server.pass(1)
            _ = try await lists.current(StatusListServer.uri(number))
        }
        #expect(lists.count == 64)
        #expect(lists.cached(StatusListServer.uri(79)) != nil)
    }

    @Test("A list that no token has used for five minutes is dropped")
    func dropsUnusedLists() async throws {
        let server = StatusListServer(issuer)
        let lists = try server.lists()
        _ = try await lists.current(StatusListServer.uri(1))
        _ = try await lists.current(StatusListServer.uri(2))
        for _ in 0..<3 {
            server.pass(100)
            _ = try await lists.current(StatusListServer.uri(2))
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

    @Test("A list that is unknown is asked for by tokens alone, and not refreshed")
    func refreshesNoUnknownList() async throws {
        let server = StatusListServer(issuer)
        let lists = try server.lists()
        server.goDown()
        _ = try? await lists.current(StatusListServer.uri(1))
        server.pass(20)
        #expect(lists.refreshIfDue() == StatusLists.longestIdleTime)
        #expect(lists.count == 1 && server.fetches.count == 1)
    }

    @Test("As a service a verifier refreshes the lists that tokens use, and records their age", .timeLimit(.minutes(1)))
    func service() async throws {
        let metrics = TestMetrics()
        let server = StatusListServer(issuer)
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
}
