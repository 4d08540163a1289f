import JOSE
import Libcrypto
import OAuth
import SystemPackage

/// Why a file in the keys folder is not used.
enum KeyFileError: Error, CustomStringConvertible {
    case notAFile
    case tooLarge
    case readableByOthers
    case tooSmall(bits: Int)
    case unusable
    case mismatchedHalves
    case noSealingKey

    var description: String {
        switch self {
        case .notAFile: "is not a regular file"
        case .tooLarge: "is too large for a key"
        case .readableByOthers: "holds a private key that others can read"
        case .tooSmall(let bits): "is an RSA key of \(bits) bits; RFC 7518 section 3.3 asks for 2048 or more"
        case .unusable:
            "is a kind of key that no access token is signed with (\(SignatureAlgorithm.offeredKeyNames) are)"
        case .mismatchedHalves: "holds a private and a public half that do not belong together"
        case .noSealingKey: "is not a key of \(SealingKey.size) octets in base64url"
        }
    }

    func hint(for path: FilePath) -> String? {
        switch self {
        case .readableByOthers: "chmod 600 \(path)"
        case .tooSmall, .unusable, .mismatchedHalves: "`writ keys generate` makes a good one"
        case .noSealingKey: "remove it; `writ keys rotate --sealing` makes a good one"
        default: nil
        }
    }
}
