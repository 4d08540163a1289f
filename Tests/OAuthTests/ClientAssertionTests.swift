import AccessToken
import JOSE
import Libcrypto
import Testing

@testable import OAuth

/// Client assertions, RFC 7523 section 2.2. Each refused assertion breaks one rule.
@Suite struct ClientAssertionTests {
    private static let audiences = AssertionFixture.audiences
    private let key: PrivateKey
    private let clients: ClientRegistry
    private let used = UsedAssertionList()
    private let keySet: JWKSet

    init() throws {
        key = try PrivateKey.generate(on: .p256)
        keySet = JWKSet([JWK(try key.publicKey, keyID: "k1", algorithm: nil)])
        clients = try ClientRegistry([
            try Client(id: ClientID("job"), secrets: [], keys: .fixed(keySet)),
            try Client(
                id: ClientID("secret"), secrets: [ClientSecret(hash: ClientSecretHash(of: "s"))], keys: .fixed(keySet),
                authenticationMethod: .clientSecretPost),
            try Client(id: ClientID("keyless"), secrets: [ClientSecret(hash: ClientSecretHash(of: "s"))]),
        ])
    }

    private static func claims(_ changes: [String: JSONValue?] = [:]) -> JSONObject {
        AssertionFixture.claims(changes)
    }

    private func assertion(
        _ claims: JSONObject, header: [String: JSONValue?] = [:], signedBy signer: PrivateKey? = nil,
        scheme: SignatureScheme = .ecdsa(.p256, .sha256)
    ) throws -> String {
        try AssertionFixture.assertion(claims, header: header, signedBy: signer ?? key, scheme: scheme)
    }

    private func authenticate(
        _ assertion: String, extra: String = "", type: String = ClientAssertion.type,
        audiences: [String] = AssertionFixture.audiences, now: NumericDate = Fixture.now
    ) throws(TokenRefusal) -> AuthenticatedClient {
        var cost = AuthenticationCost()
        let check = try AssertionFixture.check(
            assertion, extra: extra, type: type, in: clients, now: now, cost: &cost)
        return try check.run(keys: check.fixedKeys, audiences: audiences, rules: .standard, use: used.use).conclude()
    }

    @Test("RFC 7523 section 3: an assertion is accepted once")
    func aGoodOneIsAcceptedOnce() throws {
        let good = try assertion(Self.claims())
        let client = try authenticate(good)
        #expect(client.client.id.description == "job")
        #expect(client.evidence.method == .privateKeyJWT)
        #expect(throws: TokenRefusal(.invalidClient)) { try authenticate(good) }
        // It is refused again up to the last second before it expires.
        #expect(throws: TokenRefusal(.invalidClient)) { try authenticate(good, now: Fixture.now + .seconds(59)) }
    }

    static let good: [[String: JSONValue?]] = [
        ["aud": .string(audiences[1])], ["aud": .array([.string(audiences[0])])], ["iat": nil],
        ["iat": .integer(Fixture.now.seconds + 10)], ["nbf": .integer(Fixture.now.seconds + 10)],
        ["exp": .integer(Fixture.now.seconds + 300)], ["exp": .number(Double(Fixture.now.seconds) + 1.5)],
    ]

    @Test("RFC 7523 section 3: an assertion is accepted with every allowed audience and time", arguments: good)
    func acceptsWhatTheRulesAllow(changes: [String: JSONValue?]) throws {
        #expect(throws: Never.self) { try authenticate(assertion(Self.claims(changes))) }
    }

    static let badClaims: [[String: JSONValue?]] = [
        ["iss": .string("other")], ["iss": nil], ["sub": .string("other")], ["sub": nil],
        ["iss": .string("nobody"), "sub": .string("nobody")], ["iss": .string("secret"), "sub": .string("secret")],
        ["iss": .string("keyless"), "sub": .string("keyless")],
        ["aud": nil], ["aud": .string("https://elsewhere.example.com")], ["aud": .array([])],
        ["aud": .array([.string(audiences[0]), .string("https://elsewhere.example.com")])],
        ["exp": nil], ["exp": .integer(Fixture.now.seconds)], ["exp": .integer(Fixture.now.seconds + 361)],
        ["exp": .string("soon")], ["iat": .integer(Fixture.now.seconds + 61)],
        ["nbf": .integer(Fixture.now.seconds + 61)], ["jti": nil], ["jti": .string("")], ["jti": .integer(1)],
        ["jti": .string(String(repeating: "j", count: 257))],
    ]

    @Test("RFC 7523 section 3: an assertion with a missing or wrong claim is refused", arguments: badClaims)
    func refusesAClaim(changes: [String: JSONValue?]) throws {
        let bad = try assertion(Self.claims(changes))
        #expect(throws: TokenRefusal(.invalidClient)) { try authenticate(bad) }
    }

