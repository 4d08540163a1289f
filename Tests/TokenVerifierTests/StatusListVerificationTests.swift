import AccessToken
import JOSE
import RemoteKeys
import Synchronization
import TestSupport
import Testing
import TokenVerifierTesting

@testable import TokenVerifier

/// What the claim `status` of a token decides.
@Suite struct StatusListVerificationTests {
    private let issuer: TestIssuer
    private let list: TestStatusList

    private static let modes: [StatusListRules.Mode] = [.required, .tolerating(staleness: .seconds(600))]

    init() throws {
        issuer = try TestIssuer()
        list = TestStatusList(of: issuer)
    }

    private func verifier(
        _ mode: StatusListRules.Mode = .required, cacheCapacity: Int = 0
    ) throws -> AccessTokenVerifier {
        AccessTokenVerifier(
            issuer: issuer.issuer, audience: try Audience(TestIssuer.audience), keys: issuer.keySource,
            rules: VerificationRules(statusLists: list.rules(mode)), cacheCapacity: cacheCapacity)
    }

    private func token(_ status: JSONValue) throws -> String { try issuer.token(claims: ["status": status]) }

    @Test("A token whose entry is not 0 is refused, and those of other entries are accepted", arguments: modes)
    func refusesARevokedToken(mode: StatusListRules.Mode) async throws {
        list.revoke(7)
        let verifier = try verifier(mode)
        #expect(await verifier.outcome(of: try token(list.claim(7))) == "revoked")
        for index in [0, 6, 8, 1023] { #expect(await verifier.outcome(of: try token(list.claim(index))) == "accepted") }
    }

    @Test("A token that was cached is refused as soon as a newer list revokes it", arguments: [0, 100])
    func aNewerListCountsAtOnce(cacheCapacity: Int) async throws {
        let verifier = try verifier(cacheCapacity: cacheCapacity)
        let token = try token(list.claim(7))
        let other = try self.token(list.claim(8))
        for token in [token, other] {
            #expect(await verifier.outcome(of: token) == "accepted")
            #expect(try verifier.verifyUsingCachedKeys(token) != nil)
        }
        list.revoke(7)
        #expect(try verifier.verifyUsingCachedKeys(token) == nil)
        #expect(await verifier.outcome(of: token) == "revoked")
        #expect(throws: AccessTokenVerificationError.rejected(.revoked)) {
            try verifier.verifyUsingCachedKeys(token)
        }
        #expect(try verifier.verifyUsingCachedKeys(other) != nil)
    }

    @Test("A token without the claim is accepted, and no list is fetched", arguments: modes)
    func acceptsATokenWithoutStatus(mode: StatusListRules.Mode) async throws {
        list.isDown = true
        #expect(try await verifier(mode).outcome(of: issuer.token()) == "accepted")
    }

    @Test("A verifier that ignores lists reads no claim")
    func ignoresTheClaim() async throws {
        list.revoke(7)
        let verifier = try issuer.verifier()
        for status: JSONValue in [list.claim(7), list.claim(9999), "malformed"] {
            #expect(await verifier.outcome(of: try token(status)) == "accepted")
        }
    }

    @Test(
        "draft-ietf-oauth-status-list-21 section 6.2: a malformed claim is refused",
        arguments: modes, ["malformed", [:], ["status_list": ["idx": 0]], ["attestation": 1]] as [JSONValue])
    func refusesAMalformedClaim(mode: StatusListRules.Mode, status: JSONValue) async throws {
        #expect(try await verifier(mode).outcome(of: token(status)) == "missing_claim")
    }

    @Test("draft-ietf-oauth-status-list-21 section 8.3: an index out of bounds is refused", arguments: modes)
    func refusesAnIndexOutOfBounds(mode: StatusListRules.Mode) async throws {
        let verifier = try verifier(mode)
        for index in [1024, Int.max] {
            #expect(await verifier.outcome(of: try token(list.claim(index))) == "unknown_status", "\(index)")
        }
    }

