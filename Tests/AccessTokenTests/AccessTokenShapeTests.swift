import AccessToken
import JOSE
import Libcrypto
import Testing

@Suite struct AccessTokenShapeTests {
    private static let now = NumericDate(1_795_000_000)
    private let key: PrivateKey

    init() throws { key = try .generate(on: .p256) }

    private func claims(scope: String) throws -> AccessTokenClaims {
        AccessTokenClaims(
            issuer: try Issuer("https://i.example"), subject: "c", audience: [try Audience("rabbitmq")],
            expiresAt: Self.now + .seconds(60), issuedAt: Self.now, tokenID: "id", clientID: try ClientID("c"),
            scope: try Scope(scope))
    }

    private func verify(
        _ payload: [UInt8], type: String, _ shape: AccessTokenShape, audience: String = "rabbitmq"
    ) throws -> VerifiedAccessToken {
        let header = Base64URL.encode(Array(#"{"alg":"ES256","kid":"k","typ":"\#(type)"}"#.utf8))
        let input = JWSSigningInput(encodedHeader: Array(header.utf8), payload: payload)
        let signature = try SigningContext(key: key, scheme: .ecdsa(.p256, .sha256)).sign(input.octets.span)
        return try VerifiedAccessToken(
            verifying: String(decoding: input.compact(with: signature), as: UTF8.self),
            keys: JWKSet([JWK(try key.publicKey, keyID: "k", algorithm: .es256)]), issuer: Issuer("https://i.example"),
            audience: Audience(audience), profile: TokenProfile(shape), now: Self.now, leeway: .zero)
    }

    static let shapes: [(AccessTokenShape, String)] = [
        (.standard, #""client_id":"c","scope":"a b"}"#),
        ((try? AccessTokenShape(scope: .array)) ?? .standard, #""client_id":"c","scope":["a","b"]}"#),
        ((try? AccessTokenShape(scopeClaim: "scp")) ?? .standard, #""client_id":"c","scp":"a b"}"#),
        (
            (try? AccessTokenShape(type: .jwt, scope: .array, scopeClaim: "https://e.example/scope")) ?? .standard,
            #""client_id":"c","https://e.example/scope":["a","b"]}"#
        ),
    ]

    @Test("A token is written in its shape, and a verifier of this shape reads it", arguments: shapes)
    func writesAndReads(shape: AccessTokenShape, end: String) throws {
        let payload = try claims(scope: "a b").json(shape: shape)
        #expect(String(decoding: payload, as: UTF8.self).hasSuffix(end))
        #expect(try verify(payload, type: shape.type.rawValue, shape).claims.scope.description == "a b")
    }

    @Test("RFC 6749 section 3.3: an empty scope is left out in every shape", arguments: shapes.map(\.0))
    func emptyScope(shape: AccessTokenShape) throws {
        let payload = try claims(scope: "").json(shape: shape)
        #expect(String(decoding: payload, as: UTF8.self).hasSuffix(#""client_id":"c"}"#))
        #expect(try verify(payload, type: shape.type.rawValue, shape).claims.scope == .empty)
    }

    @Test("Only a verifier that expects typ JWT accepts it, and it accepts at+jwt too")
    func types() throws {
        let payload = try claims(scope: "a").json()
        let jwt = try AccessTokenShape(type: .jwt)
        for type in ["JWT", "jwt", "application/jwt", "at+jwt"] {
            #expect(throws: Never.self) { try verify(payload, type: type, jwt) }
        }
        for type in ["token-introspection+jwt", "dpop+jwt", "JWT2", ""] {
            #expect(throws: AccessTokenRejection.wrongType) { try verify(payload, type: type, jwt) }
        }
        #expect(throws: AccessTokenRejection.wrongType) { try verify(payload, type: "JWT", .standard) }
        #expect(throws: AccessTokenRejection.wrongType) {
            try verify(payload, type: "JWT", AccessTokenShape(scope: .array, scopeClaim: "scp"))
        }
    }

    @Test("A verifier reads the scope from its claim, or else from scope; an array only if it expects one")
    func readsScope() throws {
        func scope(_ members: String, _ shape: AccessTokenShape) throws -> [String] {
            let payload = String(decoding: try claims(scope: "").json(), as: UTF8.self).dropLast() + members + "}"
            return try verify(Array(payload.utf8), type: "at+jwt", shape).claims.scope.tokens
        }
        let array = try AccessTokenShape(scope: .array, scopeClaim: "scp")
        #expect(try scope(#","scp":["a","b","a"],"scope":"c""#, array) == ["a", "b"])
        #expect(try scope(#","scp":"a b""#, array) == ["a", "b"])
        #expect(try scope(#","scope":"c""#, array) == ["c"])
        #expect(try scope(#","scp":[]"#, array).isEmpty)
        for malformed in [
            #"["a b"]"#, #"["a",1]"#, #"[""]"#, #"["\u0061\u00e9"]"#, "1", "null", #"{"a":1}"#, #""a  b""#,
        ] {
            #expect(throws: AccessTokenRejection.missingClaim("scp")) { try scope(#","scp":\#(malformed)"#, array) }
        }
        let string = try AccessTokenShape(scopeClaim: "scp")
        #expect(throws: AccessTokenRejection.missingClaim("scp")) { try scope(#","scp":["a"]"#, string) }
        #expect(try scope(#","scp":"a""#, .standard).isEmpty)
    }

    @Test(
        "The claim with the scope has no name that means something else",
        arguments: [
            "", "aud", "sub", "iss", "exp", "client_id", "cnf", "status", "authorization_details", "active",
            "token_type",
            "a b", "\u{E9}", String(repeating: "a", count: 257),
        ])
    func refusesNames(name: String) {
        #expect(throws: InvalidValue.self) { try AccessTokenShape(scopeClaim: name) }
    }

    @Test("RFC 7519 section 4.1.3: other elements of aud may be anything, and are compared octet for octet")
    func otherAudiences() throws {
        func payload(_ audience: String) throws -> [UInt8] {
            let text = String(decoding: try claims(scope: "a").json(), as: UTF8.self)
            return Array(text.replacing(#""aud":"rabbitmq""#, with: #""aud":\#(audience)"#).utf8)
        }
        for audience in [
            #"["account","rabbitmq"]"#, #"["a b","rabbitmq"]"#, #"["https://user@a#f","rabbitmq"]"#,
            #"["\u00e9","rabbitmq",""]"#,
        ] {
            _ = try verify(payload(audience), type: "at+jwt", .standard)
        }
        for audience in [#""rabbitmq\u0301""#, #""Rabbitmq""#, #"["rabbit","mq"]"#, #""""#] {
            #expect(throws: AccessTokenRejection.wrongAudience) {
                try verify(payload(audience), type: "at+jwt", .standard)
            }
        }
        for audience in ["[]", "1", #"["rabbitmq",1]"#, "null"] {
            #expect(throws: AccessTokenRejection.missingClaim("aud")) {
                try verify(payload(audience), type: "at+jwt", .standard)
            }
        }
    }

    /// Swift's `==` treats U+212A and the letter K as equal.
    @Test("RFC 3986 section 6.2.1: an audience in a token is compared octet for octet")
    func audiencesAreOctets() throws {
        let text = String(decoding: try claims(scope: "a").json(), as: UTF8.self)
        let kelvin = Array(text.replacing("rabbitmq", with: "\u{212A}").utf8)
        #expect(throws: AccessTokenRejection.wrongAudience) {
            try verify(kelvin, type: "at+jwt", .standard, audience: "K")
        }
    }
}
