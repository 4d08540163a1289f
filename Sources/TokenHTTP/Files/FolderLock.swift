import Glibc
import SystemPackage

/// Keeps other `writ` commands from editing files in the same folder, for as long as `body` runs.
///
/// The lock is on a file that stays in the folder: a file that is open for writing can be locked across hosts on a
/// network file system, a folder cannot. A process that dies leaves no lock behind.
enum FolderLock {
    static let fileName = ".writ-lock"

    static func hold<Result>(on folder: FilePath, _ body: () throws -> Result) throws -> Result {
        let descriptor = try FileDescriptor.open(
            folder.appending(fileName), .readWrite, options: [.create, .closeOnExec, .noFollow],
            permissions: .ownerReadWrite)
        return try descriptor.closeAfter {
            share(descriptor, like: try folder.stat())
            while flock(descriptor.rawValue, LOCK_EX) != 0 {
                guard errno == EINTR else { throw Errno(rawValue: errno) }
            }
            return try body()
        }
    }

    /// Whoever may edit the folder must be able to lock it. The file's owner sees to that; for others it is done.
    private static func share(_ descriptor: FileDescriptor, like folder: Stat) {
        if geteuid() == 0 { _ = fchown(descriptor.rawValue, folder.userID.rawValue, folder.groupID.rawValue) }
        _ = fchmod(descriptor.rawValue, folder.permissions.rawValue & 0o666)
    }
}
