import CPKCS11
import Libcrypto

/// A mechanism of PKCS#11 that makes signatures of one scheme, and what it is given.
struct SignMechanism: Sendable {
    private enum Input {
        /// The token hashes the message itself, or the scheme does not hash it first.
        case message
        case digest(HashFunction)
        /// `DigestInfo` of RFC 8017 section 9.2, which the token pads.
        case digestInfo
    }

    /// A `CKM_`.
    let type: UInt
    let name: StaticString
    private let input: Input
    /// Whether it has the parameters of PSS.
    let isPSS: Bool

    private init(_ type: UInt, _ name: StaticString, _ input: Input, isPSS: Bool = false) {
        self.type = type
        self.name = name
        self.input = input
        self.isPSS = isPSS
    }

    /// The mechanisms for a scheme, the first choice first.
    static func candidates(for scheme: SignatureScheme) -> [SignMechanism] {
        switch scheme {
        case .rsaPKCS1(.sha256):
            [
                SignMechanism(CKM_SHA256_RSA_PKCS, "CKM_SHA256_RSA_PKCS", .message),
                SignMechanism(CKM_RSA_PKCS, "CKM_RSA_PKCS", .digestInfo),
            ]
        case .rsaPSS(.sha256):
            [
                SignMechanism(CKM_SHA256_RSA_PKCS_PSS, "CKM_SHA256_RSA_PKCS_PSS", .message, isPSS: true),
                SignMechanism(CKM_RSA_PKCS_PSS, "CKM_RSA_PKCS_PSS", .digest(.sha256), isPSS: true),
            ]
        // The signature of PKCS#11 is that of RFC 7518 section 3.4: R, then S.
        case .ecdsa(.p256, .sha256):
            [
                SignMechanism(CKM_ECDSA, "CKM_ECDSA", .digest(.sha256)),
                SignMechanism(CKM_ECDSA_SHA256, "CKM_ECDSA_SHA256", .message),
            ]
        case .ecdsa(.p384, .sha384):
            [
                SignMechanism(CKM_ECDSA, "CKM_ECDSA", .digest(.sha384)),
                SignMechanism(CKM_ECDSA_SHA384, "CKM_ECDSA_SHA384", .message),
            ]
        case .ed25519: [SignMechanism(CKM_EDDSA, "CKM_EDDSA", .message)]
        default: []
        }
    }

    /// Whether a mechanism signs, or makes keys, for one of the schemes.
    static func isOfInterest(_ type: UInt) -> Bool { typesOfInterest.contains(type) }

    private static let typesOfInterest: Set<UInt> = {
        let schemes: [SignatureScheme] = [
            .rsaPKCS1(.sha256), .rsaPSS(.sha256), .ecdsa(.p256, .sha256), .ecdsa(.p384, .sha384), .ed25519,
        ]
        let signing = schemes.flatMap { candidates(for: $0).map(\.type) }
        return Set(signing + [CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_EC_KEY_PAIR_GEN, CKM_EC_EDWARDS_KEY_PAIR_GEN])
    }()

    /// What the token gets for a message.
    func data(for message: [UInt8]) throws(LibcryptoError) -> [UInt8] {
        switch input {
        case .message: message
        case .digest(let hash): try hash.digest(of: message.span)
        case .digestInfo: Self.digestInfo + (try HashFunction.sha256.digest(of: message.span))
        }
    }

    /// RFC 8017 section 9.2, note 1, for SHA-256: what stands before the digest.
    private static let digestInfo: [UInt8] = [
        0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04,
        0x20,
    ]
}
