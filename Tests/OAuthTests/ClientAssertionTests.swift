import AccessToken
import JOSE
import Libcrypto
import Testing

@testable import OAuth

/// RFC 7523 section 2.2: each rule broken alone.
@Suite struct ClientAssertionTests {
    private static let audiences = ["https://tokens.example.com", "https://tokens.example.com/oauth2/token"]
    private let key: PrivateKey
    private let clients: ClientRegistry
    private let spent: ReplayCache
    private let keySet: JWKSet

    init() throws {
        key = try PrivateKey.generate(on: .p256)
        keySet = JWKSet([JWK(try key.publicKey, keyID: "k1", algorithm: nil)])
        spent = try ReplayCache(capacity: 100)
        clients = try ClientRegistry([
            try Client(id: ClientID("job"), secrets: [], keys: .fixed(keySet)),
            try Client(
                id: ClientID("secret"), secrets: [ClientSecret(hash: ClientSecretHash(of: "s"))], keys: .fixed(keySet),
                authenticationMethod: .clientSecretPost),
            try Client(id: ClientID("keyless"), secrets: [ClientSecret(hash: ClientSecretHash(of: "s"))]),
        ])
    }

    /// The claims of a good assertion, with some replaced; nil takes one out.
    private static func claims(_ changes: [String: JSONValue?] = [:], now: NumericDate = Fixture.now) -> JSONObject {
        let good: [(String, JSONValue)] = [
            ("iss", .string("job")), ("sub", .string("job")), ("aud", .string(audiences[0])),
            ("exp", .integer(now.seconds + 60)), ("iat", .integer(now.seconds)), ("jti", .string("1")),
        ]
        let kept = good.compactMap { name, value -> JSONObject.Member? in
            guard let change = changes[name] else { return .init(name, value) }
            return change.map { .init(name, $0) }
        }
        let added = changes.filter { change in !good.contains { $0.0 == change.key } }
        return JSONObject(kept + added.compactMap { name, value in value.map { .init(name, $0) } })
    }

    private func assertion(
        _ claims: JSONObject, header: [String: JSONValue?] = [:], signedBy signer: PrivateKey? = nil,
        scheme: SignatureScheme = .ecdsa(.p256, .sha256)
    ) throws -> String {
        let names: [(String, JSONValue)] = [("alg", .string("ES256")), ("typ", .string("JWT")), ("kid", .string("k1"))]
        var members = names.compactMap { name, value -> JSONObject.Member? in
            guard let change = header[name] else { return .init(name, value) }
            return change.map { .init(name, $0) }
        }
        for (name, value) in header where !names.contains(where: { $0.0 == name }) {
            if let value { members.append(.init(name, value)) }
        }
        func text(_ object: JSONObject) -> [UInt8] {
            var writer = JSONWriter()
            writer.value(.object(object))
            return writer.bytes
        }
        let input = JWSSigningInput(
            encodedHeader: Array(Base64URL.encode(text(JSONObject(members))).utf8), payload: text(claims))
        let signature = try SigningContext(key: signer ?? key, scheme: scheme).sign(input.octets.span)
        return String(decoding: input.compact(with: signature), as: UTF8.self)
    }

    private func authenticate(
        _ assertion: String, extra: String = "", type: String = ClientAssertion.type,
        audiences: [String] = ClientAssertionTests.audiences, now: NumericDate = Fixture.now
    ) throws(TokenError) -> AuthenticatedClient {
        let body = "grant_type=client_credentials&client_assertion_type=\(type)&client_assertion=\(assertion)\(extra)"
        let request = try TokenRequest(parsing: Fixture.post(body))
        guard case .assertion(let trial) = try clients.authenticate(request.credentials, now: now) else {
            throw .serverError
        }
        let keys: JWKSet = if case .fixed(let keys) = trial.keys { keys } else { JWKSet([]) }
        return try trial.run(keys: keys, audiences: audiences, spent: spent)
    }

    @Test func aGoodOneIsAcceptedOnce() throws {
        let good = try assertion(Self.claims())
        let client = try authenticate(good)
        #expect(client.client.id.description == "job")
        #expect(client.method == .privateKeyJWT)
        #expect(throws: TokenError.invalidClient) { try authenticate(good) }
        // Until it expires, and to the last second of that.
        #expect(throws: TokenError.invalidClient) { try authenticate(good, now: Fixture.now + .seconds(59)) }
    }

