import JOSE
package import Libcrypto
import OAuth
package import SystemPackage

/// A file that contains a key or the passphrase of one.
package enum KeyFile {
    /// The largest file that is read, in octets.
    private static let maximumSize = 64 * 1024

    /// Reads a file of the service into memory that is cleared after use.
    ///
    /// - Parameters:
    ///   - isSecret: whether to refuse a file that other users can read.
    ///   - access: decides whose files are accepted.
    package static func contents(
        of path: FilePath, isSecret: Bool, _ access: FileAccess
    ) throws -> SecretBytes {
        try contents(of: open(path, isSecret: isSecret, access), isSecret: isSecret)
    }

    private static func open(
        _ path: FilePath, isSecret: Bool, _ access: FileAccess, mayBePipe: Bool = false
    ) throws -> FileDescriptor {
        do {
            return try TrustedFile.open(path, access, mayBePipe: mayBePipe)
        } catch let error as UntrustedFile {
            // A secret that others can read is to be replaced, however it is protected from now on.
            if isSecret, let status = try? path.stat(), isReadableByOthers(status) {
                throw KeyFileError.readableByOthers
            }
            throw error
        }
    }

    /// The problem that stands for an error of ``contents(of:isSecret:_:)``.
    package static func problem(with path: FilePath, _ error: any Error) -> Problem {
        let place = Problem.Place.file(path.string, line: nil)
        switch error {
        case KeyFileError.readableByOthers where path.hasModeOfMount:
            return Problem(place, KeyFileError.readableByOthers.description, hint: hintForMounts)
        case let error as KeyFileError: return Problem(place, error.description, hint: error.hint(for: path))
        case let error as UntrustedFile: return error.problem
        default: return Problem(unreadable: path, error)
        }
    }

    /// What a runtime of containers mounts gets its mode there, and has 0444 by default.
    private static let hintForMounts =
        "mount it with `mode: 0400` and the service's `uid` (Docker, Podman), or with `defaultMode: 0440` (Kubernetes)"

    /// Reads a secret file of the operator's own, which may be a pipe of the shell.
    static func ownSecret(in path: FilePath) throws -> SecretBytes {
        try contents(of: open(path, isSecret: true, .command(), mayBePipe: true), isSecret: true, mayBePipe: true)
    }

    private static func contents(
        of descriptor: FileDescriptor, isSecret: Bool, mayBePipe: Bool = false
    ) throws -> SecretBytes {
        try descriptor.closeAfter {
            let status = try descriptor.stat()
            guard status.type == .regular || mayBePipe && status.type == .fifo else { throw KeyFileError.notAFile }
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

extension FilePath {
    /// Whether no `chmod` can mend the mode of the file: a container's runtime has mounted it.
    fileprivate var hasModeOfMount: Bool {
        let places: [FilePath] = ["/run/secrets", "/var/run/secrets"]
        return places.contains { starts(with: $0) } || isOnReadOnlyMount
    }
}
