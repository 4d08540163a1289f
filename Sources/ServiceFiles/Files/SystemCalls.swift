import Glibc
package import SystemPackage

// System calls that swift-system does not have, or that behave differently there.

extension FilePath {
    /// Renames the file at this path and replaces any file that has the new name: rename(2).
    ///
    /// Foundation's call does not replace files.
    func rename(to name: FilePath) throws(Errno) {
        guard unsafe Glibc.rename(string, name.string) == 0 else { throw Errno.last }
    }
}

extension FileDescriptor {
    /// Writes octets of the range, as many as the file takes at once: write(2).
    ///
    /// - Returns: how many were written.
    package func writeOnce(_ octets: [UInt8], _ range: Range<Int>) throws(Errno) -> Int {
        while true {
            let count = unsafe octets.withUnsafeBytes { octets in
                let part = unsafe UnsafeRawBufferPointer(rebasing: octets[range])
                return unsafe Glibc.write(rawValue, part.baseAddress, part.count)
            }
            if count >= 0 { return count }
            guard Errno.last == .interrupted else { throw Errno.last }
        }
    }

    /// Waits until the disk holds what was written: fsync(2).
    func synchronize() throws(Errno) {
        guard fsync(rawValue) == 0 else { throw Errno.last }
    }

    /// fchmod(2)
    func setPermissions(_ permissions: FilePermissions) throws(Errno) {
        guard fchmod(rawValue, permissions.rawValue) == 0 else { throw Errno.last }
    }

    /// Changes the owner and the group of the file, if the system allows that to this process: fchown(2). A failure is
    /// ignored.
    ///
    /// - Parameter user: `nil` leaves the user as it is.
    func giveAway(to user: uid_t?, _ group: gid_t) {
        _ = fchown(rawValue, user ?? .max, group)
    }

    /// Waits until no other process holds the lock of this file, then acquires it: flock(2). Closing the file releases
    /// it.
    func lock() throws(Errno) {
        while flock(rawValue, LOCK_EX) != 0 {
            guard Errno.last == .interrupted else { throw Errno.last }
        }
    }
}

extension Errno {
    /// The error of the last system call of this thread that failed: errno(3).
    static var last: Errno { Errno(rawValue: errno) }
}
