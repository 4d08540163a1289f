package import JOSE
package import Libcrypto
package import OAuth

/// A key that was read from the keys folder.
package struct LoadedKey: Sendable {
    /// The purpose of the file: a key in `.pem` signs, one in `.pub.pem` only verifies.
    package enum Material: Sendable {
        /// Signs access tokens.
        case signing(PrivateKey)
        /// Verifies access tokens that another issuer signed.
        case verifying
    }

    /// The file name, which contains the time from which the key signs.
    package let name: KeyFileName
    /// Contains the private key, if there is one.
    package let material: Material
    /// The public half of a private key, checked with a trial signature; or the key of a `.pub.pem` file.
    package let publicKey: PublicKey
    /// `kid`: the RFC 7638 thumbprint, or the `kid` in the file name of an old public key.
    package let keyID: String
    /// The algorithm of the chain that the key belongs to.
    package let algorithm: SignatureAlgorithm
}

/// A key for refresh tokens that was read from the keys folder.
package struct LoadedSealingKey: Sendable {
    /// The file name, which contains the time from which the key seals.
    package let name: KeyFileName
    /// The key itself.
    package let key: SealingKey

    package var named: NamedKey { NamedKey(name, keyID: key.keyID) }
}
