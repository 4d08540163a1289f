import AccessToken
import JOSE
import Libcrypto
import OAuth

/// A registry with a client for each rule, and the requests to try them with.
struct Fixture {
    static let now = NumericDate(1_795_000_000)
    static let secret = "correct horse battery staple"
    /// A secret with every kind of character that needs percent-encoding.
    static let oddSecret = "p@ss:w/ord+%&=é ~"
    /// A key of 2048 bits for all suites: making one takes longer than most tests.
    static let rsaKey = Result { try PrivateKey.generateRSA(bits: 2048) }

    let policy: IssuancePolicy
    let clients: ClientRegistry

    init() throws {
        policy = IssuancePolicy(issuer: try Issuer("https://tokens.example.com"))
        let secret = ClientSecret(hash: try ClientSecretHash(of: Self.secret))
        let old = ClientSecret(hash: try ClientSecretHash(of: "old"), expiresAt: Self.now)
        let ending = ClientSecret(
            hash: try ClientSecretHash(of: "ending"), expiresAt: NumericDate(Self.now.seconds + 1))
        clients = try ClientRegistry([
            try Client(
                id: ClientID("reporting"), secrets: [secret, old, ending], scope: Scope("site.read site.documentation"),
                resources: [Audience("https://api.example.com"), Audience("https://other.example.com")]),
            try Client(id: ClientID("odd"), secrets: [ClientSecret(hash: ClientSecretHash(of: Self.oddSecret))]),
            try Client(id: ClientID("basic"), secrets: [secret], authenticationMethod: .clientSecretBasic),
            try Client(id: ClientID("post"), secrets: [secret], authenticationMethod: .clientSecretPost),
            try Client(id: ClientID("bound"), secrets: [secret], identities: [], requiresProof: true),
            try Client(id: ClientID("idle"), secrets: [secret], grantTypes: []),
            try Client(
                id: ClientID("short"), secrets: [secret], accessTokenLifetime: .seconds(60),
                claims: JSONObject([.init("tenant", .string("acme"))])),
        ])
    }

    /// A request with a form as its body.
    static func post(_ body: String, query: String? = nil, authorization: [String] = []) -> EndpointRequest {
        EndpointRequest(
            url: "https://tokens.example.com/oauth2/token", query: query.map { Array($0.utf8) },
            fields: .init(contentType: "application/x-www-form-urlencoded", authorization: authorization),
            body: Array(body.utf8))
    }

    static func basic(_ credentials: String) -> String {
        basic(Array(credentials.utf8))
    }

    /// RFC 7617: base64 with its own alphabet.
    static func basic(_ credentials: [UInt8]) -> String {
        let text = Base64URL.encode(credentials).map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
        return "Basic " + String(text) + String(repeating: "=", count: (4 - text.count % 4) % 4)
    }

    func authenticate(_ request: EndpointRequest, now: NumericDate = now) throws(TokenRefusal) -> AuthenticatedClient {
        try clients.authenticate(TokenRequest(parsing: request).credentials, verified: .none, now: now).conclude()
    }

    func authorize(_ request: EndpointRequest) throws(TokenRefusal) -> AuthorizedGrant {
        let tokenRequest = try TokenRequest(parsing: request)
        return try clients.authenticate(tokenRequest.credentials, verified: .none, now: Self.now).conclude().authorize(
            tokenRequest, policy: policy, sealer: RefreshTokenSealer(issuer: policy.issuer, turns: []), now: Self.now)
    }
}

extension ClientAuthentication {
    /// The client, after the slow check if there is one.
    func conclude() throws(TokenRefusal) -> AuthenticatedClient {
        switch self {
        case .proven(let client): client
        case .refused(let failure): throw failure.refusal
        case .password(let check): try check.run().conclude()
        case .assertion, .identity: throw TokenRefusal(.invalidClient)
        }
    }
}

extension Result where Success == AuthenticatedClient, Failure == AuthenticationFailure {
    /// The client, or the refusal that it gets.
    func conclude() throws(TokenRefusal) -> AuthenticatedClient {
        switch self {
        case .success(let client): client
        case .failure(let failure): throw failure.refusal
        }
    }
}
