import AccessToken
import JOSE
import Libcrypto
import Synchronization

@testable import OAuth

/// Trusted issuers with keys of their own, clients with identities there, and the tokens of both.
struct IdentityFixture {
    static let service = "https://tokens.example.com"
    static let github = "https://token.actions.githubusercontent.com"
    static let cluster = "https://kubernetes.default.svc.cluster.local"

    let githubKey: PrivateKey
    let clusterKey: PrivateKey
    let issuers: [TrustedIssuer]
    let clients: ClientRegistry
    let registry: IdentityRegistry

    /// - Parameter cluster: the entry of the issuer `cluster`, if it is to be another one.
    init(cluster: ((TrustedIssuer.Keys) throws -> TrustedIssuer)? = nil, clients: [Client]? = nil) throws {
        githubKey = try PrivateKey.generate(on: .p256)
        clusterKey = try PrivateKey.generate(on: .p256)
        func keys(_ key: PrivateKey, _ id: String) throws -> TrustedIssuer.Keys {
            .fixed(JWKSet([JWK(try key.publicKey, keyID: id, algorithm: nil)]), file: "keys.json")
        }
        issuers = [
            try TrustedIssuer(name: "github", identifier: Self.github, keys: keys(githubKey, "g1")),
            try cluster?(keys(clusterKey, "c1"))
                ?? TrustedIssuer(name: "cluster", identifier: Self.cluster, keys: keys(clusterKey, "c1")),
            try TrustedIssuer(name: "spire", identifier: "spiffe://example.org", keys: keys(clusterKey, "c1")),
        ]
        self.clients = try ClientRegistry(clients ?? Self.standardClients())
        registry = IdentityRegistry(issuers, self.clients, of: try Issuer(Self.service))
    }

    static func identity(_ issuer: String, subject: String? = nil, _ claims: (String, JSONValue)...) throws
        -> ClientIdentity
    {
        try ClientIdentity(
            issuer: issuer, subject: subject,
            claims: claims.map { try PinnedClaim(ClaimPath($0.0), oneOf: $0.1.oneOrMore) })
    }

    static func standardClients() throws -> [Client] {
        let secret = ClientSecret(hash: try ClientSecretHash(of: "right"))
        return [
            try Client(
                id: ClientID("deploy"),
                identities: [
                    identity("github", ("repository_id", .string("456")), ("environment", .string("production")))
                ], grantTypes: [.clientCredentials, .jwtBearer], scope: Scope("a b")),
            try Client(
                id: ClientID("api"), identities: [identity("cluster", subject: "system:serviceaccount:payments:api")],
                copiedClaims: [CopiedClaim("namespace", from: ClaimPath("kubernetes.io/namespace"))], scope: Scope("a"),
                claims: JSONObject([.init("tenant", .string("acme"))])),
            try Client(
                id: ClientID("workload"), identities: [identity("spire", subject: "spiffe://example.org/payments/api")],
                authenticationMethod: .spiffeJWT),
            try Client(id: ClientID("secret"), secrets: [secret]),
        ]
    }

    /// The claims of a token of the cluster, with some replaced; `nil` removes a claim.
    static func claims(_ changes: [String: JSONValue?] = [:], now: NumericDate = Fixture.now) -> JSONObject {
        let good: [(String, JSONValue)] = [
            ("aud", .array([.string(service)])), ("exp", .integer(now.seconds + 3600)), ("iat", .integer(now.seconds)),
            ("iss", .string(cluster)), ("jti", .string("ea28ed49-2e11-4280-9ec5-bc3d1d84661a")),
            (
                "kubernetes.io",
                .object(
                    JSONObject([
                        .init("namespace", .string("payments")),
                        .init("serviceaccount", .object(JSONObject([.init("name", .string("api"))]))),
                    ]))
            ),
            ("nbf", .integer(now.seconds)), ("sub", .string("system:serviceaccount:payments:api")),
        ]
        let kept = good.compactMap { name, value -> JSONObject.Member? in
            guard let change = changes[name] else { return .init(name, value) }
            return change.map { .init(name, $0) }
        }
        let added = changes.filter { change in !good.contains { $0.0 == change.key } }
        return JSONObject(kept + added.compactMap { name, value in value.map { .init(name, $0) } })
    }

