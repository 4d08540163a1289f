import Glibc
import SystemPackage

// What swift-system has no call for, or none that does the same.

extension FilePath {
    /// Gives the file at this path another name, in place of any file that has it: rename(2).
    ///
    /// Foundation's call does not replace.
    func rename(to name: FilePath) throws(Errno) {
        guard unsafe Glibc.rename(string, name.string) == 0 else { throw Errno.last }
    }
}

extension FileDescriptor {
    /// Waits until the disk holds what was written: fsync(2).
    func synchronize() throws(Errno) {
        guard fsync(rawValue) == 0 else { throw Errno.last }
    }

    /// fchmod(2)
    func setPermissions(_ permissions: FilePermissions) throws(Errno) {
        guard fchmod(rawValue, permissions.rawValue) == 0 else { throw Errno.last }
    }

    /// Gives the file to another user or group, as far as the system allows that to this process: fchown(2).
    ///
    /// - Parameter user: `nil` leaves the user as it is.
    func giveAway(to user: uid_t?, _ group: gid_t) {
        _ = fchown(rawValue, user ?? .max, group)
    }

    /// Waits until no other process holds the lock of this file, and takes it: flock(2). Closing the file releases it.
    func lock() throws(Errno) {
        while flock(rawValue, LOCK_EX) != 0 {
            guard Errno.last == .interrupted else { throw Errno.last }
        }
    }
}

extension Errno {
    /// Why the last system call of this thread failed.
    static var last: Errno { Errno(rawValue: errno) }
}
