package import Libcrypto
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
