import Foundation
package import SystemPackage

/// The one place that opens what decides something: configuration, clients, keys, passphrase, TLS files.
package enum TrustedFile {
    /// Opens a file to read it. It may be a pipe of the shell or a device such as `/dev/null`.
    ///
    /// - Parameter mayBePipe: whether to wait for the writer of a pipe.
    /// - Throws: ``UntrustedFile`` if other users can change the file, a folder that holds it, or a folder that holds a
    ///   symbolic link on the way to it.
    static func open(_ path: FilePath, _ access: FileAccess, mayBePipe: Bool = false) throws -> FileDescriptor {
        // Before the writer of a named pipe is waited for, since another user may have made the pipe.
        if (try? path.stat().type) == .fifo { try checkFolders(holding: path, access) }
        let isPipe = mayBePipe && (try? path.stat().type) == .fifo
        let descriptor = try FileDescriptor.open(
            path, .readOnly, options: isPipe ? [.closeOnExec] : [.closeOnExec, .nonBlocking])
        do {
            let status = try descriptor.stat()
            // A device such as `/dev/null` is open to all users, and a pipe of the shell is that of the caller.
            if status.type == .regular || status.type == .fifo && isNamed(path) {
                try check(path, trust(of: status, access, isReadOnly: descriptor.isOnReadOnlyMount))
            }
            try checkFolders(holding: path, access)
            return descriptor
        } catch {
            try? descriptor.close()
            throw error
        }
    }

    /// Checks a folder of which every file counts, and the folders that hold it and the symbolic links on the way to it.
    ///
    /// - Throws: ``UntrustedFile`` if other users can change what is in the folder, or put another in its place.
    static func checkFolder(_ folder: FilePath, _ access: FileAccess) throws {
        try check(folder, trust(of: folder.stat(), access, isReadOnly: folder.isOnReadOnlyMount))
        try checkFolders(holding: folder, access)
    }

    private static func checkFolders(holding path: FilePath, _ access: FileAccess) throws {
        for entry in entries(of: path) where exists(entry) { try checkFolder(holding: entry, access) }
    }

    /// Whether a file of the file system has this name. A pipe of the shell is the end of a link to a name that no file
    /// has: `/dev/fd/63` leads to `pipe:[1234]`.
    private static func isNamed(_ path: FilePath) -> Bool { entries(of: path).last.map(exists) ?? false }

    private static func exists(_ entry: FilePath) -> Bool { (try? entry.stat(followTargetSymlink: false)) != nil }

    /// Checks the folder of one file that counts, or of a link that leads to it. In a sticky folder, such as `/tmp`, other
    /// users can add files, but cannot replace one that is not theirs.
    private static func checkFolder(holding entry: FilePath, _ access: FileAccess) throws {
        let folder = entry.folder
        let status = try folder.stat()
        let owner = try entry.stat(followTargetSymlink: false).userID
        let trusted = [0, RunningProcess.user, status.userID.rawValue]
        guard status.permissions.contains(.saveText), trusted.contains(owner.rawValue) else {
            return try check(folder, trust(of: status, access, isReadOnly: folder.isOnReadOnlyMount))
        }
        let others: FilePermissions = [.groupWrite, .otherWrite]
        try check(
            folder,
            FileTrust(
                owner: status.userID.rawValue, permissions: status.permissions.subtracting(others),
                owners: access.owners, user: RunningProcess.user, isReadOnly: folder.isOnReadOnlyMount))
    }

    /// The files and folders among these, and the folders that hold them, whose group can change them.
    package static func warnings(about paths: [FilePath]) -> [Problem] {
        var seen: Set<FilePath> = []
        let all = paths.flatMap { [$0] + entries(of: $0).map(\.folder) }.filter { seen.insert($0).inserted }
        return all.compactMap { path in
            guard let status = try? path.stat(), status.type == .regular || status.type == .directory,
                trust(of: status, .service, isReadOnly: path.isOnReadOnlyMount) == .groupWritable
            else { return nil }
            return Problem(
                .file(path.string, line: nil), "can be changed by its group (\(status.groupID.rawValue))",
                hint: "chmod g-w \(path), unless every member may decide what Writ does")
        }
    }

    private static func trust(
        of status: Stat, _ access: FileAccess, isReadOnly: @autoclosure () -> Bool
    ) -> FileTrust {
        FileTrust(
            owner: status.userID.rawValue, permissions: status.permissions, owners: access.owners,
            user: RunningProcess.user, isReadOnly: isReadOnly())
    }

    private static func check(_ path: FilePath, _ trust: FileTrust) throws {
        if let refusal = UntrustedFile(path, trust, user: RunningProcess.user) { throw refusal }
    }

    /// The file, or the symbolic links on the way to it and the file at their end.
    private static func entries(of path: FilePath) -> [FilePath] {
        var path = path
        var entries: [FilePath] = []
        // The kernel follows forty links at most.
        for _ in 0..<40 {
            entries.append(path)
            guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path.string) else { break }
            path = path.folder.pushing(FilePath(target))
        }
        return entries
    }
}

extension FilePath {
    /// Whether it is on a mount that this process cannot write to. A file that cannot be opened counts as writable.
    var isOnReadOnlyMount: Bool {
        guard let descriptor = try? FileDescriptor.open(self, .readOnly, options: [.closeOnExec, .nonBlocking]) else {
            return false
        }
        defer { try? descriptor.close() }
        return descriptor.isOnReadOnlyMount
    }

    /// The folder that holds the file at this path.
    ///
    /// The text in front of the last `/`. In a debug build `removingLastComponent()` compares each component with the whole path.
    var folder: FilePath {
        guard let text = String(validating: self), let separator = text.utf8.lastIndex(of: UInt8(ascii: "/")) else {
            let folder = removingLastComponent()
            return folder.isEmpty ? "." : folder
        }
        return separator == text.startIndex ? "/" : FilePath(String(text[..<separator]))
    }
}
