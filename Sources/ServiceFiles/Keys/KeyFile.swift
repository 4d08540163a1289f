import JOSE
package import Libcrypto
import OAuth
package import SystemPackage

/// One file that holds a key, or goes with one.
package enum KeyFile {
    /// The largest file that is read, in octets.
    private static let maximumSize = 64 * 1024

    /// Reads a file into memory that will be cleared.
    ///
    /// - Parameter isSecret: refuse a file that others can read.
    package static func contents(of path: FilePath, isSecret: Bool) throws -> SecretBytes {
        let descriptor = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking])
        return try descriptor.closeAfter {
            let status = try descriptor.stat()
            guard status.type == .regular else { throw KeyFileError.notAFile }
            if isSecret, isReadableByOthers(status) { throw KeyFileError.readableByOthers }
            guard let contents = try SecretBytes(readingFrom: descriptor.rawValue, limit: maximumSize) else {
                throw KeyFileError.tooLarge
            }
            return contents
        }
    }

    /// The group may read a file of root's: that is how Kubernetes hands a Secret to a process that is not root.
    private static func isReadableByOthers(_ status: Stat) -> Bool {
        let foreign: FilePermissions =
            status.userID.rawValue == 0 && !RunningProcess.isRoot
            ? [.groupWrite, .otherReadWriteExecute] : [.groupReadWriteExecute, .otherReadWriteExecute]
        return !status.permissions.isDisjoint(with: foreign)
    }
}

/// Why a file in the keys folder is not used.
package enum KeyFileError: Error, CustomStringConvertible {
    case notAFile
    case tooLarge
    case readableByOthers
    case tooSmall(bits: Int)
    case unusable
    case mismatchedHalves
    case noSealingKey

    package var description: String {
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

    package func hint(for path: FilePath) -> String? {
        switch self {
        case .readableByOthers: "chmod 600 \(path)"
        case .tooSmall, .unusable, .mismatchedHalves: "`writ keys generate` makes a good one"
        case .noSealingKey: "remove it; `writ keys rotate --sealing` makes a good one"
        default: nil
        }
    }
}