    static let badHeaders: [[String: JSONValue?]] = [
        ["alg": .string("none")], ["alg": .string("HS256")], ["alg": .string("RS256")], ["alg": .string("ES384")],
        ["crit": .array([.string("b64")]), "b64": .bool(true)], ["typ": .string("at+jwt")], ["kid": .string("k2")],
    ]

    @Test("RFC 7515 section 4.1: an assertion with a wrong header parameter is refused", arguments: badHeaders)
    func refusesAHeader(changes: [String: JSONValue?]) throws {
        let bad = try assertion(Self.claims(), header: changes)
        #expect(throws: TokenRefusal(.invalidClient)) { try authenticate(bad) }
    }

    @Test(
        "An assertion by an unknown client costs the check of a known client's", arguments: SignatureAlgorithm.offered)
    func costs(algorithm: SignatureAlgorithm) throws {
        let key = try algorithm.makeKey()
        let keys = JWKSet([JWK(try key.publicKey, keyID: "k1", algorithm: algorithm)])
        let clients = try ClientRegistry([try Client(id: ClientID("job"), secrets: [], keys: .fixed(keys))])
        for id in ["job", "nobody"] {
            let text = try assertion(
                Self.claims(["iss": .string(id), "sub": .string(id)]), header: ["alg": .string(algorithm.name)],
                signedBy: key, scheme: algorithm.scheme)
            let body =
                "grant_type=client_credentials&client_assertion_type=\(ClientAssertion.type)&client_assertion=\(text)"
            let request = try TokenRequest(parsing: Fixture.post(body))
            guard
                case .assertion(let check) = try clients.authenticate(
                    request.credentials, verified: .none, now: Fixture.now)
            else {
                Issue.record("no assertion")
                continue
            }
            var work = AuthenticationCost()
            let known: JWKSet = id == "job" ? keys : JWKSet([])
            let client = try? check.run(
                keys: known, audiences: Self.audiences, rules: .standard, use: used.use, cost: &work
            ).conclude()
            #expect((client != nil) == (id == "job"))
            #expect(work.signatures == [VerificationWork(try key.publicKey): 1])
        }
    }

