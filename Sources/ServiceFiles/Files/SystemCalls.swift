import Glibc
import Libcrypto
package import SystemPackage

// System calls that swift-system does not have, or that behave differently there.

extension FilePath {
    /// Renames the file at this path and replaces any file that has the new name: rename(2).
    ///
    /// Foundation's call does not replace files.
    func rename(to name: FilePath) throws(Errno) {
        guard unsafe Glibc.rename(string, name.string) == 0 else { throw Errno.last }
    }

    /// Gives the file at this path a second name: link(2).
    ///
    /// - Throws: `Errno.fileExists` if a file has that name.
    func link(to name: FilePath) throws(Errno) {
        guard unsafe Glibc.link(string, name.string) == 0 else { throw Errno.last }
    }

    /// Renames the file at this path if no file has the new name: renameat2(2) with RENAME_NOREPLACE.
    ///
    /// - Throws: `Errno.fileExists` if a file has that name, `Errno.invalidArgument` if the file system cannot do it.
    func renameWithoutReplacing(to name: FilePath) throws(Errno) {
        let error = ExclusiveRename.rename(string, to: name.string)
        guard error == 0 else { throw Errno(rawValue: error) }
    }

    /// Removes the name of a file: unlink(2).
    func unlink() throws(Errno) {
        guard unsafe Glibc.unlink(string) == 0 else { throw Errno.last }
    }

    /// Creates the folder, and the folders above it, if there are none: mkdir(2).
    ///
    /// Foundation's call creates a folder with access for every user, and takes that away afterwards.
    ///
    /// - Parameter permissions: those of the folder. Folders above it are open to all users for reading.
    func createFolder(_ permissions: FilePermissions) throws(Errno) {
        if (try? stat().type) == .directory { return }
        let above = removingLastComponent()
        if !above.isEmpty, above != self {
            try above.createFolder([.ownerReadWriteExecute, .groupReadExecute, .otherReadExecute])
        }
        guard unsafe mkdir(string, permissions.rawValue) != 0 else { return }
        let error = Errno.last
        // Another process may have created it meanwhile.
        guard error == .fileExists, (try? stat().type) == .directory else { throw error }
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

    /// Runs `body` while the terminal does not show what is typed: tcsetattr(3). A file that is no terminal stays as it is.
    ///
    /// A signal that ends the process lets the terminal show again first. The process cannot be stopped (Ctrl-Z) meanwhile.
    package func withoutEcho<Result>(_ body: () -> Result) -> Result {
        var shown = termios()
        guard unsafe tcgetattr(rawValue, &shown) == 0 else { return body() }
        var hidden = shown
        hidden.c_lflag &= ~tcflag_t(ECHO)
        unsafe shownTerminal = (rawValue, shown)
        let former = [SIGINT, SIGTERM, SIGHUP, SIGQUIT].map { number in
            let former = signal(number) { number in
                _ = unsafe tcsetattr(shownTerminal.descriptor, TCSADRAIN, &shownTerminal.state)
                // It is delivered when this returns.
                _ = signal(number, SIG_DFL)
                _ = raise(number)
            }
            // Such as SIGHUP below nohup.
            if unsafe unsafeBitCast(former, to: UInt.self) == unsafeBitCast(SIG_IGN, to: UInt.self) {
                _ = signal(number, SIG_IGN)
            }
            return (number, former)
        }
        let stop = signal(SIGTSTP, SIG_IGN)
        _ = unsafe tcsetattr(rawValue, TCSADRAIN, &hidden)
        defer {
            _ = unsafe tcsetattr(rawValue, TCSADRAIN, &shown)
            _ = signal(SIGTSTP, stop)
            for (number, handler) in former { _ = signal(number, handler) }
        }
        return body()
    }

    /// Acquires the lock of this file if no other process holds it: flock(2). Closing the file releases it.
    func tryLock() throws(Errno) -> Bool {
        while flock(rawValue, LOCK_EX | LOCK_NB) != 0 {
            let error = Errno.last
            if error == .wouldBlock || error == .resourceTemporarilyUnavailable { return false }
            guard error == .interrupted else { throw error }
        }
        return true
    }

    /// Whether the file is on a mount that this process cannot write to: fstatvfs(3).
    var isOnReadOnlyMount: Bool {
        var status = statvfs()
        return unsafe fstatvfs(rawValue, &status) == 0 && status.f_flag & UInt(ST_RDONLY) != 0
    }
}

extension Errno {
    /// The error of the last system call of this thread that failed: errno(3).
    static var last: Errno { Errno(rawValue: errno) }
}

/// The terminal that does not show what is typed, and its state before. A handler of a signal can read only globals, and the
/// handlers are set after this.
nonisolated(unsafe) private var shownTerminal = (descriptor: CInt(-1), state: termios())
