package import JOSE
package import Libcrypto
package import OAuth

/// A key that was read from the keys folder.
package struct LoadedKey: Sendable {
    /// What the file was read for: `.pem` signs, `.pub.pem` only verifies.
    package enum Material: Sendable {
        /// Signs access tokens.
        case signing(PrivateKey)
        /// Verifies those that another issuer signed.
        case verifying
    }

    /// Says from when it signs.
    package let name: KeyFileName
    /// Holds the private key, where there is one.
    package let material: Material
    /// Of a private key, its own other half; a signature was tried with both.
    package let publicKey: PublicKey
    /// `kid`: the RFC 7638 thumbprint, or what the name of an old public key says.
    package let keyID: String
    /// The algorithm of the chain of keys that it belongs to: keys of one type follow one another.
    package let algorithm: SignatureAlgorithm
}

/// A key for refresh tokens that was read from the keys folder.
package struct LoadedSealingKey: Sendable {
    /// Says from when it seals.
    package let name: KeyFileName
    /// The key itself.
    package let key: SealingKey

    package var named: NamedKey { NamedKey(name, keyID: key.keyID) }
}
