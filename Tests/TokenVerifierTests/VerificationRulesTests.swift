import AccessToken
import Foundation
import JOSE
import Synchronization
import Testing
import TokenVerifier
import TokenVerifierTesting

@Suite struct VerificationRulesTests {
    private static let now = NumericDate(1_795_000_000)
    private let issuer: TestIssuer

    init() throws { issuer = try TestIssuer() }

    @discardableResult
    private func verify(_ token: String, _ rules: VerificationRules = VerificationRules()) throws
        -> VerifiedAccessToken
    {
        try #require(try issuer.verifier(rules: rules, now: { Self.now }).verifyUsingCachedKeys(token))
    }

    private func token(_ claims: [String: JSONValue] = [:], removing: Set<String> = []) throws -> String {
        try issuer.token(now: Self.now, claims: claims, removing: removing)
    }

    private func expect(
        _ rejection: AccessTokenRejection, _ token: String, _ rules: VerificationRules = VerificationRules()
    ) {
        #expect(throws: AccessTokenVerificationError.rejected(rejection)) { try verify(token, rules) }
    }

    @Test("RFC 7800 section 3.1: a token that is bound to a key is refused if nothing is known of its sender")
    func boundTokens() throws {
        let digest = JSONValue.string(String(repeating: "A", count: 43))
        expect(.boundToKey, try token(["cnf": ["jkt": digest]]))
        expect(.wrongCertificate, try token(["cnf": ["x5t#S256": digest]]))
        for confirmation: JSONValue in [["jkt": "a"], ["x5t#S256": "a"], [:], .null, "a"] {
            expect(.boundToKey, try token(["cnf": confirmation]))
        }
    }

    /// A verifier that caches what it has verified.
    private func cachingVerifier(
        _ rules: VerificationRules, now: @escaping @Sendable () -> NumericDate = { Self.now }
    ) throws -> AccessTokenVerifier {
        AccessTokenVerifier(
            issuer: issuer.issuer, audience: try Audience(TestIssuer.audience), keys: issuer.keySource, rules: rules,
            cacheCapacity: 10, now: now)
    }

    @Test("A token that is cached is refused once the maximum age and the leeway have passed")
    func maximumAgeInTheCache() throws {
        let seconds = Mutex<Int64>(0)
        let rules = VerificationRules(leeway: .seconds(30), maximumAge: .seconds(60))
        let verifier = try cachingVerifier(rules, now: { NumericDate(Self.now.seconds + seconds.withLock { $0 }) })
        let text = try token()
        for good: Int64 in [0, 60, 90] {
            seconds.withLock { $0 = good }
            #expect(try verifier.verifyUsingCachedKeys(text) != nil)
        }
        seconds.withLock { $0 = 91 }
        #expect(throws: AccessTokenVerificationError.rejected(.tooOld)) { try verifier.verifyUsingCachedKeys(text) }
    }

    @Test("With a maximum age a token is refused once that and the leeway have passed since iat")
    func maximumAge() throws {
        let rules = VerificationRules(leeway: .seconds(30), maximumAge: .seconds(60))
        func issued(_ seconds: Int64) throws -> String { try token(["iat": .integer(Self.now.seconds + seconds)]) }
        for good: Int64 in [0, -60, -90, 30] { try verify(issued(good), rules) }
        expect(.tooOld, try issued(-91), rules)
        expect(.notYetValid, try issued(31), rules)
        let foreign = VerificationRules(profile: .jwt(), maximumAge: .seconds(60))
        expect(.missingClaim("iat"), try token(removing: ["iat"]), foreign)
        try verify(issued(-100_000))
    }

    @Test("A required claim must be there and not be null")
    func requiredClaims() throws {
        let rules = VerificationRules(requiredClaims: ["tenant"])
        try verify(token(["tenant": "acme"]), rules)
        try verify(token(["tenant": false]), rules)
        expect(.missingClaim("tenant"), try token(), rules)
        expect(.missingClaim("tenant"), try token(["tenant": .null]), rules)
        expect(.missingClaim("tenant"), try token(["Tenant": "acme"]), rules)
    }

