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
