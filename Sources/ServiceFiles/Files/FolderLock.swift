import SystemPackage

/// Keeps other `writ` processes from changing files in the same folder while `body` runs.
///
/// The lock is on a file that stays in the folder: on a network file system, a file that is open for writing can be
/// locked across hosts, a folder cannot. The system releases the lock of a process that ends.
enum FolderLock {
    static let fileName = ".writ-lock"

    static func hold<Result>(on folder: FilePath, _ body: () throws -> Result) throws -> Result {
        let path = folder.appending(fileName)
        while true {
            let descriptor = try open(path, in: folder)
            let result = try descriptor.closeAfter { () throws -> Result? in
                try descriptor.lock()
                // The file may have been removed meanwhile, and another process may have locked a new one.
                guard try descriptor.stat().inode == (try? path.stat(followTargetSymlink: false).inode) else {
                    return nil
                }
                return try body()
            }
            if let result { return result }
        }
    }

    /// Opens the lock file. If there is none, creates it, with access for every user that may write to the folder.
    private static func open(_ path: FilePath, in folder: FilePath) throws -> FileDescriptor {
        do {
            return try FileDescriptor.open(path, .readWrite, options: [.closeOnExec, .noFollow])
        } catch Errno.noSuchFileOrDirectory {
            let descriptor: FileDescriptor
            do {
                descriptor = try FileDescriptor.open(
                    path, .readWrite, options: [.create, .exclusiveCreate, .closeOnExec, .noFollow],
                    permissions: .ownerReadWrite)
            } catch Errno.fileExists {
                return try FileDescriptor.open(path, .readWrite, options: [.closeOnExec, .noFollow])
            }
            // Only for a file that was just created: root must not give away a file that another user has put there.
            let status = try folder.stat()
            descriptor.giveAway(to: RunningProcess.isRoot ? status.userID.rawValue : nil, status.groupID.rawValue)
            try? descriptor.setPermissions(FilePermissions(rawValue: status.permissions.rawValue & 0o666))
            return descriptor
        }
    }
}
