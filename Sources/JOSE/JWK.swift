public import Libcrypto

/// A public JSON Web Key, RFC 7517 section 4. Private members are never read.
public struct JWK: Sendable {
    /// The key in `kty` and the members of its type.
    public let publicKey: PublicKey
    /// `kid`
    public let keyID: String?
    /// `alg`
    public let algorithm: SignatureAlgorithm?

    /// - Parameters:
    ///   - keyID: `nil` for a key without `kid`.
    ///   - algorithm: `nil` for a key without `alg`, which allows every algorithm that accepts its type.
    public init(_ publicKey: PublicKey, keyID: String?, algorithm: SignatureAlgorithm?) {
        self.publicKey = publicKey
        self.keyID = keyID
        self.algorithm = algorithm
    }

    /// Whether signatures of `algorithm` may be checked with this key. The key decides, never the token. A key with
    /// `alg` also allows another name of the same algorithm.
    public func allows(_ algorithm: SignatureAlgorithm) -> Bool {
        if let pinned = self.algorithm, pinned.scheme != algorithm.scheme { return false }
        return algorithm.accepts(publicKey.type)
    }

    /// The one algorithm that a verifier uses the key with, RFC 8725 section 3.1: that of `alg`, or else the first of
    /// `algorithms` that accepts the key. With RS256 before the other algorithms for RSA an RSA key without `alg`, such as
    /// those of Microsoft Entra ID, is a key for RS256 alone. Other keys have one algorithm by their curve.
    ///
    /// - Returns: `nil` if the key is for none of `algorithms`. Two names of one algorithm count as the same.
    package func algorithm(among algorithms: [SignatureAlgorithm]) -> SignatureAlgorithm? {
        guard let algorithm else { return algorithms.first { $0.accepts(publicKey.type) } }
        guard algorithm.accepts(publicKey.type) else { return nil }
        return algorithms.contains { $0.scheme == algorithm.scheme } ? algorithm : nil
    }
}