    static let good: [[String: JSONValue?]] = [
        ["aud": .string(audiences[1])], ["aud": .array([.string(audiences[0])])], ["iat": nil],
        ["iat": .integer(Fixture.now.seconds + 10)], ["nbf": .integer(Fixture.now.seconds + 10)],
        ["exp": .integer(Fixture.now.seconds + 300)], ["exp": .number(Double(Fixture.now.seconds) + 1.5)],
    ]

    @Test(arguments: good) func acceptsWhatTheRulesAllow(changes: [String: JSONValue?]) throws {
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

    @Test(arguments: badClaims) func refusesAClaim(changes: [String: JSONValue?]) throws {
        let bad = try assertion(Self.claims(changes))
        #expect(throws: TokenError.invalidClient) { try authenticate(bad) }
    }

    static let badHeaders: [[String: JSONValue?]] = [
        ["alg": .string("none")], ["alg": .string("HS256")], ["alg": .string("RS256")], ["alg": .string("ES384")],
        ["crit": .array([.string("b64")]), "b64": .bool(true)], ["typ": .string("at+jwt")], ["kid": .string("k2")],
    ]

    @Test(arguments: badHeaders) func refusesAHeader(changes: [String: JSONValue?]) throws {
        let bad = try assertion(Self.claims(), header: changes)
        #expect(throws: TokenError.invalidClient) { try authenticate(bad) }
    }

    @Test func anAlgorithmThatIsNotOfferedIsRefusedThoughTheKeyWouldDo() throws {
        let other = try PrivateKey.generate(on: .p384)
        let keys = JWKSet([JWK(try other.publicKey, keyID: "k1", algorithm: nil)])
        let clients = try ClientRegistry([try Client(id: ClientID("job"), secrets: [], keys: .fixed(keys))])
        let text = try assertion(
            Self.claims(), header: ["alg": .string("ES384")], signedBy: other, scheme: .ecdsa(.p384, .sha384))
        #expect(throws: Never.self) { try CompactJWS(parsing: text).verified(by: keys) }
        let body =
            "grant_type=client_credentials&client_assertion_type=\(ClientAssertion.type)&client_assertion=\(text)"
        #expect(throws: TokenError.invalidClient) {
            let request = try TokenRequest(parsing: Fixture.post(body))
            guard case .assertion(let trial) = try clients.authenticate(request.credentials, now: Fixture.now) else {
                return
            }
            _ = try trial.run(keys: keys, audiences: Self.audiences, spent: spent)
        }
    }

    @Test func oneThatWasUsedIsRememberedUntilItIsOver() throws {
        _ = try authenticate(assertion(Self.claims()))
        // The generation that began with the first one ends in between.
        let used = Fixture.now + .seconds(329)
        let late = try assertion(Self.claims(["jti": .string("2"), "exp": .integer(used.seconds + 300)], now: used))
        _ = try authenticate(late, now: used)
        for wait in [1, 10, 299] {
            #expect(throws: TokenError.invalidClient) { try authenticate(late, now: used + .seconds(wait)) }
        }
    }

    @Test func aRequestThatWasOvertakenMakesNothingForgotten() throws {
        let good = try assertion(Self.claims())
        _ = try authenticate(good)
        for number in 1..<4 as Range<Int64> {
            let late = Fixture.now - .seconds(number)
            let other = try assertion(Self.claims(["jti": .string("late \(number)")], now: late))
            _ = try authenticate(other, now: late)
        }
        #expect(throws: TokenError.invalidClient) { try authenticate(good) }
    }

    @Test func aKeyThatComesWithTheAssertionIsNotUsed() throws {
        let thief = try PrivateKey.generate(on: .p256)
        var writer = JSONWriter()
        JWK(try thief.publicKey, keyID: "k1", algorithm: nil).write(to: &writer)
        let jwk = try JSONReader.read(writer.bytes)
        for header: [String: JSONValue?] in [
            ["jwk": jwk], ["jku": .string("https://thief.example.com/keys")],
            ["x5u": .string("https://thief.example.com")],
        ] {
            let bad = try assertion(Self.claims(), header: header, signedBy: thief)
            #expect(throws: TokenError.invalidClient) { try authenticate(bad) }
        }
    }

