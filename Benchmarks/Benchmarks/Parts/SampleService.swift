import AccessToken
import JOSE
import Libcrypto
import OAuth

/// A service as most are: clients with a secret, two scope tokens and an audience.
struct SampleService {
    static let now = NumericDate(1_795_000_000)
    /// As long as those that Writ makes, and none for secret scanners to find.
    static let secret = String(repeating: "secret-", count: 8)
    static let resource = "https://api.example.com"
    /// As long as a signature with RSA and 2048 bits; the response's JSON does not mind what is in it.
    static let signature = [UInt8](repeating: 0x5A, count: 256)

    /// The service refused a request that it should answer.
    struct Refused: Error {}

    let issuer: Issuer
    let policy: IssuancePolicy
    let sealer: RefreshTokenSealer
    let clients: ClientRegistry

    init() throws {
        issuer = try Issuer("https://tokens.example.com")
        policy = IssuancePolicy(issuer: issuer)
        let key = try SealingKey(SecretBytes(randomCount: SealingKey.size))
        sealer = RefreshTokenSealer(issuer: issuer, turns: [.init(key, start: nil)])
        clients = try ClientRegistry([
            Self.client("reporting", [.clientCredentials]),
            Self.client("refreshing", [.clientCredentials, .refreshToken]),
        ])
    }

    private static func client(_ id: String, _ grantTypes: Set<GrantType>) throws -> Client {
        try Client(
            id: ClientID(id), secrets: [ClientSecret(hash: ClientSecretHash(of: secret))], grantTypes: grantTypes,
            scope: Scope("site.read site.documentation site.write"), resources: [Audience(resource)])
    }

    /// A request for a token with the credentials in the body, as most libraries make it.
    static func posted(_ parameters: String, clientID: String = "reporting") -> EndpointRequest {
        form("\(parameters)&client_id=\(clientID)&client_secret=\(secret)")
    }

    /// The same with the credentials in the `Authorization` header.
    static func basic(_ parameters: String, clientID: String = "reporting") -> EndpointRequest {
        // RFC 7617 has base64 with padding; this many octets need none, and none of their groups has `-` or `_`.
        form(parameters, authorization: ["Basic " + Base64URL.encode(Array("\(clientID):\(secret)".utf8))])
    }

    private static func form(_ body: String, authorization: [String] = []) -> EndpointRequest {
        EndpointRequest(
            url: "https://tokens.example.com/oauth2/token",
            fields: .init(contentType: "application/x-www-form-urlencoded", authorization: authorization),
            body: Array(body.utf8))
    }

    /// The parameters of a request that asks for a part of what the client may have.
    static let parameters =
        "grant_type=client_credentials&scope=site.read+site.documentation&resource=https%3A%2F%2Fapi.example.com"

    func authenticated(_ request: TokenRequest) throws -> AuthenticatedClient {
        guard let client = try clients.authenticate(request.credentials, verified: .none, now: Self.now).provenClient
        else {
            throw Refused()
        }
        return client
    }

    func grant(_ request: EndpointRequest = posted(parameters)) throws -> AuthorizedGrant {
        let request = try TokenRequest(parsing: request)
        return try authenticated(request).authorize(request, policy: policy, sealer: sealer, now: Self.now)
    }

    func unsignedToken(_ key: SigningKey) throws -> UnsignedAccessToken {
        UnsignedAccessToken(
            for: try grant(), key: key, policy: policy, id: TokenID("AAAAAAAAAAAAAAAAAAAAAA"), now: Self.now)
    }
}
