import JOSE
import Libcrypto
import OAuth

/// A new key of each kind that access tokens are signed with.
enum SampleKey {
    static func rsa(_ algorithm: SignatureAlgorithm = .rs256) throws -> SigningKey {
        try key(.generateRSA(bits: 2048), algorithm)
    }

    static func p256() throws -> SigningKey { try key(.generate(on: .p256), .es256) }

    static func ed25519() throws -> SigningKey { try key(.generateEd25519(), .edDSA) }

    private static func key(_ key: PrivateKey, _ algorithm: SignatureAlgorithm) throws -> SigningKey {
        let jwk = JWK(try key.publicKey, keyID: nil, algorithm: algorithm)
        return try SigningKey(key, keyID: jwk.thumbprint(), algorithm: algorithm)
    }
}

extension JWKSet {
    init(publishing keys: [SigningKey]) throws {
        self.init(try keys.map { JWK(try $0.key.publicKey, keyID: $0.keyID, algorithm: $0.algorithm) })
    }
}
