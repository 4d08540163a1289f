import JOSE
package import Libcrypto
import OAuth
package import SystemPackage

/// A file that contains a key or the passphrase of one.
package enum KeyFile {
    /// The largest file that is read, in octets.
    private static let maximumSize = 64 * 1024

    /// Reads a file into memory that is cleared after use.
    ///
    /// - Parameter isSecret: whether to refuse a file that other users can access.
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

    /// The group may read a file that root owns: Kubernetes gives a Secret to a process that is not root in this way.
    private static func isReadableByOthers(_ status: Stat) -> Bool {
        let foreign: FilePermissions =
            status.userID.rawValue == 0 && !RunningProcess.isRoot
            ? [.groupWrite, .otherReadWriteExecute] : [.groupReadWriteExecute, .otherReadWriteExecute]
        return !status.permissions.isDisjoint(with: foreign)
    }
}

/// The reason a key file is refused.
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
        case .readableByOthers: "holds a secret that other users can read"
        case .tooSmall(let bits): "is an RSA key of \(bits) bits; RFC 7518 section 3.3 asks for 2048 or more"
        case .unusable:
            "is an unsupported kind of key; access tokens are signed with \(SignatureAlgorithm.offeredKeyNames)"
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
