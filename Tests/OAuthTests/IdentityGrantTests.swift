import AccessToken
import JOSE
import Libcrypto
import Testing

@testable import OAuth

/// RFC 7523 section 2.1: the grant `urn:ietf:params:oauth:grant-type:jwt-bearer`, and what identities give a token.
@Suite struct IdentityGrantTests {
    private let fixture: IdentityFixture
    private let policy: IssuancePolicy

    init() throws {
        fixture = try IdentityFixture()
        policy = IssuancePolicy(issuer: try Issuer(IdentityFixture.service))
    }

    private func authorize(_ body: String) throws(TokenRefusal) -> AuthorizedGrant {
        let client = try fixture.authenticate(body)
        let request = try TokenRequest(parsing: Fixture.post(body))
        return try client.authorize(
            request, policy: policy, sealer: RefreshTokenSealer(issuer: policy.issuer, turns: []), now: Fixture.now)
    }

    @Test("The token of the platform alone selects the client, whose grant_types must have the grant")
    func selectsTheClient() throws {
        let grant = try authorize(IdentityFixture.grant + fixture.githubToken())
        #expect(grant.client.id.description == "deploy")
        #expect(grant.grantType == .jwtBearer)
        #expect(grant.refreshToken == nil)
        #expect(grant.terms.scope.description == "a b")
        #expect(
            try authorize(IdentityFixture.grant + fixture.githubToken() + "&scope=a").terms.scope.description == "a")
        // RFC 7521 section 4.1: no more than the client may have.
        #expect(throws: TokenRefusal(.scopeNotAllowed)) {
            try authorize(IdentityFixture.grant + fixture.githubToken() + "&scope=a+c")
        }
        let refused = #expect(throws: TokenRefusal.self) { try authorize(IdentityFixture.grant + fixture.token()) }
        #expect(refused?.code == .unauthorizedClient)
        // The same token authenticates the client for any other grant.
        let credentials = IdentityFixture.assertion + (try fixture.githubToken())
        #expect(try authorize(credentials).grantType == .clientCredentials)
    }

    @Test("RFC 7521 section 4.1.1: a grant that is refused is invalid_grant, with the cause of an assertion")
    func refusals() throws {
        let cases: [(String, RefusalCause)] = [
            (try fixture.githubToken(["exp": .integer(0), "iat": .integer(-60)]), .identityExpired),
            (try fixture.githubToken(["repository_id": .string("457")]), .noMatchingClient),
            (try fixture.token(["iss": .string("https://evil.example")]), .unknownIssuer),
            ("a.b.c", .assertionMalformed), (try fixture.githubToken(["iat": nil]), .identityMalformed),
        ]
        for (token, cause) in cases {
            for (body, code, error) in [
                (IdentityFixture.grant, TokenRefusal.Code.invalidAssertionGrant, "invalid_grant"),
                (IdentityFixture.assertion, .invalidClient, "invalid_client"),
            ] {
                let refused = #expect(throws: TokenRefusal.self) { try fixture.authenticate(body + token) }
                #expect(refused?.code == code)
                #expect(refused?.code.error.description == error)
                #expect(refused?.cause == cause)
            }
        }
    }

    @Test("RFC 6749 section 2.3: there are no other credentials beside the grant; client_id may name its client")
    func otherCredentials() throws {
        let body = IdentityFixture.grant + (try fixture.githubToken())
        for more in ["&client_secret=x", "&client_assertion=a.b.c", "&client_assertion_type=x"] {
            #expect(fixture.cause(body + more) == .twoMethods)
        }
        #expect(fixture.cause(body, authorization: [Fixture.basic("deploy:x")]) == .twoMethods)
        #expect(fixture.cause(body, authorization: ["Bearer x"]) == nil)
        #expect(fixture.cause(body + "&client_id=deploy") == nil)
        #expect(fixture.cause(body + "&client_id=api") == .identityMismatch)
    }

    @Test("A client's own assertion is a grant too, under the rules of private_key_jwt")
    func ownAssertion() throws {
        let key = try PrivateKey.generate(on: .p256)
        let keys = ClientKeys.fixed(JWKSet([JWK(try key.publicKey, keyID: "k1", algorithm: nil)]))
        let fixture = try IdentityFixture(clients: [
            try Client(id: ClientID("job"), secrets: [], keys: keys, grantTypes: [.jwtBearer])
        ])
        let text = try AssertionFixture.assertion(AssertionFixture.claims(), signedBy: key)
        let used = UsedAssertionList()
        #expect(fixture.cause(IdentityFixture.grant + text, used: used) == nil)
        let repeated = #expect(throws: TokenRefusal.self) {
            try fixture.authenticate(IdentityFixture.grant + text, used: used)
        }
        #expect(repeated?.cause == .assertionReplayed)
        #expect(repeated?.code == .invalidAssertionGrant)
        let foreign = try AssertionFixture.assertion(AssertionFixture.claims(), signedBy: .generate(on: .p256))
        #expect(fixture.cause(IdentityFixture.grant + foreign) == .assertionSignature)
        #expect(fixture.cause(IdentityFixture.grant + text + "&client_id=other") == .conflictingClientID)
    }

    @Test("Copied claims are in the access token, and tokens with different copies are not reused for one another")
    func copiedClaimsAreTerms() throws {
        func grant(_ namespace: String) throws -> AuthorizedGrant {
            let claim = JSONValue.object(JSONObject([.init("namespace", .string(namespace))]))
            return try authorize(IdentityFixture.assertion + fixture.token(["kubernetes.io": claim]))
        }
        let key = try SigningKey(PrivateKey.generate(on: .p256), keyID: "k", algorithm: .es256)
        let payments = try grant("payments")
        #expect(TokenReuseKey(payments.terms, key: key) == TokenReuseKey(try grant("payments").terms, key: key))
        #expect(TokenReuseKey(payments.terms, key: key) != TokenReuseKey(try grant("other").terms, key: key))
        let token = UnsignedAccessToken(for: payments, key: key, policy: policy, id: TokenID("1"), now: Fixture.now)
        let payload = try #require(
            String(decoding: token.signingInput.octets, as: UTF8.self).split(separator: ".").last.map(String.init))
        let claims = try #require(Base64URL.decode(payload).flatMap { try? JSONReader.read($0) }?.object)
        #expect(claims["namespace"] == .string("payments"))
        #expect(claims["tenant"] == .string("acme"))
        #expect(claims["sub"] == .string("api"))
    }

    @Test("The metadata lists the grant and spiffe_jwt only if a client or an issuer makes use of them")
    func metadata() throws {
        let metadata = ServerMetadata(
            issuer: policy.issuer, endpoints: EndpointPaths(issuer: policy.issuer), algorithm: .rs256)
        func list(_ name: String, _ use: ServerMetadata.Use) throws -> [String] {
            let object = try JSONReader.read(metadata.documents(use)[0].json).object
            return object?[name]?.array?.compactMap(\.string) ?? []
        }
        let used = ServerMetadata.Use(clients: fixture.clients, issuers: fixture.issuers)
        let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
        #expect(try list("grant_types_supported", used).contains(grant))
        #expect(try !list("grant_types_supported", .none).contains(grant))
        #expect(try list("token_endpoint_auth_methods_supported", used).contains("spiffe_jwt"))
        #expect(try !list("token_endpoint_auth_methods_supported", .none).contains("spiffe_jwt"))
        let rs512 = try TrustedIssuer(
            name: "a", identifier: "https://a.example",
            algorithms: [#require(SignatureAlgorithm(name: "RS512"))])
        let more = ServerMetadata.Use(clients: nil, issuers: [rs512])
        #expect(try list("token_endpoint_auth_signing_alg_values_supported", more).contains("RS512"))
        #expect(try !list("token_endpoint_auth_signing_alg_values_supported", used).contains("RS512"))
    }
}
