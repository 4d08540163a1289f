import JOSE
import Libcrypto
package import OAuth
package import SystemPackage

/// The reason a key file is refused.
package enum KeyFileError: Error, Equatable, CustomStringConvertible {
    case notAFile
    case tooLarge
    case readableByOthers
    case tooSmall(bits: Int)
    case unusable
    /// By the profile of the configuration.
    case forbidden(SecurityProfile)
    case mismatchedHalves
    case noSealingKey
    /// The contents of a file in a Secret.
    case notBase64

    package var description: String {
        switch self {
        case .notAFile: "is not a regular file"
        case .tooLarge: "is too large: a key or a secret has 64 KiB at most"
        case .readableByOthers: "holds a secret that other users can read"
        case .tooSmall(let bits): "is an RSA key of \(bits) bits; RFC 7518 section 3.3 asks for 2048 or more"
        case .unusable:
            "is an unsupported kind of key; access tokens are signed with \(SignatureAlgorithm.offeredKeyNames)"
        case .forbidden(let profile): "is a key for an algorithm, \(profile.forbids)"
        case .mismatchedHalves: "holds a private and a public half that do not belong together"
        case .notBase64: "is not base64"
        case .noSealingKey: "is not a key of \(SealingKey.size) octets in base64url"
        }
    }

    package func hint(for path: FilePath) -> String? {
        switch self {
        case .readableByOthers: "chmod 600 \(path)"
        case .tooSmall, .unusable, .mismatchedHalves: "`writ keys generate` makes a good one"
        case .forbidden: "move it out of the folder; ES256, PS256 and Ed25519 keys are allowed"
        case .noSealingKey: "remove it; `writ keys rotate --sealing` makes a good one"
        default: nil
        }
    }
}
