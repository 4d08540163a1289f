package import AccessToken
import JOSE
package import Libcrypto
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
    /// A `.key-uri` file holds no URI of a place. `nil` for what is not UTF-8.
    case noURI(InvalidValue?)
    /// There is no `.pub.pem` file beside a `.key-uri` file.
    case noPublicHalf
    /// The `.pub.pem` file beside a `.key-uri` file holds no public key.
    case unusablePublicHalf(KeyError)
    /// The settings do not say how to reach the place of a key.
    case notConfigured(KeyURI.Place)

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
        case .noURI(let error): "holds a URI that \(error?.description ?? "is not UTF-8")"
        case .noPublicHalf: "has no public half beside it: a file of the same name that ends in .pub.pem"
        case .unusablePublicHalf(let error): "has a public half beside it, in .pub.pem, which is not usable: \(error)"
        case .notConfigured(let place): "names a key in another place, and \(place.missingSettings)"
        case .noSealingKey: "is not a key of \(SealingKey.size) octets in base64url"
        }
    }

    package func hint(for path: FilePath) -> String? {
        switch self {
        case .readableByOthers: "chmod 600 \(path)"
        case .tooSmall, .unusable, .mismatchedHalves: "`writ keys generate` makes a good one"
        case .forbidden: "move it out of the folder; ES256, PS256 and Ed25519 keys are allowed"
        case .noURI: "pkcs11:token=writ;object=signing, or vault+https://vault.example.com/transit/keys/writ"
        case .noPublicHalf, .unusablePublicHalf:
            "move the file out of the folder; then `writ keys adopt URI` writes both files"
        case .notConfigured(let place): place.exampleOfSettings
        case .noSealingKey: "remove it; `writ keys rotate --sealing` makes a good one"
        default: nil
        }
    }
}
