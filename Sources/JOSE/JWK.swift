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
}