    @Test(
        "A list of another origin than that of the issuer is refused, and not fetched",
        arguments: [
            "https://issuer.example.com.evil.example/status-lists/1", "https://evil.example/status-lists/1",
            "http://issuer.example.com/status-lists/1", "https://issuer.example.com:8443/status-lists/1",
            "https://issuer.example.org/status-lists/1", "http://127.0.0.1/status-lists/1", "urn:ietf:params:oauth",
            "https://issuer.example.com/status-lists/1#fragment", "https://issuer.example.com@evil.example/1",
            "ftp://issuer.example.com/status-lists/1",
        ])
    func fetchesFromTheIssuerAlone(uri: String) async throws {
        let fetches = Mutex(0)
        let rules = StatusListRules(.required) { _ in
            fetches.withLock { $0 += 1 }
            throw DocumentFetchError(.status(500))
        }
        let verifier = try issuer.verifier(rules: VerificationRules(statusLists: rules))
        let outcome = await verifier.outcome(of: try token(StatusListReference(index: 0, uri: uri).json))
        #expect(outcome == (uri.contains("@") ? "missing_claim" : "unknown_status"))
        #expect(fetches.withLock { $0 } == 0)
    }

    @Test("The default port and the letter case of a host make no other origin")
    func comparesOrigins() async throws {
        let issuer = issuer
        let rules = StatusListRules(.required) { uri in
            let list = StatusListToken(
                uri: uri, issuedAt: .now, expiresAt: nil, timeToLive: nil, list: StatusList(entryCount: 8))
            let token = try issuer.token(payload: list.json(), type: "statuslist+jwt")
            return FetchedDocument(Array(token.utf8), maximumAge: .seconds(60))
        }
        let verifier = try issuer.verifier(rules: VerificationRules(statusLists: rules))
        for uri in ["https://issuer.example.com:443/a", "https://ISSUER.example.com/b"] {
            let token = try token(StatusListReference(index: 0, uri: uri).json)
            #expect(await verifier.outcome(of: token) == "accepted", "\(uri)")
        }
    }

    @Test("A list that cannot be fetched is an outage: 503, and 401 for a revoked token and an unknown list")
    func answersAsForKeys() async throws {
        let verifier = try verifier()
        list.isDown = true
        let good = "Bearer \(try token(list.claim(1)))"
        guard case .failure(let outage) = await verifier.authorize(authorization: [good]) else {
            Issue.record("the token was accepted")
            return
        }
        #expect(outage.status == 503 && outage.wwwAuthenticate == nil && outage.retryAfter != nil)
        list.isDown = false
        list.revoke(1)
        guard case .failure(let challenge) = await verifier.authorize(authorization: [good]) else {
            Issue.record("the token was accepted")
            return
        }
        #expect(challenge.status == 401 && challenge.cause == .invalidToken(.revoked))
        #expect(challenge.wwwAuthenticate?.contains(#"error="invalid_token""#) == true)
        let unknown = try token(StatusListReference(index: 0, uri: list.uri + "2").json)
        guard case .failure(let other) = await verifier.authorize(authorization: ["Bearer \(unknown)"]) else {
            Issue.record("the token was accepted")
            return
        }
        #expect(other.status == 401 && other.cause == .invalidToken(.unknownStatus))
    }

    @Test("A stale list serves for the time that is tolerated, and never from its exp on")
    func toleratesStaleness() async throws {
        let token = try token(list.claim(1))
        for (staleness, seconds, expected) in [
            (100, 129, "accepted"), (100, 131, "no_status_list"), (10_000, 500, "accepted"),
            (10_000, 601, "no_status_list"), (0, 31, "no_status_list"),
        ] {
            let verifier = try verifier(.tolerating(staleness: .seconds(staleness)))
            #expect(await verifier.outcome(of: token) == "accepted")
            list.isDown = true
            list.pass(.seconds(seconds - 30))
            #expect(await verifier.outcome(of: token) == expected, "\(staleness) \(seconds)")
            list.isDown = false
        }
    }

    @Test("By the verifier's own clock, too, a list says nothing from its exp on")
    func checksExpiryAtEachUse() async throws {
        let slept = Mutex(Duration.zero)
        let verifier = try issuer.verifier(
            rules: VerificationRules(statusLists: list.rules(.tolerating(staleness: .seconds(3600))))
        ) { .now + slept.withLock { $0 } }
        let token = try token(list.claim(1))
        #expect(await verifier.outcome(of: token) == "accepted")
        // The machine has slept, and the monotonic clock with it.
        slept.withLock { $0 = .seconds(700) }
        #expect(await verifier.outcome(of: token) == "no_status_list")
    }
}
