public import AccessToken
public import JOSE
import Libcrypto
public import TokenVerifier

/// An issuer for the tests of programs that embed a verifier: it has a key of its own, and makes valid and invalid tokens. Its
/// verifiers accept the valid ones.
///
/// Nothing is fetched and nothing is written. The key is made anew for each issuer.
public struct TestIssuer: Sendable {
    /// The issuer identifier.
    public let issuer: Issuer
    /// The published key.
    public let keys: JWKSet
    /// The audience of tokens and verifiers that name no other: `https://api.example.com`.
    public static let audience = "https://api.example.com"

    private let key: PrivateKey
    private let keyID: String
    private let algorithm: SignatureAlgorithm

    /// - Parameters:
    ///   - issuer: the issuer identifier.
    ///   - keyID: `kid` of the key.
    ///   - algorithm: with what tokens are signed. ES256 keys are made in microseconds, RSA keys in a tenth of a second.
    public init(
        _ issuer: String = "https://issuer.example.com", keyID: String = "test", algorithm: SignatureAlgorithm = .es256
    ) throws {
        self.issuer = try Issuer(issuer)
        self.keyID = keyID
        self.algorithm = algorithm
        key = try algorithm.makeKey()
        keys = JWKSet([JWK(try key.publicKey, keyID: keyID, algorithm: algorithm)])
    }

    /// The published key, as a verifier takes it.
    public var keySource: KeySource { .fixed(keys) }

    /// A verifier of this issuer's tokens.
    public func verifier(
        audience: String = audience, rules: VerificationRules = VerificationRules(),
        now: @escaping @Sendable () -> NumericDate = { .now }
    ) throws -> AccessTokenVerifier {
        AccessTokenVerifier(
            issuer: issuer, audience: try Audience(audience), keys: keySource, rules: rules, now: now)
    }

    /// A signed token.
    ///
    /// - Parameters:
    ///   - scope: scope tokens with spaces between them; empty for none.
    ///   - subject: `sub` and `client_id`.
    ///   - audience: `aud`.
    ///   - lifetime: from now to `exp`. A negative one is for a token that has expired.
    ///   - type: `typ` of the header; `nil` for none.
    ///   - now: `iat`.
    ///   - claims: further claims. One with the name of another takes its place.
    ///   - removed: the names of claims that the token must not have.
    public func token(
        scope: String = "", subject: String = "test-client", audience: String = audience,
        lifetime: Duration = .seconds(3600), type: String? = "at+jwt", now: NumericDate = .now,
        claims: [String: JSONValue] = [:], removing removed: Set<String> = []
    ) throws -> String {
        var all: [String: JSONValue] = [
            "iss": .string(issuer.description), "sub": .string(subject), "aud": .string(audience),
            "exp": .integer((now + lifetime).seconds), "iat": .integer(now.seconds), "jti": .string(Self.newTokenID()),
            "client_id": .string(subject),
        ]
        if !scope.isEmpty { all["scope"] = .string(scope) }
        all.merge(claims) { _, own in own }
        let members = all.filter { !removed.contains($0.key) }.sorted { $0.key < $1.key }
        var payload = JSONWriter()
        payload.value(.object(JSONObject(members.map { JSONObject.Member($0.key, $0.value) })))
        return try token(payload: payload.bytes, type: type)
    }

    /// A signed token with any payload, such as one that is no JSON.
    ///
    /// - Parameters:
    ///   - type: `typ` of the header; `nil` for none.
    ///   - header: further members of the header. One with the name of another takes its place.
    public func token(payload: [UInt8], type: String? = "at+jwt", header: [String: JSONValue] = [:]) throws -> String {
        var all: [String: JSONValue] = ["alg": .string(algorithm.name), "kid": .string(keyID)]
        if let type { all["typ"] = .string(type) }
        all.merge(header) { _, own in own }
        let members = all.sorted { $0.key < $1.key }.map { JSONObject.Member($0.key, $0.value) }
        var writer = JSONWriter()
        writer.value(.object(JSONObject(members)))
        let input = JWSSigningInput(
            encodedHeader: Array(Base64URL.encode(writer.bytes).utf8), payload: payload)
        let signature = try SigningContext(key: key, scheme: algorithm.scheme).sign(input.octets.span)
        return input.compactText(with: signature)
    }

    private static func newTokenID() -> String {
        String(UInt64.random(in: .min ... .max), radix: 36)
    }
}
