import AccessToken
import JOSE
import Libcrypto
import Testing

@testable import OAuth

/// `token_shape`: what a client's tokens look like, and what introspection says of them.
@Suite struct TokenShapeTests {
    private let issuer: Issuer
    private let policy: IssuancePolicy
    private let key: SigningKey
    private let sealer: RefreshTokenSealer

    init() throws {
        issuer = try Issuer("https://tokens.example.com")
        policy = IssuancePolicy(issuer: issuer)
        key = try SigningKey(.generate(on: .p256), keyID: "k1", algorithm: .es256)
        let octets = [UInt8](repeating: 7, count: SealingKey.size)
        sealer = RefreshTokenSealer(
            issuer: issuer, turns: [.init(try SealingKey(SecretBytes(copying: octets.span)), start: nil)])
    }

    private static func client(_ shape: AccessTokenShape, introspects: Bool = false) throws -> Client {
        try Client(
            id: ClientID(introspects ? "api" : "job"),
            secrets: [ClientSecret(hash: ClientSecretHash(of: Fixture.secret))], scope: Scope("a b"), tokenShape: shape,
            introspection: introspects ? .all : .none, claims: JSONObject([.init("tenant", .string("acme"))]))
    }

    private func token(_ shape: AccessTokenShape, _ parameters: String = "") throws -> String {
        let request = try TokenRequest(
            parsing: Fixture.post(
                "grant_type=client_credentials\(parameters)", authorization: [Fixture.basic("job:\(Fixture.secret)")]))
        let grant = try ClientRegistry([Self.client(shape)])
            .authenticate(request.credentials, verified: .none, now: Fixture.now).conclude()
            .authorize(request, policy: policy, sealer: sealer, now: Fixture.now)
        let content = UnsignedAccessToken(for: grant, key: key, policy: policy, id: TokenID("1"), now: Fixture.now)
        return try signed(content.signingInput)
    }

