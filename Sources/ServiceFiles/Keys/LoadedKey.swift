package import JOSE
package import Libcrypto
package import OAuth

/// A key that was read from the keys folder.
package struct LoadedKey: Sendable {
    /// The purpose of the file: keys in `.pem` and `.key-uri` sign, one in `.pub.pem` only verifies.
    package enum Material: Sendable {
        /// Signs access tokens.
        case signing(PrivateKey)
        /// Signs access tokens in another place.
        case remote(KeyURI)
        /// Verifies access tokens that another issuer signed.
        case verifying
    }

    /// The file name, which contains the time from which the key signs.
    package let name: KeyFileName
    /// Contains the private key, if there is one.
    package let material: Material
    /// The public half of a private key, checked with a trial signature; or the key of a `.pub.pem` file, which is not
    /// checked if its private half stays in another place.
    package let publicKey: PublicKey
    /// `kid`: the one in the file name, or else the RFC 7638 thumbprint.
    package let keyID: String
    /// The algorithm of the chain that the key belongs to.
    package let algorithm: SignatureAlgorithm
    /// The algorithms that accept the key and that the profile allows; never empty.
    let usableAlgorithms: [SignatureAlgorithm]

    /// The key that stays in another place; `nil` for any other key.
    package var remoteKey: RemoteKey? {
        if case .place(let key) = holder { key } else { nil }
    }

    /// What has the private key; `nil` for a key that does not sign.
    var holder: SigningKey.Holder? {
        switch material {
        case .signing(let key): .process(key)
        case .remote(let uri): .place(RemoteKey(uri, publicKey))
        case .verifying: nil
        }
    }
}

extension LoadedKey {
    /// Whether only one of the two may be in the folder: no verifier could choose between two keys with one `kid`, and a
    /// key in two files would stay in use when one of them is retired. A public key of another issuer may be the half of
    /// a key that signs here, under another `kid`.
    func excludes(_ other: LoadedKey) -> Bool {
        // Two that Unicode takes for one are refused too.
        if keyID == other.keyID { return true }
        guard name.content.signs, other.name.content.signs else { return false }
        return publicKey.components == other.publicKey.components
    }
}

extension [LoadedKey] {
    /// Those that sign with an algorithm, in the same order.
    package func signing(_ algorithm: SignatureAlgorithm) -> [LoadedKey] {
        filter { $0.algorithm == algorithm && $0.name.content.signs }
    }
}

/// A key for refresh tokens that was read from the keys folder.
package struct LoadedSealingKey: Sendable {
    /// The file name, which contains the time from which the key seals.
    package let name: KeyFileName
    /// The key itself.
    package let key: SealingKey

    package var named: NamedKey { NamedKey(name, keyID: key.keyID) }
}