    /// The claims of a token of GitHub Actions, with some replaced.
    static func githubClaims(_ changes: [String: JSONValue?] = [:]) -> JSONObject {
        let own: [String: JSONValue?] = [
            "iss": .string(github), "aud": .string(service), "kubernetes.io": nil,
            "exp": .integer(Fixture.now.seconds + 300), "repository_id": .string("456"),
            "environment": .string("production"), "repository": .string("octo-org/octo-repo"),
            "sub": .string("repo:octo-org/octo-repo:environment:production"),
        ]
        return claims(own.merging(changes) { _, change in change })
    }

    static func token(
        _ claims: JSONObject, header: [(String, JSONValue)] = [], keyID: String? = "c1", signedBy key: PrivateKey
    ) throws -> String {
        func text(_ members: [JSONObject.Member]) -> [UInt8] {
            var writer = JSONWriter()
            writer.value(.object(JSONObject(members)))
            return writer.bytes
        }
        var names: [(String, JSONValue)] = [("alg", .string("ES256"))]
        if let keyID { names.append(("kid", .string(keyID))) }
        names.removeAll { name in header.contains { $0.0 == name.0 } }
        let input = JWSSigningInput(
            encodedHeader: Array(Base64URL.encode(text((names + header).map { .init($0.0, $0.1) })).utf8),
            payload: text(claims.members))
        let signature = try SigningContext(key: key, scheme: .ecdsa(.p256, .sha256)).sign(input.octets.span)
        return String(decoding: input.compact(with: signature), as: UTF8.self)
    }

    /// A token of the cluster.
    func token(_ changes: [String: JSONValue?] = [:], header: [(String, JSONValue)] = []) throws -> String {
        try Self.token(Self.claims(changes), header: header, signedBy: clusterKey)
    }

    /// A token of GitHub.
    func githubToken(_ changes: [String: JSONValue?] = [:]) throws -> String {
        try Self.token(Self.githubClaims(changes), keyID: "g1", signedBy: githubKey)
    }

    static let assertion =
        "grant_type=client_credentials&client_assertion_type=\(ClientAssertion.type)&client_assertion="
    static let svid =
        "grant_type=client_credentials&client_assertion_type=\(ClientAssertion.spiffeType)&client_assertion="
    static let grant = "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion="

    /// The client of a request, or the refusal that it gets.
    func authenticate(
        _ body: String, authorization: [String] = [], now: NumericDate = Fixture.now,
        used: UsedAssertionList = UsedAssertionList()
    ) throws(TokenRefusal) -> AuthenticatedClient {
        let request = try TokenRequest(parsing: Fixture.post(body, authorization: authorization))
        do throws(TokenRefusal) {
            switch try clients.authenticate(
                request.credentials, identities: registry, verified: .none, now: now)
            {
            case .identity(let check):
                guard case .fixed(let keys, _) = check.issuer.keys else { throw TokenRefusal(.serverError) }
                return try check.run(keys: keys, use: used.use).conclude()
            case .assertion(let check):
                return try check.run(
                    keys: check.fixedKeys, audiences: AssertionFixture.audiences, rules: .standard, use: used.use
                ).conclude()
            case let other: return try other.conclude()
            }
        } catch {
            throw request.credentials.refusal(error)
        }
    }

    /// Why a request is refused; `nil` if its client is authenticated.
    func cause(
        _ body: String, authorization: [String] = [], now: NumericDate = Fixture.now,
        used: UsedAssertionList = UsedAssertionList()
    ) -> RefusalCause? {
        do throws(TokenRefusal) {
            _ = try authenticate(body, authorization: authorization, now: now, used: used)
            return nil
        } catch {
            return error.cause
        }
    }
}
