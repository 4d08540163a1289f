import AccessToken
import JOSE
import Libcrypto
import TokenVerifier

/// An issuer that makes valid and invalid tokens.
struct TokenMint {
    static let now = NumericDate(1_795_000_000)
    static let header = #"{"alg":"RS256","typ":"at+jwt","kid":"k1"}"#
    static let claims =
        #"{"iss":"https://i.example","sub":"c","aud":"https://a.example","exp":1795000900,"iat":1795000000,"jti":"1","client_id":"c","scope":"r w"}"#

    /// One for all tests: making a key takes longer than most of them.
    private static let commonKey = Result { try PrivateKey.generateRSA(bits: 2048) }

    let key: PrivateKey

    /// - Parameter key: a key that no other mint has; `nil` for the key that all other mints have.
    init(_ key: PrivateKey? = nil) throws { self.key = try key ?? Self.commonKey.get() }

    var keys: JWKSet {
        get throws { JWKSet([JWK(try key.publicKey, keyID: "k1", algorithm: .rs256)]) }
    }

    func token(
        header: String = header, claims: String = claims, signedBy other: PrivateKey? = nil,
        scheme: SignatureScheme = .rsaPKCS1(.sha256)
    ) throws -> String {
        let input = Self.input(header: header, claims: claims)
        let signature = try SigningContext(key: other ?? key, scheme: scheme).sign(input.octets.span)
        return String(decoding: input.compact(with: signature), as: UTF8.self)
    }

    static func input(header: String, claims: String) -> JWSSigningInput {
        JWSSigningInput(
            encodedHeader: Array(Base64URL.encode(Array(header.utf8)).utf8), payload: Array(claims.utf8))
    }

    /// A token with the given octets as its signature.
    static func token(header: String, signature: [UInt8]) -> String {
        String(decoding: input(header: header, claims: claims).compact(with: signature), as: UTF8.self)
    }

    static func verifier(
        _ keys: KeySource, rules: VerificationRules = VerificationRules(), cacheCapacity: Int = 0,
        now: @escaping @Sendable () -> NumericDate = { now }
    ) throws -> AccessTokenVerifier {
        AccessTokenVerifier(
            issuer: try Issuer("https://i.example"), audience: try Audience("https://a.example"), keys: keys,
            rules: rules, cacheCapacity: cacheCapacity, now: now)
    }
}
