import AccessToken
import JOSE
import Libcrypto
import Testing

@testable import OAuth

/// `client_assertion` of the configuration and of a client.
@Suite struct AssertionRulesTests {
    private let key: PrivateKey

    init() throws { key = try Fixture.rsaKey.get() }

    private func clients(_ rules: ClientAssertionRules = .none, keyID: String? = "k1") throws -> ClientRegistry {
        let keys = JWKSet([JWK(try key.publicKey, keyID: keyID, algorithm: nil)])
        return try ClientRegistry([
            try Client(id: ClientID("job"), secrets: [], keys: .fixed(keys), assertionRules: rules)
        ])
    }

    private func assertion(
        _ changes: [String: JSONValue?], header: [String: JSONValue?] = [:],
        scheme: SignatureScheme = .rsaPKCS1(.sha256)
    ) throws -> String {
        try AssertionFixture.assertion(
            AssertionFixture.claims(changes), header: ["alg": .string("RS256")].merging(header) { $1 }, signedBy: key,
            scheme: scheme)
    }

    private static func end(_ seconds: Int64) -> JSONValue { .integer(Fixture.now.seconds + seconds) }

    private func failure(
        _ text: String, rules: AssertionRules = .standard, of own: ClientAssertionRules = .none,
        profile: SecurityProfile = .standard
    ) throws -> RefusalCause? {
        let clients = try clients(own)
        do throws(TokenRefusal) {
            _ = try AssertionFixture.authenticate(text, in: clients, rules: rules, profile: profile)
            return nil
        } catch {
            return error.cause
        }
    }

    /// In seconds: the service's longest lifetime, the client's own, and the time to `exp`.
    @Test(
        "RFC 7523 section 3, number 4: an assertion is valid for the longest lifetime and 30 seconds, the client's own first",
        arguments: [
            (300, nil, 330, true), (300, nil, 331, false), (3600, nil, 3630, true), (3600, nil, 3631, false),
            (300, 3600, 3630, true), (300, 3600, 3631, false), (3600, 60, 90, true), (3600, 60, 91, false),
        ] as [(Int64, Int64?, Int64, Bool)])
    func lifetimes(service: Int64, own: Int64?, end: Int64, isAccepted: Bool) throws {
        let rules = AssertionRules(longestLifetime: .seconds(service), isSingleUse: true)
        let cause = try failure(
            assertion(["exp": Self.end(end)]), rules: rules,
            of: ClientAssertionRules(longestLifetime: own.map { .seconds($0) }))
        #expect(cause == (isAccepted ? nil : .assertionLifetime))
    }

    @Test(
        "RFC 7523 section 3, number 7: with single use an assertion needs a jti, and without it is accepted again",
        arguments: [(true, nil), (false, nil), (true, false), (false, true)] as [(Bool, Bool?)])
    func singleUse(service: Bool, own: Bool?) throws {
        let isSingleUse = own ?? service
        let rules = AssertionRules(longestLifetime: .seconds(300), isSingleUse: service)
        let clients = try clients(ClientAssertionRules(isSingleUse: own))
        let used = UsedAssertionList()
        func cause(_ text: String) -> RefusalCause? {
            do throws(TokenRefusal) {
                _ = try AssertionFixture.authenticate(text, in: clients, rules: rules, used: used)
                return nil
            } catch {
                return error.cause
            }
        }
        let (named, unnamed) = (try assertion([:]), try assertion(["jti": nil]))
        #expect(cause(named) == nil)
        #expect(cause(named) == (isSingleUse ? .assertionReplayed : nil))
        #expect(cause(unnamed) == (isSingleUse ? .assertionWithoutID : nil))
        #expect(cause(unnamed) == (isSingleUse ? .assertionWithoutID : nil))
        // A jti that is none is malformed in any case.
        #expect(cause(try assertion(["jti": .integer(1)])) == .assertionMalformed)
    }

    @Test(
        "Without single use, no result of recording a use refuses an assertion",
        arguments: [
            AssertionUse.first, .repeated, .possiblyRepeated, .full,
        ])
    func withoutSingleUse(use: AssertionUse) throws {
        var cost = AuthenticationCost()
        let check = try AssertionFixture.check(assertion([:]), in: clients(), cost: &cost)
        let rules = AssertionRules(longestLifetime: .seconds(300), isSingleUse: false)
        let result = try check.run(
            keys: check.fixedKeys, audiences: AssertionFixture.audiences, rules: rules
        ) { used, _ in
            #expect(!used.isSingleUse)
            return use
        }
        #expect(throws: Never.self) { try result.get() }
    }

