import SystemPackage

/// Keeps other `writ` commands from editing files in the same folder, for as long as `body` runs.
///
/// The lock is on a file that stays in the folder: a file that is open for writing can be locked across hosts on a
/// network file system, a folder cannot. A process that dies leaves no lock behind.
enum FolderLock {
    static let fileName = ".writ-lock"

    static func hold<Result>(on folder: FilePath, _ body: () throws -> Result) throws -> Result {
        let path = folder.appending(fileName)
        while true {
            let descriptor = try open(path, in: folder)
            let result = try descriptor.closeAfter { () throws -> Result? in
                try descriptor.lock()
                // Somebody may have removed the file meanwhile, and another process locked a new one.
                guard try descriptor.stat().inode == (try? path.stat(followTargetSymlink: false).inode) else {
                    return nil
                }
                return try body()
            }
            if let result { return result }
        }
    }

    /// Opens the file, and makes it where there is none: for everybody who may write in the folder.
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
            // Only what was just made: root must not give away what somebody has put there.
            let status = try folder.stat()
            descriptor.giveAway(to: RunningProcess.isRoot ? status.userID.rawValue : nil, status.groupID.rawValue)
            try? descriptor.setPermissions(FilePermissions(rawValue: status.permissions.rawValue & 0o666))
            return descriptor
        }
    }
}
