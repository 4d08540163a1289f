import Foundation
package import SystemPackage

/// Keeps other `writ` processes from changing files in the same folder while `body` runs.
///
/// The lock is on a file that stays in the folder: on a network file system, a file that is open for writing can be
/// locked across hosts, a folder cannot. The system releases the lock of a process that ends.
enum FolderLock {
    static let fileName = ".writ-lock"

    /// How long to sleep between two attempts.
    private static let pause: Duration = .milliseconds(20)

    private enum Attempt<Result> {
        case done(Result)
        /// The file was removed meanwhile, and another process may have locked a new one.
        case replaced
    }

    /// - Throws: ``FolderLockError`` if another process holds the lock for longer than the patience allows.
    static func hold<Result>(
        on folder: FilePath, _ patience: LockPatience, _ body: () throws -> Result
    ) throws -> Result {
        let path = folder.appending(fileName)
        var wait = Wait(path, patience)
        while true {
            if case .done(let result) = try attempt(path, in: folder, &wait, body) { return result }
        }
    }

    private static func attempt<Result>(
        _ path: FilePath, in folder: FilePath, _ wait: inout Wait, _ body: () throws -> Result
    ) throws -> Attempt<Result> {
        let descriptor = try open(path, in: folder)
        return try descriptor.closeAfter {
            var isHeld = try descriptor.tryLock()
            while try descriptor.stat().inode == (try? path.stat(followTargetSymlink: false).inode) {
                if isHeld { return .done(try body()) }
                try wait.pause()
                isHeld = try descriptor.tryLock()
            }
            return .replaced
        }
    }

    /// The wait for another process.
    private struct Wait {
        private let path: FilePath
        private let patience: LockPatience
        private let start = ContinuousClock.now
        private var isReported = false

        init(_ path: FilePath, _ patience: LockPatience) {
            self.path = path
            self.patience = patience
        }

        /// Sleeps until the next attempt.
        ///
        /// - Throws: ``FolderLockError`` when the patience has ended.
        mutating func pause() throws {
            let waited = start.duration(to: .now)
            guard waited < patience.limit else { throw FolderLockError(path: path, limit: patience.limit) }
            if !isReported, waited >= LockPatience.silence {
                patience.report(path)
                isReported = true
            }
            Thread.sleep(forTimeInterval: FolderLock.pause / .seconds(1))
        }
    }

    /// Opens the lock file. If there is none, creates it, with access for its owner, and for the group if the group may
    /// write to the folder: any user that can open the file can keep a command waiting.
    private static func open(_ path: FilePath, in folder: FilePath) throws -> FileDescriptor {
        do {
            return try openExisting(path)
        } catch Errno.noSuchFileOrDirectory {
            let descriptor: FileDescriptor
            do {
                descriptor = try FileDescriptor.open(
                    path, .readWrite, options: [.create, .exclusiveCreate, .closeOnExec, .noFollow],
                    permissions: .ownerReadWrite)
            } catch Errno.fileExists {
                return try openExisting(path)
            }
            // Only for a file that was just created: root must not give away a file that another user has put there.
            let status = try folder.stat()
            descriptor.giveAway(to: RunningProcess.isRoot ? status.userID.rawValue : nil, status.groupID.rawValue)
            let isShared = status.permissions.contains(.groupWrite)
            try? descriptor.setPermissions(isShared ? [.ownerReadWrite, .groupReadWrite] : .ownerReadWrite)
            return descriptor
        }
    }

    private static func openExisting(_ path: FilePath) throws -> FileDescriptor {
        let descriptor = try FileDescriptor.open(path, .readWrite, options: [.closeOnExec, .noFollow, .nonBlocking])
        // Earlier versions let every user open it.
        if let status = try? descriptor.stat(), status.userID.rawValue == RunningProcess.user,
            status.type == .regular, !status.permissions.isDisjoint(with: .otherReadWriteExecute)
        {
            try? descriptor.setPermissions(status.permissions.subtracting(.otherReadWriteExecute))
        }
        return descriptor
    }
}

/// Another `writ` process keeps a folder locked. Nothing was changed.
package struct FolderLockError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The lock file.
    package let path: FilePath
    /// How long this process has waited.
    let limit: Duration

    /// A human-readable description.
    package var description: String {
        let wait = limit > .zero ? ", for \(DurationText.format(limit)) already" : ""
        return "another writ command holds \(path)\(wait); nothing was changed"
    }

    /// What the operator can do about it.
    package var hint: String { "`fuser \(path)` says which process; end it, or try again when it is done" }
}
