import AccessToken
import Admission
import OAuth
import ServiceFixture
import Testing

@testable import TokenHTTP

/// `single_use` of an issuer, from a request to the replay cache.
@Suite struct IdentityReplayTests {
    private let platform: PlatformFixture
    private static let now = ServiceFixture.now

    init() throws { platform = try PlatformFixture() }

    private static func client(_ id: String, issuer: String = "a") throws -> Client {
        try Client(id: ClientID(id), identities: [ClientIdentity(issuer: issuer, subject: id)])
    }

    private func registered(_ issuer: String = "a", isSingleUse: Bool = true) throws -> RegisteredClients {
        try platform.registered(
            ["pod", "other"].map { try Self.client($0, issuer: issuer) },
            platform.issuers(name: issuer, isSingleUse: isSingleUse))
    }

    private func cause(
        _ token: String, _ cache: any ReplayProtection, _ registered: RegisteredClients, now: NumericDate = now
    ) async throws -> RefusalCause? {
        let authenticator = try PlatformFixture.authenticator(used: cache)
        let body = PlatformFixture.assertion + token
        return try await PlatformFixture.refusal(of: body, by: authenticator, now: now) { registered }?.cause
    }

    @Test("A token for single use is accepted once; after a restart one that may have been used before it is not")
    func singleUse() async throws {
        let (cache, registered) = (try ReplayCache(start: Self.now - .seconds(100)), try registered())
        let token = try platform.token(jti: "1")
        #expect(try await cause(token, cache, registered) == nil)
        #expect(try await cause(token, cache, registered) == .identityReplayed)
        #expect(try await cause(platform.token(), cache, registered) == .identityWithoutID)
        let start = Self.now + .seconds(5)
        let restarted = try ReplayCache(start: start)
        #expect(try await cause(token, restarted, registered, now: start) == .identityBeforeStart)
        // With clocks that differ by the leeway of 30 s, it was accepted in the last second before the start.
        let ahead = try platform.token(jti: "2", issuedAt: start + .seconds(29))
        #expect(try await cause(ahead, cache, registered, now: start - .seconds(1)) == nil)
        #expect(try await cause(ahead, restarted, registered, now: start) == .identityBeforeStart)
        let fresh = try platform.token(jti: "3", issuedAt: start + .seconds(30))
        #expect(try await cause(fresh, cache, registered, now: start - .seconds(1)) == .identityNotYetValid)
        #expect(try await cause(fresh, restarted, registered, now: start) == nil)
    }

    @Test("What was used while single_use was off, or under another name of the entry, is refused when it is on")
    func changedEntries() async throws {
        let cache = try ReplayCache(start: NumericDate(.min))
        let token = try platform.token(jti: "1")
        for _ in 0..<3 { #expect(try await cause(token, cache, registered(isSingleUse: false)) == nil) }
        #expect(try await cause(token, cache, registered()) == .identityReplayed)
        #expect(try await cause(token, cache, registered("renamed")) == .identityReplayed)
    }

    @Test("Clients of one issuer have shares of their own in the replay cache")
    func shares() async throws {
        let (cache, registered) = (try ReplayCache(start: NumericDate(.min), capacity: 4), try registered())
        var causes: [RefusalCause?] = []
        for jti in 1...3 { causes.append(try await cause(platform.token(jti: "\(jti)"), cache, registered)) }
        #expect(causes == [nil, nil, .replayCacheFull])
        #expect(try await cause(platform.token(subject: "other", jti: "4"), cache, registered) == nil)
    }

    /// A store that does not answer about what is for single use.
    private struct SilentStore: ReplayProtection {
        func use(_ assertion: UsedAssertion, now: NumericDate) async throws(TokenRefusal) -> AssertionUse {
            guard assertion.isSingleUse else { return .first }
            throw TokenRefusal(.replayStoreUnavailable)
        }
    }

    @Test("A store that does not answer refuses tokens for single use alone, and the log has whose they are")
    func silentStore() async throws {
        let token = try platform.token(jti: "1")
        #expect(try await cause(token, SilentStore(), registered(isSingleUse: false)) == nil)
        let registered = try registered()
        let authenticator = try PlatformFixture.authenticator(used: SilentStore())
        let body = PlatformFixture.assertion + token
        let refusal = try await PlatformFixture.refusal(of: body, by: authenticator, now: Self.now) { registered }
        #expect(refusal?.code == .replayStoreUnavailable)
        #expect(refusal?.identity?.issuer == "a" && refusal?.identity?.subject == "pod")
        #expect(refusal?.identity?.rule?.isEmpty == false)
    }
}
