import AccessToken
import JOSE
import MetricsTestKit
import RemoteKeys
import Synchronization
import TestSupport
import Testing
import TokenVerifierTesting

@testable import TokenVerifier

/// The look into a list beside the other steps of a verification.
@Suite struct StatusListStepTests {
    private let issuer: TestIssuer
    private let list: TestStatusList

    init() throws {
        issuer = try TestIssuer()
        list = TestStatusList(of: issuer)
    }

    private func verifier() throws -> AccessTokenVerifier {
        try issuer.verifier(rules: VerificationRules(statusLists: list.rules()))
    }

    private func token(_ status: JSONValue) throws -> String { try issuer.token(claims: ["status": status]) }

    @Test("A DPoP proof is used up once, though the token's list had to be fetched first")
    func usesAProofOnce() async throws {
        let key = try TestDPoPKey()
        // A clock that stands still: a proof is good for seconds.
        let now = NumericDate(1_795_000_000)
        let list = TestStatusList(of: issuer) { now }
        let verifier = try issuer.verifier(rules: VerificationRules(statusLists: list.rules())) { now }
        let token = try issuer.token(
            now: now, claims: ["status": list.claim(1), "cnf": ["jkt": .string(key.thumbprint)]])
        for _ in 0..<2 {
            let proof = try key.proof(method: "GET", url: "https://api.example.com/", token: token, now: now)
            let request = ProtectedResourceRequest(
                method: "GET", url: "https://api.example.com/", authorization: ["DPoP \(token)"], dpop: [proof])
            _ = try await verifier.verify(token, as: .dpop, in: request)
            await #expect(throws: AccessTokenVerificationError.self) {
                try await verifier.verify(token, as: .dpop, in: request)
            }
            list.pass(.seconds(31))
        }
    }

    @Test("A token that expires while its list is fetched is refused")
    func checksTheTokenAfterTheWait() async throws {
        let waited = Mutex(Duration.zero)
        var rules = list.rules()
        let fetch = rules.fetch
        rules.fetch = { uri in
            waited.withLock { $0 = .seconds(500) }
            return try await fetch?(uri) ?? FetchedDocument([], maximumAge: .zero)
        }
        let verifier = try issuer.verifier(
            rules: VerificationRules(statusLists: rules)
        ) { .now + waited.withLock { $0 } }
        let token = try issuer.token(lifetime: .seconds(100), claims: ["status": list.claim(1)])
        #expect(await verifier.outcome(of: token) == "expired")
    }

    @Test("The check of the resource server's own comes after the list")
    func ownCheckIsLast() async throws {
        list.revoke(1)
        let calls = Mutex(0)
        let rules = VerificationRules(statusLists: list.rules()) { _ in
            calls.withLock { $0 += 1 }
            return "no"
        }
        let verifier = try issuer.verifier(rules: rules)
        #expect(await verifier.outcome(of: try token(list.claim(1))) == "revoked")
        #expect(calls.withLock { $0 } == 0)
        #expect(await verifier.outcome(of: try token(list.claim(2))) == "refused")
    }

    @Test("Each issuer of several has its own lists")
    func severalIssuers() async throws {
        let other = try TestIssuer("https://other.example.com")
        let otherList = TestStatusList(of: other)
        let several = try MultiIssuerVerifier([
            verifier(), other.verifier(rules: VerificationRules(statusLists: otherList.rules())),
        ])
        list.revoke(1)
        await #expect(throws: AccessTokenVerificationError.rejected(.revoked)) {
            try await several.verify(token(list.claim(1)))
        }
        _ = try await several.verify(other.token(claims: ["status": otherList.claim(1)]))
        await #expect(throws: AccessTokenVerificationError.rejected(.unknownStatus)) {
            try await several.verify(other.token(claims: ["status": list.claim(1)]))
        }
    }

    @Test("Refusals are counted by their reason, and fetches by issuer and outcome")
    func metrics() async throws {
        let metrics = TestMetrics()
        let log = RecordedLog()
        list.revoke(1)
        var rules = list.rules()
        rules.logger = log.logger
        let verifier = AccessTokenVerifier(
            issuer: issuer.issuer, audience: try Audience(TestIssuer.audience), keys: issuer.keySource,
            rules: VerificationRules(statusLists: rules), metrics: metrics)
        let unknown = try token(StatusListReference(index: 0, uri: list.uri + "2?code=secret").json)
        for token in [try token(list.claim(1)), try token(list.claim(2)), unknown] {
            _ = await verifier.outcome(of: token)
        }
        list.isDown = true
        _ = await verifier.outcome(of: try token(list.claim(2)))
        let dimensions = [("issuer", "https://issuer.example.com")]
        for outcome in ["revoked", "accepted", "unknown_status", "no_status_list"] {
            let counter = try metrics.expectCounter("token_verifier_tokens", dimensions + [("outcome", outcome)])
            #expect(counter.totalValue == 1, "\(outcome)")
        }
        for outcome in ["fetched", "unknown", "unreachable"] {
            let counter = try metrics.expectCounter(
                "token_verifier_status_list_fetches", dimensions + [("outcome", outcome)])
            #expect(counter.totalValue == 1, "\(outcome)")
        }
        #expect(
            log.lines == [
                "warning The issuer does not have a status list that a token names issuer=https://issuer.example.com "
                    + "list=https://issuer.example.com/status-lists/12",
                "warning A status list of an issuer could not be fetched error=no answer (the test list is down) "
                    + "issuer=https://issuer.example.com list=https://issuer.example.com/status-lists/1",
            ])
    }
}