    @Test("A check of the resource server's own refuses with its reason, also a token that is cached")
    func ownCheck() throws {
        let revoked = Mutex(false)
        let rules = VerificationRules(check: { token in
            revoked.withLock { $0 } ? "\(token.claims.subject ?? "it") is blocked" : nil
        })
        let verifier = try cachingVerifier(rules)
        let text = try token()
        for _ in 0..<2 { #expect(try verifier.verifyUsingCachedKeys(text) != nil) }
        revoked.withLock { $0 = true }
        #expect(throws: AccessTokenVerificationError.rejected(.refused("test-client is blocked"))) {
            try verifier.verifyUsingCachedKeys(text)
        }
    }

    @Test("A check of the resource server's own sees only tokens that pass all other checks")
    func ownCheckIsLast() throws {
        let seen = Mutex(0)
        let rules = VerificationRules(check: { _ in
            seen.withLock { $0 += 1 }
            return nil
        })
        expect(.wrongAudience, try token(["aud": "https://b.example"]), rules)
        expect(.boundToKey, try token(["cnf": [:]]), rules)
        expect(.expired, try token(["exp": 1]), rules)
        #expect(seen.withLock { $0 } == 0)
    }

    @Test("RFC 7519 section 4.1.3: a resource server may have several names, and a token names one of them")
    func severalAudiences() throws {
        let verifier = AccessTokenVerifier(
            issuer: issuer.issuer, audiences: try ["https://a.example", "orders"].map { try Audience($0) },
            keys: issuer.keySource, now: { Self.now })
        for audience: JSONValue in ["orders", ["account", "https://a.example"], ["https://a.example", "orders"]] {
            #expect(try verifier.verifyUsingCachedKeys(token(["aud": audience])) != nil)
        }
        for audience: JSONValue in ["Orders", ["account"], "https://a.example/"] {
            #expect(throws: AccessTokenVerificationError.rejected(.wrongAudience)) {
                try verifier.verifyUsingCachedKeys(token(["aud": audience]))
            }
        }
        let nameless = AccessTokenVerifier(
            issuer: issuer.issuer, audiences: [], keys: issuer.keySource, now: { Self.now })
        #expect(throws: AccessTokenVerificationError.rejected(.wrongAudience)) {
            try nameless.verifyUsingCachedKeys(token())
        }
    }

    @Test("RFC 8725 section 3.1: a token with an algorithm that is not chosen is refused before a key is looked for")
    func algorithms() throws {
        let rules = VerificationRules(algorithms: [.rs256])
        expect(.signature(.algorithmNotAccepted), try token(), rules)
        try verify(token(), VerificationRules(algorithms: [.rs256, .es256]))
    }

    @Test("A verified token has its text, its header and kid, and shows none of them when it is printed")
    func whatATokenHas() throws {
        let text = try issuer.token(
            payload: Array(
                #"{"iss":"https://issuer.example.com","aud":"https://api.example.com","exp":1795000100}"#.utf8),
            type: "JWT", header: ["x": 1])
        let verified = try verify(text, VerificationRules(profile: .jwt()))
        #expect(verified.text == text)
        #expect(verified.keyID == "test")
        #expect(verified.header.members["x"] == 1)
        #expect(verified.claims.subject == nil && verified.claims.issuedAt == nil && verified.claims.tokenID == nil)
        var dumped = ""
        dump(verified, to: &dumped)
        for shown in ["\(verified)", String(reflecting: verified), dumped] { #expect(!shown.contains(text.suffix(40))) }
    }

    @Test("A scope is looked up by a text, octet for octet")
    func scopes() throws {
        let token = try verify(issuer.token(scope: "site.read K", now: Self.now))
        #expect(token.scope.contains("site.read"))
        #expect(!token.scope.contains("site") && !token.scope.contains("site.read K") && !token.scope.contains(""))
        #expect(!token.scope.contains("\u{212A}"))
        #expect(try token.scope == Scope("K site.read"))
        try token.require(scope: "K site.read")
        let missing = #expect(throws: InsufficientScope.self) { try token.require(scope: "site.write site.read") }
        #expect(missing?.required.description == "site.write site.read")
        #expect(throws: InsufficientScope(required: .empty)) { try token.require(scope: "no\u{301}scope") }
    }
}