    @Test("RFC 8725 section 3.1: an algorithm that is not offered is refused, even if the client's key fits it")
    func anAlgorithmThatIsNotOfferedIsRefusedThoughTheKeyWouldDo() throws {
        let other = try PrivateKey.generate(on: .p521)
        let keys = JWKSet([JWK(try other.publicKey, keyID: "k1", algorithm: nil)])
        let clients = try ClientRegistry([try Client(id: ClientID("job"), secrets: [], keys: .fixed(keys))])
        let text = try assertion(
            Self.claims(), header: ["alg": .string("ES512")], signedBy: other, scheme: .ecdsa(.p521, .sha512))
        #expect(throws: Never.self) { try CompactJWS(parsing: text).verified(by: keys) }
        let body =
            "grant_type=client_credentials&client_assertion_type=\(ClientAssertion.type)&client_assertion=\(text)"
        #expect(throws: TokenRefusal(.invalidClient)) {
            let request = try TokenRequest(parsing: Fixture.post(body))
            guard
                case .assertion(let check) = try clients.authenticate(
                    request.credentials, verified: .none, now: Fixture.now)
            else {
                return
            }
            _ = try check.run(keys: keys, audiences: Self.audiences, rules: .standard, use: used.use).conclude()
        }
    }

    @Test("RFC 8725 section 3.10: a key that an assertion carries or refers to is not used")
    func aKeyThatComesWithTheAssertionIsNotUsed() throws {
        let thief = try PrivateKey.generate(on: .p256)
        var writer = JSONWriter()
        JWK(try thief.publicKey, keyID: "k1", algorithm: nil).write(to: &writer)
        let jwk = try JSONReader.read(writer.bytes)
        for header: [String: JSONValue?] in [
            ["jwk": jwk], ["jku": .string("https://thief.example.com/keys")],
            ["x5u": .string("https://thief.example.com")],
        ] {
            let bad = try assertion(Self.claims(), header: header, signedBy: thief)
            #expect(throws: TokenRefusal(.invalidClient)) { try authenticate(bad) }
        }
    }

    @Test("An assertion for the token endpoint is refused if the issuer is the only allowed audience")
    func theStrictReadingTakesTheIssuerAlone() throws {
        let issuerOnly = [Self.audiences[0]]
        let bad = try assertion(Self.claims(["aud": .string(Self.audiences[1])]))
        #expect(throws: TokenRefusal(.invalidClient)) { try authenticate(bad, audiences: issuerOnly) }
        #expect(throws: Never.self) { try authenticate(assertion(Self.claims()), audiences: issuerOnly) }
    }

    /// Swift's `==` treats U+212A and the letter K as equal.
    @Test("RFC 7523 section 3: issuer, subject and audience are compared octet for octet")
    func identifiersAreOctets() throws {
        let clients = try ClientRegistry([try Client(id: ClientID("K"), secrets: [], keys: .fixed(keySet))])
        func authenticate(_ issuer: String, _ audience: String) throws {
            let claims = Self.claims([
                "iss": .string(issuer), "sub": .string("K"), "aud": .string("https://\(audience).example.com"),
                "jti": .string(issuer + audience),
            ])
            let body = "grant_type=client_credentials&client_assertion_type=\(ClientAssertion.type)"
            let request = try TokenRequest(
                parsing: Fixture.post(body + "&client_assertion=\(assertion(claims))"))
            let authentication = try clients.authenticate(request.credentials, verified: .none, now: Fixture.now)
            if case .refused(let failure) = authentication { throw failure.refusal }
            guard case .assertion(let check) = authentication else { return }
            _ = try check.run(keys: keySet, audiences: ["https://K.example.com"], rules: .standard, use: used.use)
                .conclude()
        }
        #expect(throws: Never.self) { try authenticate("K", "K") }
        #expect(throws: TokenRefusal(.invalidClient)) { try authenticate("\u{212A}", "K") }
        #expect(throws: TokenRefusal(.invalidClient)) { try authenticate("K", "\u{212A}") }
    }

    @Test("RFC 7521 section 4.2: a request has one authentication method and names one client")
    func oneMethodAndOneClient() throws {
        let good = try assertion(Self.claims())
        #expect(throws: TokenRefusal(.twoAuthenticationMethods)) { try authenticate(good, extra: "&client_secret=s") }
        #expect(throws: TokenRefusal(.conflictingClientID)) { try authenticate(good, extra: "&client_id=other") }
        #expect(throws: TokenRefusal(.invalidClient)) { try authenticate(good, type: "urn:other") }
        #expect(throws: Never.self) { try authenticate(good, extra: "&client_id=job") }
    }

    @Test("RFC 7523 section 3: an assertion whose use cannot be recorded is refused for now")
    func anUnrecordedUse() throws {
        let request = try TokenRequest(
            parsing: Fixture.post(
                "grant_type=client_credentials&client_assertion_type=\(ClientAssertion.type)"
                    + "&client_assertion=\(assertion(Self.claims()))"))
        let authentication = try clients.authenticate(request.credentials, verified: .none, now: Fixture.now)
        guard case .assertion(let check) = authentication else {
            Issue.record("no assertion")
            return
        }
        #expect(throws: TokenRefusal(.overloaded)) {
            try check.run(keys: keySet, audiences: Self.audiences, rules: .standard) { _, _ in .full }
        }
    }

    @Test("What the use of an assertion is recorded by is what the client signed")
    func recordsWhatWasSigned() throws {
        for (changes, issuedAt) in [([:], Fixture.now), (["iat": nil], nil)] as [([String: JSONValue?], NumericDate?)] {
            let body =
                "grant_type=client_credentials&client_assertion_type=\(ClientAssertion.type)"
                + "&client_assertion=\(try assertion(Self.claims(changes)))"
            let request = try TokenRequest(parsing: Fixture.post(body))
            guard
                case .assertion(let check) = try clients.authenticate(
                    request.credentials, verified: .none, now: Fixture.now)
            else {
                Issue.record("no assertion")
                continue
            }
            let result = try check.run(keys: keySet, audiences: Self.audiences, rules: .standard) { assertion, now in
                #expect(assertion.tokenID == "1")
                #expect(assertion.clientID.description == "job")
                #expect(assertion.issuedAt == issuedAt)
                #expect(assertion.expiresAt == Fixture.now + .seconds(60))
                #expect(now == Fixture.now)
                return .possiblyRepeated
            }
            #expect(throws: AuthenticationFailure(.notAccepted, cause: .assertionBeforeStart)) { try result.get() }
        }
    }

    @Test("An assertion that the client's key has signed is no guess, whichever other rule refuses it")
    func signedByTheClient() throws {
        func failure(
            _ changes: [String: JSONValue?] = [:], signedBy signer: PrivateKey? = nil
        ) throws -> AuthenticationFailure.Weight? {
            let text = try assertion(Self.claims(changes), signedBy: signer)
            let body =
                "grant_type=client_credentials&client_assertion_type=\(ClientAssertion.type)&client_assertion=\(text)"
            let request = try TokenRequest(parsing: Fixture.post(body))
            guard
                case .assertion(let check) = try clients.authenticate(
                    request.credentials, verified: .none, now: Fixture.now)
            else { return nil }
            let keys = check.keys == nil ? JWKSet([]) : keySet
            guard
                case .failure(let failure) = try check.run(
                    keys: keys, audiences: Self.audiences, rules: .standard, use: used.use)
            else { return nil }
            return failure.weight
        }
        #expect(try failure() == nil)
        #expect(try failure() == .notAccepted)
        #expect(try failure(["aud": .string("https://elsewhere.example.com")]) == .notAccepted)
        #expect(try failure(["exp": .integer(Fixture.now.seconds)]) == .notAccepted)
        #expect(try failure(["iss": .string("secret"), "sub": .string("secret")]) == .notAccepted)
        #expect(try failure(signedBy: .generate(on: .p256)) == .wrongCredentials)
        #expect(try failure(["iss": .string("keyless"), "sub": .string("keyless")]) == .wrongCredentials)
        #expect(try failure(["iss": .string("nobody"), "sub": .string("nobody")]) == .wrongCredentials)
    }

    @Test("A wrong signature costs the same work whether the client exists or not")
    func aClientThatDoesNotExistCostsTheSameWork() throws {
        func work(_ id: String, kid: String = "k1") throws -> AuthenticationCost {
            let claims = Self.claims(["iss": .string(id), "sub": .string(id)])
            let thief = try PrivateKey.generate(on: .p256)
            let text = try assertion(claims, header: ["kid": .string(kid)], signedBy: thief)
            let body =
                "grant_type=client_credentials&client_assertion_type=\(ClientAssertion.type)&client_assertion=\(text)"
            var work = AuthenticationCost()
            let request = try TokenRequest(parsing: Fixture.post(body))
            guard
                case .assertion(let check) = try clients.authenticate(
                    request.credentials, verified: .none, now: Fixture.now, cost: &work)
            else {
                return work
            }
            #expect(throws: TokenRefusal(.invalidClient)) {
                try check.run(
                    keys: check.keys == nil ? JWKSet([]) : keySet, audiences: [], rules: .standard, use: used.use,
                    cost: &work
                )
                .conclude()
            }
            return work
        }
        let expected = try work("job")
        #expect(expected.signatures == [VerificationWork(try key.publicKey): 1])
        for other in [try work("nobody"), try work("keyless"), try work("secret"), try work("job", kid: "k2")] {
            #expect(other == expected)
        }
    }

    private static let longKey = Result { try PrivateKey.generateRSA(bits: 3200) }

    /// Each signature is sent for a client with a key of 400 octets, for one with another key, and for an unknown
    /// client.
    @Test(
        "The work of a wrong signature does not show the size of the client's key",
        arguments: [256, 384, 400, 512, 513])
    func howLongAKeyIsDoesNotShow(signatureSize: Int) throws {
        let long = try Self.longKey.get()
        let keys = JWKSet([JWK(try long.publicKey, keyID: "k1", algorithm: nil)])
        let clients = try ClientRegistry([
            try Client(id: ClientID("long"), secrets: [], keys: .fixed(keys)),
            try Client(id: ClientID("job"), secrets: [], keys: .fixed(keySet)),
        ])
        var works: [AuthenticationCost] = []
        for id in ["long", "job", "nobody"] {
            let claims = Self.claims(["iss": .string(id), "sub": .string(id)])
            let signed = try assertion(claims, header: ["alg": .string("RS256")])
            let signature = Base64URL.encode([UInt8](repeating: 1, count: signatureSize))
            let text = signed.split(separator: ".").dropLast().joined(separator: ".") + "." + signature
            let body =
                "grant_type=client_credentials&client_assertion_type=\(ClientAssertion.type)&client_assertion=\(text)"
            var work = AuthenticationCost()
            let request = try TokenRequest(parsing: Fixture.post(body))
            guard
                case .assertion(let check) = try clients.authenticate(
                    request.credentials, verified: .none, now: Fixture.now, cost: &work)
            else {
                continue
            }
            #expect(throws: TokenRefusal(.invalidClient)) {
                try check.run(
                    keys: id == "long" ? keys : JWKSet([]), audiences: [], rules: .standard, use: used.use, cost: &work
                )
                .conclude()
            }
            works.append(work)
        }
        #expect(works.count == 3)
        #expect(works.allSatisfy { $0 == works[0] })
        #expect(works[0].signatures.map(\.key.type) == (signatureSize == 513 ? [] : [.rsa(bits: signatureSize * 8)]))
        #expect(works[0].signatures.values.allSatisfy { $0 == 1 })
    }
}
