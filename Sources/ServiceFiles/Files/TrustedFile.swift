import Foundation
package import SystemPackage

/// The one place that opens what decides something: configuration, clients, keys, passphrase, TLS files.
package enum TrustedFile {
    /// Opens a file to read it. What is no regular file, such as a pipe of the shell, is opened without a check.
    ///
    /// - Parameter mayBePipe: whether to wait for the writer of a pipe.
    /// - Throws: ``UntrustedFile`` if other users can change the file, a folder that holds it, or a folder that holds a
    ///   symbolic link on the way to it.
    static func open(_ path: FilePath, _ access: FileAccess, mayBePipe: Bool = false) throws -> FileDescriptor {
        let isPipe = mayBePipe && (try? path.stat().type) == .fifo
        let descriptor = try FileDescriptor.open(
            path, .readOnly, options: isPipe ? [.closeOnExec] : [.closeOnExec, .nonBlocking])
        do {
            let status = try descriptor.stat()
            if status.type == .regular {
                try check(path, trust(of: status, access, isReadOnly: descriptor.isOnReadOnlyMount))
                for folder in folders(of: path) { try checkFolder(folder, access) }
            }
            return descriptor
        } catch {
            try? descriptor.close()
            throw error
        }
    }

    /// - Throws: ``UntrustedFile`` if other users can change what is in the folder.
    static func checkFolder(_ folder: FilePath, _ access: FileAccess) throws {
        try check(folder, trust(of: folder.stat(), access, isReadOnly: folder.isOnReadOnlyMount))
    }

    /// The files and folders among these, and the folders that hold them, whose group can change them.
    package static func warnings(about paths: [FilePath]) -> [Problem] {
        var seen: Set<FilePath> = []
        let all = paths.flatMap { [$0] + folders(of: $0) }.filter { seen.insert($0).inserted }
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

    /// The folder that holds the file, and those that hold what its symbolic links lead to.
    private static func folders(of path: FilePath) -> [FilePath] {
        var path = path
        var folders: [FilePath] = []
        // The kernel follows forty links at most.
        for _ in 0..<40 {
            folders.append(path.folder)
            guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path.string) else { break }
            path = path.folder.pushing(FilePath(target))
        }
        return folders
    }
}

extension FilePath {
    /// Whether it is on a mount that this process cannot write to. A file that cannot be opened counts as writable.
    fileprivate var isOnReadOnlyMount: Bool {
        guard let descriptor = try? FileDescriptor.open(self, .readOnly, options: [.closeOnExec, .nonBlocking]) else {
            return false
        }
        defer { try? descriptor.close() }
        return descriptor.isOnReadOnlyMount
    }

    /// The folder that holds the file at this path.
    var folder: FilePath {
        let folder = removingLastComponent()
        return folder.isEmpty ? "." : folder
    }
}