    private func signed(_ input: JWSSigningInput) throws -> String {
        let signature = try SigningContext(key: #require(key.privateKey), scheme: key.scheme).sign(input.octets.span)
        return String(decoding: input.compact(with: signature), as: UTF8.self)
    }

    /// The answer to an introspection request, when the client of the token has this shape.
    private func introspect(_ token: String, registered shape: AccessTokenShape?) throws -> JSONObject {
        let clients = try ClientRegistry(
            (shape.map { [try Self.client($0)] } ?? []) + [Self.client(.standard, introspects: true)])
        let inspector = try TokenInspector(
            keys: JWKSet([JWK(try #require(key.privateKey).publicKey, keyID: "k1", algorithm: .es256)]),
            signingKey: key,
            clients: clients, policy: policy, sealer: sealer)
        let request = try IntrospectionRequest(
            parsing: Fixture.post("token=\(token)", authorization: [Fixture.basic("api:\(Fixture.secret)")]))
        let introspection = try clients.authenticate(request.credentials, verified: .none, now: Fixture.now).conclude()
            .introspect(request, with: inspector, now: Fixture.now)
        return try #require(try JSONReader.read(introspection.json).object)
    }

    private static func shape(
        _ type: AccessTokenShape.HeaderType, _ scope: AccessTokenShape.ScopeForm, _ claim: String
    ) throws -> AccessTokenShape { try AccessTokenShape(type: type, scope: scope, scopeClaim: claim) }

    @Test("Header and scope of a token have the shape that its client is registered with")
    func issues() throws {
        let jws = try CompactJWS(parsing: token(Self.shape(.jwt, .array, "scp")))
        #expect(
            jws.header.members
                == JSONObject([
                    .init("alg", .string("ES256")), .init("typ", .string("JWT")), .init("kid", .string("k1")),
                ]))
        let plain = try CompactJWS(parsing: token(.standard))
        #expect(plain.header.type == "at+jwt")
    }

    @Test(
        "RFC 7662 section 2.2: introspection answers scope as a string, whatever the token has",
        arguments: AccessTokenShape.HeaderType.allCases, AccessTokenShape.ScopeForm.allCases)
    func introspectsEveryShape(type: AccessTokenShape.HeaderType, scope: AccessTokenShape.ScopeForm) throws {
        for claim in ["scope", "scp", "https://e.example/scope"] {
            let shape = try Self.shape(type, scope, claim)
            let answer = try introspect(token(shape), registered: shape)
            #expect(answer["active"] == .bool(true))
            #expect(answer["scope"] == .string("a b"))
            #expect(answer.members.filter { $0.name == "scope" }.count == 1)
            let own: JSONValue = scope == .array ? .array([.string("a"), .string("b")]) : .string("a b")
            if claim != "scope" { #expect(answer[claim] == own) }
            #expect(answer["tenant"] == .string("acme"))
            let narrowed = try introspect(token(shape, "&scope=b"), registered: shape)
            #expect(narrowed["scope"] == .string("b"))
        }
    }

    @Test("With typ JWT only the tokens of a client with this shape are access tokens of the issuer")
    func onlyTheClientsOwn() throws {
        let jwt = try token(AccessTokenShape(type: .jwt))
        for shape in [AccessTokenShape.standard, try Self.shape(.accessToken, .array, "scp"), nil] {
            #expect(try introspect(jwt, registered: shape)["active"] == .bool(false))
        }
        // A token of RFC 9068 is one, whatever the client is registered with since.
        let plain = try token(.standard)
        let answer = try introspect(plain, registered: Self.shape(.jwt, .array, "scp"))
        #expect(answer["active"] == .bool(true))
        #expect(answer["scope"] == .string("a b"))
        // A client that is not registered has no tokens.
        #expect(try introspect(plain, registered: nil)["active"] == .bool(false))
    }

    @Test("A token stays active when the form of the scope changes in the registration")
    func formsChange() throws {
        let array = try token(Self.shape(.accessToken, .array, "scope"))
        #expect(try introspect(array, registered: .standard)["scope"] == .string("a b"))
    }

    @Test("RFC 8725 section 3.11: an introspection answer is no access token, whatever shape its client has")
    func otherKinds() throws {
        let jwt = try AccessTokenShape(type: .jwt)
        let claims = AccessTokenClaims(
            issuer: issuer, subject: "job", audience: [Audience(issuer)], expiresAt: Fixture.now + .seconds(60),
            issuedAt: Fixture.now, tokenID: "1", clientID: try ClientID("job"), scope: .empty
        ).json()
        func active(_ header: [UInt8], _ payload: [UInt8]) throws -> JSONValue? {
            let token = try signed(JWSSigningInput(encodedHeader: header, payload: payload))
            return try introspect(token, registered: jwt)["active"]
        }
        #expect(try active(key.encodedHeader(for: .jwt), claims) == .bool(true))
        #expect(try active(key.encodedHeader(type: "token-introspection+jwt"), claims) == .bool(false))
        #expect(try active(key.encodedHeader(type: "statuslist+jwt"), claims) == .bool(false))
        // What an introspection answer says under the type of an access token of this client.
        let inner = #"{"iss":"\#(issuer)","aud":"api","iat":1,"token_introspection":{"active":true}}"#
        #expect(try active(key.encodedHeader(for: .jwt), Array(inner.utf8)) == .bool(false))
    }

    @Test("RFC 6749 section 3.3: an introspection answer leaves an empty scope out, also of a token that has one")
    func leavesOutAnEmptyScope() throws {
        let claims = AccessTokenClaims(
            issuer: issuer, subject: "job", audience: [Audience(issuer)], expiresAt: Fixture.now + .seconds(60),
            issuedAt: Fixture.now, tokenID: "1", clientID: try ClientID("job"), scope: .empty
        ).json()
        for payload in [claims, claims.dropLast() + Array(#","scope":""}"#.utf8)] {
            let token = try signed(JWSSigningInput(encodedHeader: key.encodedHeader, payload: payload))
            let answer = try introspect(token, registered: .standard)
            #expect(answer["active"] == .bool(true))
            #expect(answer["scope"] == nil)
        }
    }

    @Test("A client's own claim must not have the name of the claim with the scope")
    func claimsDoNotShadow() throws {
        let claims = JSONObject([.init("scp", .string("a"))])
        #expect(throws: InvalidValue.self) {
            try Client(id: ClientID("a"), secrets: [], tokenShape: Self.shape(.jwt, .array, "scp"), claims: claims)
        }
        #expect(throws: Never.self) { try Client(id: ClientID("a"), secrets: [], claims: claims) }
    }
}
