/// Why something is not a key that Writ can use. The texts are for operators and hold nothing of the key.
public enum KeyError: Error, Sendable {
    /// There is no PEM block in it.
    case notPEM
    /// The first PEM block has another label than the one that was meant: "CERTIFICATE", "PUBLIC KEY".
    case unexpectedLabel(String)
    /// A PEM private key that needs a passphrase.
    case encrypted
    /// A PEM private key that another passphrase opens.
    case wrongPassphrase
    /// A kind of key that Writ has no use for.
    case unsupportedType
    /// Components that make no key: a point off its curve, an even exponent.
    case invalidComponents
    /// libcrypto refused it.
    case libcrypto(LibcryptoError)
}

extension KeyError: CustomStringConvertible {
    /// For people; the "it" in the text is the file or key that was read.
    public var description: String {
        switch self {
        case .notPEM: "it holds no PEM block"
        case .unexpectedLabel("CERTIFICATE"): "it is a certificate, not a key"
        case .unexpectedLabel("PUBLIC KEY"): "it is a public key, not a private one"
        case .unexpectedLabel(let label): "it is a PEM block labelled \(label), not a key that can be used here"
        case .encrypted: "it is encrypted with a passphrase"
        case .wrongPassphrase: "it is encrypted with another passphrase"
        case .unsupportedType: "it is not an RSA, P-256, P-384, P-521 or Ed25519 key"
        case .invalidComponents: "its numbers do not make a key"
        case .libcrypto(let error): error.description
        }
    }
}
