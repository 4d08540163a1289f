/// Why a file or a JWK cannot be used as a key. Descriptions are shown to operators and never contain key material.
///
/// Two errors are equal if their codes are, those of libcrypto included.
public enum KeyError: Error, Sendable, Equatable {
    /// The text has no PEM block.
    case notPEM
    /// The first PEM block is not a key of the requested kind. Its label: "CERTIFICATE", "PUBLIC KEY".
    case unexpectedLabel(String)
    /// A PEM private key is encrypted, and there is no passphrase.
    case encrypted
    /// A PEM private key is encrypted with another passphrase.
    case wrongPassphrase
    /// A passphrase is empty, or longer than ``Passphrase/maximumSize``.
    case unusablePassphrase
    /// Writ does not support this kind of key.
    case unsupportedType
    /// The components do not form a key: a point is off its curve, an exponent is even.
    case invalidComponents
    /// A call into libcrypto failed.
    case libcrypto(LibcryptoError)
}

extension KeyError: CustomStringConvertible {
    /// A human-readable clause in which "it" is the file or key that was read.
    public var description: String {
        switch self {
        case .notPEM: "it holds no PEM block"
        case .unexpectedLabel("CERTIFICATE"): "it is a certificate, not a key"
        case .unexpectedLabel("PUBLIC KEY"): "it is a public key, not a private one"
        case .unexpectedLabel(let label): "it is a PEM block labelled \(label), not a key that can be used here"
        case .encrypted: "it is encrypted with a passphrase"
        case .wrongPassphrase: "it is encrypted with another passphrase"
        case .unusablePassphrase: "it is not a passphrase of 1 to \(Passphrase.maximumSize) octets"
        case .unsupportedType: "it is not an RSA, P-256, P-384, P-521 or Ed25519 key"
        case .invalidComponents: "its numbers do not make a key"
        case .libcrypto(let error): error.description
        }
    }
}
