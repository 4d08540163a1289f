public import JOSE
public import Libcrypto
public import OAuth

/// A key that was read from the keys folder.
public struct LoadedKey: Sendable {
    /// What the file was read for: `.pem` signs, `.pub.pem` only verifies.
    public enum Material: Sendable {
        /// Signs access tokens.
        case signing(PrivateKey)
        /// Verifies those that another issuer signed.
        case verifying
    }

    /// Says from when it signs.
    public let name: KeyFileName
    /// Holds the private key, where there is one.
    public let material: Material
    /// Of a private key, its own other half; a signature was tried with both.
    public let publicKey: PublicKey
    /// `kid`: the RFC 7638 thumbprint, or what the name of an old public key says.
    public let keyID: String
    /// The algorithm of the chain of keys that it belongs to: keys of one type follow one another.
    public let algorithm: SignatureAlgorithm
}
