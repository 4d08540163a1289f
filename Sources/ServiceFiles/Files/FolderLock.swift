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

    /// - Throws: ``FolderLockError`` if another process holds the lock for longer than the patience allows, or if the lock
    ///   file is another user's, who could hold it for ever.
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
            guard waited < patience.limit else {
                throw FolderLockError(path: path, cause: .held(by: holder, limit: patience.limit))
            }
            if !isReported, waited >= LockPatience.silence {
                patience.report(FolderLockError.name(of: holder, path))
                isReported = true
            }
            Thread.sleep(forTimeInterval: FolderLock.pause / .seconds(1))
        }

        private var holder: LockHolder? {
            (try? path.stat(followTargetSymlink: false)).flatMap { LockHolder(ofFileWith: UInt64($0.inode.rawValue)) }
        }
    }

    /// Opens the lock file, or creates it if there is none.
    private static func open(_ path: FilePath, in folder: FilePath) throws -> FileDescriptor {
        do {
            return try openExisting(path, in: folder)
        } catch Errno.noSuchFileOrDirectory {
            let descriptor: FileDescriptor
            do {
                descriptor = try FileDescriptor.open(
                    path, .readWrite, options: [.create, .exclusiveCreate, .closeOnExec, .noFollow],
                    permissions: .ownerReadWrite)
            } catch Errno.fileExists {
                return try openExisting(path, in: folder)
            }
            // Only for a file that was just created: root must not give away a file that another user has put there.
            let status = try folder.stat()
            descriptor.giveAway(to: RunningProcess.isRoot ? status.userID.rawValue : nil, status.groupID.rawValue)
            try? descriptor.setPermissions(permissions(in: status))
            return descriptor
        }
    }

    private static func openExisting(_ path: FilePath, in folder: FilePath) throws -> FileDescriptor {
        let descriptor = try FileDescriptor.open(path, .readWrite, options: [.closeOnExec, .noFollow, .nonBlocking])
        do {
            let status = try folder.stat()
            try check(descriptor.stat(), path, in: status)
            try closeToOthers(descriptor, in: status)
        } catch {
            try? descriptor.close()
            throw error
        }
        return descriptor
    }

    /// The lock is open to its owner, and to the group if the group may write to the folder: any user that can open the
    /// file can keep a command waiting.
    private static func permissions(in folder: Stat) -> FilePermissions {
        folder.permissions.contains(.groupWrite) ? [.ownerReadWrite, .groupReadWrite] : .ownerReadWrite
    }

    /// In a folder such as `/tmp` every user can put a lock file there first. It must belong to root, to this user or to the
    /// owner of the folder, or to the group that may write to the folder.
    private static func check(_ status: Stat, _ path: FilePath, in folder: Stat) throws {
        let trusted = [0, RunningProcess.user, folder.userID.rawValue]
        let isOfGroup = folder.permissions.contains(.groupWrite) && status.groupID == folder.groupID
        guard !trusted.contains(status.userID.rawValue), !isOfGroup else { return }
        throw FolderLockError(path: path, cause: .foreign(owner: status.userID.rawValue))
    }

    /// Earlier versions let every user open the lock file. Root does not change a file that has another name elsewhere.
    private static func closeToOthers(_ descriptor: FileDescriptor, in folder: Stat) throws {
        let status = try descriptor.stat()
        let isOwn = status.userID.rawValue == RunningProcess.user || RunningProcess.isRoot && status.linkCount == 1
        let permissions = permissions(in: folder)
        guard isOwn, status.type == .regular, !status.permissions.isSubset(of: permissions) else { return }
        try? descriptor.setPermissions(status.permissions.intersection(permissions))
    }
}

/// A folder cannot be locked. Nothing was changed.
package struct FolderLockError: Error, Sendable, Equatable, CustomStringConvertible {
    enum Cause: Sendable, Equatable {
        /// Another process holds the lock, and this process has waited for the limit.
        case held(by: LockHolder?, limit: Duration)
        /// The lock file belongs to a user who is neither root, nor that of this process or of the folder.
        case foreign(owner: UInt32)
    }

    /// The lock file.
    package let path: FilePath
    let cause: Cause

    /// A human-readable description.
    package var description: String {
        switch cause {
        case .held(let holder, let limit):
            let wait = limit > .zero ? ", for \(DurationText.format(limit)) already" : ""
            return "\(Self.name(of: holder, path)) holds the lock\(wait); nothing was changed"
        case .foreign(let owner):
            return "\(path) belongs to user \(owner), who could hold it for ever; nothing was changed"
        }
    }

    /// Names the process that holds a lock file, and the file.
    static func name(of holder: LockHolder?, _ path: FilePath) -> String {
        "another writ command (\(holder.map { "process \($0.process), " } ?? "")\(path))"
    }

    /// What the operator can do about it.
    package var hint: String {
        switch cause {
        case .held(nil, _): "`fuser \(path)` says which process; end it, or try again when it is done"
        case .held(let holder?, _): "`ps \(holder.process)` shows it; end it, or try again when it is done"
        case .foreign: "remove it, and put the files into a folder that no other user can write to"
        }
    }
}