    /// What a library puts into an assertion, with the settings that Clients.md names for it.
    struct Shape: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let claims: [String: JSONValue?]
        var header: [String: JSONValue?] = ["kid": nil]
        var rules = ClientAssertionRules.none
        var scheme = SignatureScheme.rsaPKCS1(.sha256)
        var isSentAgain = false
    }

    private static let tokenEndpoint = JSONValue.string(AssertionFixture.audiences[1])

    private static let shapes = [
        Shape(
            testDescription: "Authlib", claims: ["aud": tokenEndpoint, "exp": end(3600)],
            rules: ClientAssertionRules(longestLifetime: .seconds(3600))),
        Shape(
            testDescription: "MSAL with a thumbprint of SHA-1",
            claims: ["aud": tokenEndpoint, "exp": end(600), "nbf": end(0)],
            header: ["kid": nil, "x5t": .string("AAAAAAAAAAAAAAAAAAAAAAAAAAA")],
            rules: ClientAssertionRules(longestLifetime: .seconds(600), isSingleUse: false), isSentAgain: true),
        Shape(
            testDescription: "MSAL with PS256 and a certificate", claims: ["aud": tokenEndpoint, "exp": end(600)],
            header: [
                "kid": nil, "alg": .string("PS256"), "x5t#S256": .string("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
                "x5c": .array([.string("MIIB")]),
            ],
            rules: ClientAssertionRules(longestLifetime: .seconds(600), isSingleUse: false),
            scheme: .rsaPSS(.sha256), isSentAgain: true),
        Shape(
            testDescription: "idpyoidc", claims: ["aud": .array([tokenEndpoint]), "exp": end(600)],
            header: ["typ": nil, "kid": .string("of-the-library")],
            rules: ClientAssertionRules(longestLifetime: .seconds(600))),
        Shape(
            testDescription: "Kafka for Java", claims: ["exp": end(300), "nbf": end(-60), "jti": nil],
            rules: ClientAssertionRules(isSingleUse: false)),
        Shape(
            testDescription: "librdkafka", claims: ["aud": tokenEndpoint, "exp": end(300), "nbf": end(0), "jti": nil],
            header: ["kid": nil, "typ": .string("JWT")], rules: ClientAssertionRules(isSingleUse: false)),
    ]

    @Test("An assertion of a library gets a client in with the settings that are documented", arguments: shapes)
    func librariesWork(shape: Shape) throws {
        let text = try assertion(shape.claims, header: shape.header, scheme: shape.scheme)
        // The key of a certificate has no kid.
        let (clients, used) = (try clients(shape.rules, keyID: nil), UsedAssertionList())
        for _ in 0..<(shape.isSentAgain ? 3 : 1) {
            #expect(throws: Never.self) { try AssertionFixture.authenticate(text, in: clients, used: used) }
        }
    }

    @Test("With the standard rules a library's assertion is refused, for the reason that the documentation names")
    func librariesDoNotWork() throws {
        let causes = try Self.shapes.map { shape in
            let text = try assertion(shape.claims, header: ["kid": nil], scheme: .rsaPKCS1(.sha256))
            return try failure(text)
        }
        #expect(
            causes == [
                .assertionLifetime, .assertionLifetime, .assertionLifetime, .assertionLifetime, .assertionWithoutID,
                .assertionWithoutID,
            ])
    }

    @Test("Lifetimes at the start are those of the service, or of a client that has its own")
    func lifetimesAtTheStart() throws {
        let rules = AssertionRules(longestLifetime: .seconds(600), isSingleUse: true)
        let lifetimes = AssertionLifetimes(
            rules, of: try clients(ClientAssertionRules(longestLifetime: .seconds(3600))))
        #expect(lifetimes.longestUse == .seconds(630))
        #expect(lifetimes.longestUse(of: try ClientID("job")) == .seconds(3630))
        #expect(lifetimes.longestUse(of: try ClientID("other")) == .seconds(630))
    }

    @Test(
        "FAPI 2.0 sections 5.3.2.1 and 5.4.1: the profile takes PS256, and the audience as a JSON string",
        arguments: [
            ("RS256", false, RefusalCause.assertionAlgorithm), ("PS256", false, nil),
            ("PS256", true, .assertionAudience),
        ] as [(String, Bool, RefusalCause?)])
    func profile(algorithm: String, isList: Bool, cause: RefusalCause?) throws {
        let audience = try #require(AssertionFixture.claims()["aud"])
        let text = try assertion(
            isList ? ["aud": .array([audience])] : [:], header: ["alg": .string(algorithm)],
            scheme: algorithm == "RS256" ? .rsaPKCS1(.sha256) : .rsaPSS(.sha256))
        #expect(try failure(text, profile: .fapi2) == cause)
        #expect(try failure(text) == nil)
    }
}