    @Test func theStrictReadingTakesTheIssuerAlone() throws {
        let issuerOnly = [Self.audiences[0]]
        let bad = try assertion(Self.claims(["aud": .string(Self.audiences[1])]))
        #expect(throws: TokenError.invalidClient) { try authenticate(bad, audiences: issuerOnly) }
        #expect(throws: Never.self) { try authenticate(assertion(Self.claims()), audiences: issuerOnly) }
    }

    @Test func oneMethodAndOneClient() throws {
        let good = try assertion(Self.claims())
        #expect(throws: TokenError.twoAuthenticationMethods) { try authenticate(good, extra: "&client_secret=s") }
        #expect(throws: TokenError.conflictingClientID) { try authenticate(good, extra: "&client_id=other") }
        #expect(throws: TokenError.invalidClient) { try authenticate(good, type: "urn:other") }
        #expect(throws: Never.self) { try authenticate(good, extra: "&client_id=job") }
    }

    @Test func whatCannotBeRememberedIsNotAccepted() throws {
        for number in 0..<50 {
            _ = try authenticate(assertion(Self.claims(["jti": .string("\(number)")])))
        }
        let next = try assertion(Self.claims(["jti": .string("next")]))
        #expect(throws: TokenError.overloaded) { try authenticate(next) }
        // What was used before is over by then, so that there is room.
        let later = Fixture.now + .seconds(400)
        #expect(throws: Never.self) {
            try authenticate(assertion(Self.claims(["jti": .string("later")], now: later)), now: later)
        }
    }

    @Test func aClientInALoopLeavesRoomForTheOthers() throws {
        let loop = try ClientID("loop")
        let uses = try (0..<200).map { try spent.use("\($0)", of: loop, now: Fixture.now) }
        #expect(uses.count { $0 == .first } == 50)
        #expect(uses.last == .full)
        for id in ["a", "b", "c"] {
            #expect(try spent.use("1", of: ClientID(id), now: Fixture.now) == .first)
        }
    }

    @Test func aClientThatDoesNotExistCostsTheSameWork() throws {
        func work(_ id: String, kid: String = "k1") throws -> AuthenticationCost {
            let claims = Self.claims(["iss": .string(id), "sub": .string(id)])
            let thief = try PrivateKey.generate(on: .p256)
            let text = try assertion(claims, header: ["kid": .string(kid)], signedBy: thief)
            let body =
                "grant_type=client_credentials&client_assertion_type=\(ClientAssertion.type)&client_assertion=\(text)"
            var work = AuthenticationCost()
            let request = try TokenRequest(parsing: Fixture.post(body))
            guard
                case .assertion(let trial) = try clients.authenticate(
                    request.credentials, now: Fixture.now, work: &work)
            else {
                return work
            }
            #expect(throws: TokenError.invalidClient) {
                try trial.run(keys: trial.keys == nil ? JWKSet([]) : keySet, audiences: [], spent: spent, work: &work)
            }
            return work
        }
        let expected = try work("job")
        #expect(expected.signatures == [.ellipticCurve(.p256): 1])
        for other in [try work("nobody"), try work("keyless"), try work("secret"), try work("job", kid: "k2")] {
            #expect(other == expected)
        }
    }

    /// Signatures of each length, sent for a client with such a key, for one with another, and for none at all.
    @Test(arguments: [256, 384, 400, 512, 513]) func howLongAKeyIsDoesNotShow(signatureSize: Int) throws {
        let long = try PrivateKey.generateRSA(bits: 3200)
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
                case .assertion(let trial) = try clients.authenticate(
                    request.credentials, now: Fixture.now, work: &work)
            else {
                continue
            }
            #expect(throws: TokenError.invalidClient) {
                try trial.run(keys: id == "long" ? keys : JWKSet([]), audiences: [], spent: spent, work: &work)
            }
            works.append(work)
        }
        #expect(works.count == 3)
        #expect(works.allSatisfy { $0 == works[0] })
        #expect(works[0].signatures == (signatureSize == 513 ? [:] : [.rsa(bits: signatureSize * 8): 1]))
    }
}
