import AccessToken
import JOSE
import Libcrypto
import OAuth
import Testing

@Suite struct AuthorizationTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    private func authorize(
        _ client: String = "reporting", grantType: String = "client_credentials", _ parameters: String = ""
    ) throws(TokenRefusal) -> AuthorizedGrant {
        try fixture.authorize(
            Fixture.post(
                "grant_type=\(grantType)\(parameters)",
                authorization: [Fixture.basic("\(client):\(Fixture.secret)")]))
    }

    @Test("RFC 6749 section 3.3: a request without scope gets the client's scope, and its default resource")
    func givesEverythingToThoseWhoAskForNothing() throws {
        let grant = try authorize()
        #expect(grant.terms.scope.description == "site.read site.documentation")
        #expect(grant.terms.audience.map(\.description) == ["https://api.example.com"])
        #expect(grant.terms.lifetime == .seconds(900))
    }

    @Test(
        "RFC 6749 section 3.2: a parameter without a value is treated as if it were absent",
        arguments: [
            "&scope=", "&scope", "&resource=", "&audience=", "&client_id=", "&client_secret=", "&client_assertion=",
        ])
    func emptyParameters(parameter: String) throws {
        let grant = try authorize("reporting", parameter)
        #expect(grant.terms.scope.description == "site.read site.documentation")
        #expect(grant.terms.audience.map(\.description) == ["https://api.example.com"])
    }

    @Test("RFC 6749 section 3.3: a request may narrow the scope")
    func narrowsTheScope() throws {
        #expect(try authorize("reporting", "&scope=site.documentation").terms.scope.description == "site.documentation")
    }

    @Test(
        "RFC 6749 section 5.2, RFC 8707 section 2: a scope or resource that is malformed or not allowed is refused",
        arguments: [
            ("&scope=site.write", TokenRefusal.Code.scopeNotAllowed), ("&scope=site.read+site.write", .scopeNotAllowed),
            ("&scope=site.read++", .malformedScope), ("&scope=%22", .malformedScope), ("&scope=+", .malformedScope),
            ("&resource=https://else.example.com", .resourceNotAllowed),
            ("&resource=https://api.example.com&resource=https://else.example.com", .resourceNotAllowed),
            ("&resource=https://api.example.com%23f", .malformedResource), ("&resource=api", .malformedResource),
            ("&audience=https://api.example.com%23f", .malformedAudience),
            ("&audience=127.0.0.1:90", .malformedAudience),
            ("&audience=a+b", .malformedAudience), ("&audience=api", .resourceNotAllowed),
            ("&resource=https://api.example.com//", .resourceNotAllowed),
            ("&resource=https://API.example.com", .resourceNotAllowed),
            ("&audience=https://else.example.com", .resourceNotAllowed),
            ("&resource=https://tokens.example.com", .resourceNotAllowed),
        ])
    func refuses(parameters: String, error: TokenRefusal.Code) {
        #expect(throws: TokenRefusal(error)) { try authorize("reporting", parameters) }
    }

    @Test(
        "RFC 8707 section 2: a request may name several resources, and each counts once",
        arguments: [
            ("&resource=https://other.example.com", ["https://other.example.com"]),
            ("&audience=https://other.example.com", ["https://other.example.com"]),
            (
                "&resource=https://other.example.com&resource=https://api.example.com",
                ["https://other.example.com", "https://api.example.com"]
            ),
            ("&resource=https://other.example.com&resource=https://other.example.com", ["https://other.example.com"]),
            ("&resource=https://other.example.com/", ["https://other.example.com"]),
            ("&audience=https://other.example.com/", ["https://other.example.com"]),
            (
                "&resource=https://other.example.com/&resource=https://other.example.com",
                ["https://other.example.com"]
            ),
        ])
    func takesResources(parameters: String, audience: [String]) throws {
        #expect(try authorize("reporting", parameters).terms.audience.map(\.description) == audience)
    }

    @Test("RFC 9068 section 2.2: the audience of a client without resources is the issuer, never the client")
    func withoutResourcesTheAudienceIsTheIssuerAndNeverTheCaller() throws {
        #expect(try authorize("short").terms.audience.map(\.description) == ["https://tokens.example.com"])
        #expect(try authorize("short", "&resource=https://tokens.example.com").terms.audience.count == 1)
    }

    @Test("RFC 6749 section 5.2: a grant type that is unknown, or not allowed for the client, is refused")
    func refusesGrantTypes() {
        #expect(throws: TokenRefusal(.unsupportedGrantType)) { try authorize(grantType: "password") }
        #expect(throws: TokenRefusal(.unsupportedGrantType)) { try authorize(grantType: "CLIENT_CREDENTIALS") }
        #expect(throws: TokenRefusal(.unauthorizedClient)) { try authorize("idle") }
    }

    @Test("RFC 6749 section 5.1: the answer has the access token, its type, its lifetime and its scope")
    func theAnswerIsThatOfRFC6749Section5_1() throws {
        let key = try PrivateKey.generate(on: .p256)
        let signingKey = try SigningKey(key, keyID: "k1", algorithm: .es256)
        let token = UnsignedAccessToken(
            for: try authorize("short"), key: signingKey, policy: fixture.policy, id: TokenID("t1"), now: Fixture.now)
        let signature = try SigningContext(key: key, scheme: signingKey.scheme).sign(token.signingInput.octets.span)
        let answer = try #require(
            try JSONReader.read(
                TokenResponse(
                    IssuedAccessToken(token, signature: signature),
                    sealer: RefreshTokenSealer(issuer: fixture.policy.issuer, turns: []), now: Fixture.now
                ).json
            ).object)
        #expect(answer.members.map(\.name) == ["access_token", "token_type", "expires_in"])
        #expect(answer["token_type"] == .string("Bearer"))
        #expect(answer["expires_in"] == .integer(60))

        let jws = try CompactJWS(parsing: answer["access_token"]?.string ?? "")
        #expect(
            jws.header.members
                == JSONObject([
                    .init("alg", .string("ES256")), .init("typ", .string("at+jwt")), .init("kid", .string("k1")),
                ]))
        let verified = try VerifiedAccessToken(
            verifying: answer["access_token"]?.string ?? "",
            keys: JWKSet([JWK(key.publicKey, keyID: "k1", algorithm: .es256)]), issuer: fixture.policy.issuer,
            audience: Audience(fixture.policy.issuer), now: Fixture.now, leeway: .zero)
        #expect(
            verified.payload.members.map(\.name)
                == ["iss", "sub", "aud", "exp", "iat", "jti", "client_id", "tenant"])
        #expect(verified.payload["sub"] == .string("short"))
        #expect(verified.payload["exp"] == .integer(Fixture.now.seconds + 60))
    }

    @Test("A client's own claims must not have the name of a registered claim")
    func claimsMustNotShadowRegisteredOnes() {
        for name in [
            "iss", "aud", "exp", "nbf", "scope", "client_id", "cnf", "status", "authorization_details",
        ] {
            #expect(throws: InvalidValue.self) {
                try Client(id: ClientID("a"), secrets: [], claims: JSONObject([.init(name, .null)]))
            }
        }
    }
}
