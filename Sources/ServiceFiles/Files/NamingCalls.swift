import SystemPackage

/// The system calls that give a finished draft its name, if no file has that name yet. Tests replace them.
struct NamingCalls: Sendable {
    /// link(2)
    var link: @Sendable (_ draft: FilePath, _ name: FilePath) throws(Errno) -> Void
    /// renameat2(2) with RENAME_NOREPLACE
    var renameWithoutReplacing: @Sendable (_ draft: FilePath, _ name: FilePath) throws(Errno) -> Void

    static let system = NamingCalls(
        link: { (draft, name) throws(Errno) in try draft.link(to: name) },
        renameWithoutReplacing: { (draft, name) throws(Errno) in try draft.renameWithoutReplacing(to: name) })

    /// Gives the draft the name. SMB, exFAT and some FUSE mounts have no hard links, and NFS cannot rename without
    /// replacing. A file system with neither has the name claimed by an empty file first, which the draft then replaces.
    ///
    /// - Throws: `Errno.fileExists` if a file has the name.
    func name(_ draft: FilePath, _ name: FilePath) throws(Errno) {
        do throws(Errno) { return try link(draft, name) } catch {
            guard Self.isUnsupported(error) else { throw error }
        }
        do throws(Errno) { return try renameWithoutReplacing(draft, name) } catch {
            guard Self.isUnsupported(error) else { throw error }
        }
        try name.claim()
        do throws(Errno) { try draft.rename(to: name) } catch {
            try? name.unlink()
            throw error
        }
    }

    /// Whether a file system reports an operation that it does not have with this error.
    private static func isUnsupported(_ error: Errno) -> Bool {
        [.notPermitted, .notSupported, .noFunction, .invalidArgument, .improperLink, .tooManyLinks].contains(error)
    }
}

extension FilePath {
    /// Creates an empty file, with access for its owner only: open(2) with O_EXCL.
    ///
    /// - Throws: `Errno.fileExists` if a file has the name.
    fileprivate func claim() throws(Errno) {
        do {
            try FileDescriptor.open(
                self, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: .ownerReadWrite
            ).close()
        } catch {
            throw error as? Errno ?? .ioError
        }
    }
}
