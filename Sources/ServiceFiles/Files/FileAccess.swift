/// How this program treats the files of the service: whose files it accepts, and how long it waits for a lock.
package struct FileAccess: Sendable {
    /// The users whose files may decide something.
    let owners: FileOwners
    /// How long to wait for another process that changes a folder.
    let lockPatience: LockPatience

    /// A running service: only root's files and its own. It does not wait for locks: what is locked is retried later.
    package static let service = FileAccess(owners: .rootAndOwn, lockPatience: LockPatience(limit: .zero))

    /// A service that makes its first keys: another replica may be about to make them.
    package static let start = FileAccess(owners: .rootAndOwn, lockPatience: LockPatience(limit: .seconds(5)))

    /// A service that revokes for a client: a command may be about to write the same file.
    package static let revocation = FileAccess(owners: .rootAndOwn, lockPatience: LockPatience(limit: .seconds(5)))

    /// A command, which an operator may run as root for a service of another user.
    ///
    /// - Parameter report: called once with the name of the process that it waits for, and of the lock file, if the command
    ///   waits for more than a second.
    package static func command(_ report: @escaping @Sendable (String) -> Void = { _ in }) -> FileAccess {
        FileAccess(owners: .any, lockPatience: LockPatience(limit: .seconds(30), report: report))
    }
}

/// The users whose files may decide something.
enum FileOwners {
    /// Root, and the user that this program runs as.
    case rootAndOwn
    case any
}

/// How long to wait for the lock of a folder.
struct LockPatience: Sendable {
    /// The wait ends with an error after this time; zero to try once.
    let limit: Duration
    /// Called with what is waited for when the wait has lasted for a second.
    var report: @Sendable (String) -> Void = { _ in }

    /// How long the wait may last before it is reported.
    static let silence: Duration = .seconds(1)
}
