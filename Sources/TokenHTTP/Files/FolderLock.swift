import Glibc
import SystemPackage

/// Keeps other `writ` commands from editing files in the same folder, for as long as `body` runs.
///
/// The lock is on the open folder, so that a process that dies leaves none behind.
enum FolderLock {
    static func hold<Result>(on folder: FilePath, _ body: () throws -> Result) throws -> Result {
        let descriptor = try FileDescriptor.open(folder, .readOnly, options: [.directory, .closeOnExec])
        return try descriptor.closeAfter {
            guard flock(descriptor.rawValue, LOCK_EX) == 0 else { throw Errno(rawValue: errno) }
            return try body()
        }
    }
}
