public import Libcrypto

/// The public or symmetric part of a JSON Web Key, RFC 7517 section 4. Private members are never read.
public struct JWK: Sendable {
    /// What makes the key, by key type (RFC 7518 section 6, RFC 8037 section 2).
    public enum Material: Sendable {
        case publicKey(PublicKey)
        case symmetric(SecretBytes)
    }

    /// `kty` and the members that go with it.
    public let material: Material
    /// `kid`
    public let keyID: String?
    /// `alg`
    public let algorithm: SignatureAlgorithm?

    /// Without `kid` or `alg` where they are nil; without `alg`, every algorithm that fits the key is allowed.
    public init(_ publicKey: PublicKey, keyID: String?, algorithm: SignatureAlgorithm?) {
        self.material = .publicKey(publicKey)
        self.keyID = keyID
        self.algorithm = algorithm
    }

    init(material: Material, keyID: String?, algorithm: SignatureAlgorithm?) {
        self.material = material
        self.keyID = keyID
        self.algorithm = algorithm
    }

    /// nil for a symmetric key.
    public var publicKey: PublicKey? {
        if case .publicKey(let key) = material { key } else { nil }
    }

    /// Whether signatures of `algorithm` may be checked with this key: the key decides, never the token.
    public func allows(_ algorithm: SignatureAlgorithm) -> Bool {
        if let pinned = self.algorithm, pinned != algorithm { return false }
        switch material {
        case .publicKey(let key):
            return algorithm.accepts(key.type)
        case .symmetric(let secret):
            // RFC 7518 section 3.2: the key is at least as long as the hash.
            guard case .mac(let hash) = algorithm.mechanism else { return false }
            return secret.count >= hash.digestSize
        }
    }
}
