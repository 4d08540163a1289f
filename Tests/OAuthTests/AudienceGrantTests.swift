import AccessToken
import JOSE
import Libcrypto
import Testing

@testable import OAuth

/// Audiences that are names, and audiences that are spelled in two ways, from the request to the refresh token.
@Suite struct AudienceGrantTests {
    private let policy: IssuancePolicy
    private let sealer: RefreshTokenSealer

    init() throws {
        policy = IssuancePolicy(issuer: try Issuer("https://tokens.example.com"))
        let key = [UInt8](repeating: 7, count: SealingKey.size)
        sealer = RefreshTokenSealer(
            issuer: policy.issuer, turns: [.init(try SealingKey(SecretBytes(copying: key.span)), start: nil)])
    }

    private static func client(resources: [String] = [], audiences: [String]) throws -> Client {
        try Client(
            id: ClientID("job"), secrets: [ClientSecret(hash: ClientSecretHash(of: Fixture.secret))],
            grantTypes: Set(GrantType.allCases), resources: resources.map { try Audience(resource: $0) },
            audiences: audiences.map { try Audience(name: $0) })
    }

    private func grant(_ form: String, to client: Client) throws -> AuthorizedGrant {
        let request = try TokenRequest(
            parsing: Fixture.post(form, authorization: [Fixture.basic("job:\(Fixture.secret)")]))
        return try ClientRegistry([client]).authenticate(request.credentials, verified: .none, now: Fixture.now)
            .conclude().authorize(request, policy: policy, sealer: sealer, now: Fixture.now)
    }

    private func audience(_ parameters: String, of client: Client) throws -> [String] {
        try grant("grant_type=client_credentials\(parameters)", to: client).terms.audience.map(\.description)
    }

    private func refreshed(_ parameters: String, _ token: RefreshToken, by client: Client) throws -> AuthorizedGrant {
        let text = try sealer.seal(token, now: Fixture.now)
        return try grant("grant_type=refresh_token&refresh_token=\(text)\(parameters)", to: client)
    }

    @Test("A request without an audience gets the first resource, or else the first name, or else the issuer")
    func defaults() throws {
        let names = try Self.client(audiences: ["rabbitmq", "kafka"])
        #expect(try audience("", of: names) == ["rabbitmq"])
        let both = try Self.client(resources: ["https://a.example.com"], audiences: ["rabbitmq"])
        #expect(try audience("", of: both) == ["https://a.example.com"])
        #expect(try audience("", of: Self.client(audiences: [])) == ["https://tokens.example.com"])
        #expect(throws: TokenRefusal(.resourceNotAllowed)) {
            try audience("&audience=https://tokens.example.com", of: names)
        }
    }

    @Test("RFC 8707 section 2: a name is requested by the parameter audience alone, a URI by either")
    func parameters() throws {
        let client = try Self.client(resources: ["https://a.example.com"], audiences: ["rabbitmq", "//iam/x"])
        #expect(try audience("&audience=rabbitmq", of: client) == ["rabbitmq"])
        #expect(
            try audience("&audience=//iam/x&resource=https://a.example.com", of: client) == [
                "//iam/x", "https://a.example.com",
            ])
        #expect(try audience("&audience=rabbitmq&audience=rabbitmq", of: client) == ["rabbitmq"])
        #expect(throws: TokenRefusal(.malformedResource)) { try audience("&resource=rabbitmq", of: client) }
        #expect(throws: TokenRefusal(.resourceNotAllowed)) { try audience("&audience=Rabbitmq", of: client) }
        #expect(throws: TokenRefusal(.resourceNotAllowed)) { try audience("&audience=rabbitmq/", of: client) }
        #expect(throws: TokenRefusal(.resourceNotAllowed)) {
            try audience("&audience=rabbitmq&audience=kafka", of: client)
        }
    }

    @Test("RFC 8707 section 2.2: a refresh token keeps names, and a refresh can narrow them")
    func refresh() throws {
        let client = try Self.client(audiences: ["rabbitmq", "kafka"])
        let token = try #require(
            try grant("grant_type=client_credentials&audience=kafka&audience=rabbitmq", to: client).refreshToken)
        #expect(RefreshTokenCoding.encode(token).flatMap(RefreshTokenCoding.decode) == token)
        let all = try refreshed("", token, by: client)
        #expect(all.terms.audience.map(\.description) == ["kafka", "rabbitmq"])
        let narrowed = try refreshed("&audience=rabbitmq", token, by: client)
        #expect(narrowed.terms.audience.map(\.description) == ["rabbitmq"])
        #expect(narrowed.refreshToken?.audience == token.audience)
        let withdrawn = try refreshed("", token, by: Self.client(audiences: ["kafka"]))
        #expect(withdrawn.terms.audience.map(\.description) == ["kafka"])
        #expect(throws: TokenRefusal(.invalidGrant)) { try refreshed("", token, by: Self.client(audiences: ["other"])) }
        #expect(throws: TokenRefusal(.resourceNotAllowed)) { try refreshed("&audience=other", token, by: client) }
    }

    @Test("RFC 3986 section 6.2.3: aud has the registered spelling of a resource, also after a refresh")
    func spelling() throws {
        let (plain, slash) = ("https://mcp.example.com", "https://mcp.example.com/")
        let client = try Self.client(resources: [plain], audiences: [])
        for parameters in ["&resource=\(slash)", "&audience=\(slash)", "&resource=\(plain)&resource=\(slash)"] {
            #expect(try audience(parameters, of: client) == [plain])
        }
        let token = try #require(try grant("grant_type=client_credentials&resource=\(slash)", to: client).refreshToken)
        #expect(try refreshed("&resource=\(slash)", token, by: client).terms.audience.map(\.description) == [plain])
        // The operator has changed the spelling.
        let respelled = try Self.client(resources: [slash], audiences: [])
        #expect(try refreshed("", token, by: respelled).terms.audience.map(\.description) == [slash])
        let both = try Self.client(resources: [plain, slash], audiences: [])
        #expect(try audience("&resource=\(slash)", of: both) == [slash])
        let ofBoth = try #require(
            try grant("grant_type=client_credentials&resource=\(slash)&resource=\(plain)", to: both).refreshToken)
        #expect(ofBoth.audience.count == 2)
        #expect(try refreshed("", ofBoth, by: client).terms.audience.map(\.description) == [plain])
    }

    @Test("A client may introspect tokens for a name, and for either spelling of a resource")
    func introspection() throws {
        let permission = IntrospectionPermission.audiences([
            try Audience("rabbitmq"), try Audience("https://a.example.com/"),
        ])
        #expect(permission.covers([try Audience("rabbitmq")]))
        #expect(permission.covers([try Audience("kafka"), try Audience("https://a.example.com")]))
        #expect(!permission.covers([try Audience("kafka"), try Audience("https://a.example.com/a")]))
    }

    @Test("A client that is its own audience is known", arguments: [("job", true), ("Job", false)])
    func ownAudience(name: String, isOwn: Bool) throws {
        #expect(try Self.client(audiences: [name]).isOwnAudience == isOwn)
    }
}
