/// Why a file or a JWK cannot be used as a key. Descriptions are shown to operators and never contain key material.
///
/// Two errors are equal if their codes are, those of libcrypto included.
public enum KeyError: Error, Sendable, Equatable {
    /// The text has no PEM block, or one that cannot be decoded.
    case malformedPEM(PEMFault)
    /// No PEM block is a key of the requested kind. The label of the first one: "CERTIFICATE", "PUBLIC KEY".
    case unexpectedLabel(String)
    /// Another block, with this label, stands in front of the key.
    case precededBy(String)
    /// The text has several keys, of which only the first would count.
    case severalKeys
    /// A PEM private key is encrypted, and there is no passphrase.
    case encrypted
    /// A PEM private key is encrypted with another passphrase.
    case wrongPassphrase
    /// A PEM private key is encrypted with an algorithm that this libcrypto does not offer.
    case unsupportedCipher
    /// A passphrase is empty, or longer than `Passphrase.maximumSize`.
    case unusablePassphrase
    /// Writ does not support this kind of key.
    case unsupportedType
    /// An RSA key that may only be used with PSS (id-RSASSA-PSS, RFC 4055 section 3.1).
    case restrictedToPSS
    /// Such a key, whose parameters ask for another hash, or for a longer salt, than the scheme has.
    case otherPSSParameters
    /// The components do not form a key: a point is off its curve, an exponent is even.
    case invalidComponents
    /// A call into libcrypto failed.
    case libcrypto(LibcryptoError)
}

extension KeyError: CustomStringConvertible {
    /// A human-readable clause in which "it" is the file or key that was read.
    public var description: String {
        switch self {
        case .malformedPEM(let fault): fault.description
        case .unexpectedLabel(let label): Self.text(ofUnexpected: label)
        case .precededBy("CERTIFICATE"): "it holds a certificate in front of the key"
        case .precededBy(let label): "it holds another PEM block in front of the key, labelled \(label)"
        case .severalKeys: "it holds more than one key"
        case .encrypted: "it is encrypted with a passphrase"
        case .wrongPassphrase: "it is encrypted with another passphrase"
        case .unsupportedCipher: "it is encrypted with an old algorithm that is not supported"
        case .unusablePassphrase: "it is not a passphrase of 1 to \(Passphrase.maximumSize) octets"
        case .unsupportedType: "it is not an RSA, P-256, P-384, P-521 or Ed25519 key"
        case .restrictedToPSS: "it is an RSA key restricted to PSS (id-RSASSA-PSS); an ordinary RSA key serves PSS too"
        case .otherPSSParameters:
            "it is an RSA key restricted to PSS with another hash than SHA-256, or with a salt of more than 32 octets"
        case .invalidComponents: "its numbers do not make a key"
        case .libcrypto(let error): error.description
        }
    }

    private static func text(ofUnexpected label: String) -> String {
        switch label {
        case _ where Certificate.pemLabels.contains(label): "it is a certificate, not a key"
        case "PUBLIC KEY": "it is a public key, not a private one"
        case "RSA PUBLIC KEY": "it is a public key in PKCS#1, not in SubjectPublicKeyInfo"
        case "OPENSSH PRIVATE KEY": "it is a private key in the format of OpenSSH, not in PKCS#8"
        case _ where KeyBlock.privateKey.labels.contains(label): "it is a private key, not a public one"
        default: "it is a PEM block labelled \(label), not a key that can be used here"
        }
    }

    /// The command that mends it; `nil` if there is none.
    public var hint: String? {
        switch self {
        case .unexpectedLabel("RSA PUBLIC KEY"): "openssl rsa -RSAPublicKey_in -pubout -in FILE converts it"
        case .unexpectedLabel("OPENSSH PRIVATE KEY"): "ssh-keygen -p -m PKCS8 -f FILE converts it, in its place"
        case .malformedPEM(.binary): "openssl pkey -inform DER -in FILE converts it"
        case .unsupportedCipher:
            "openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE encrypts it anew; -provider legacy -provider default reads it"
        case .severalKeys, .precededBy: "leave the key alone in the file"
        default: nil
        }
    }
}
