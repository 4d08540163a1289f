import Foundation
import SystemPackage

extension KeysFolder {
    /// Runs `body` while no other process changes the folder. Creates the folder, with access for its owner only, if it
    /// does not exist.
    func locked<Result>(_ body: () throws -> Result) throws -> Result {
        try FileError.naming(path) {
            try path.createFolder(.ownerReadWriteExecute)
        }
        return try lockedAsItIs(body)
    }

    /// The same, for a folder that must exist.
    func lockedAsItIs<Result>(_ body: () throws -> Result) throws -> Result {
        try FileError.naming(path) {
            try FolderLock.hold(on: path, access.lockPatience) {
                DurableFile.removeDrafts(in: path)
                return try body()
            }
        }
    }

    /// Whether a file or folder has this path.
    package var exists: Bool { (try? path.stat(followTargetSymlink: false)) != nil }

    /// Whether this process may write to the folder, or may create it. Nothing is written.
    package var canBeWritten: Bool {
        var folder = path
        while (try? folder.stat(followTargetSymlink: false)) == nil {
            folder.removeLastComponent()
            if folder.isEmpty { folder = "." }
        }
        let files = FileManager.default
        return (try? folder.stat().type) == .directory && files.isReadableFile(atPath: folder.string)
            && files.isWritableFile(atPath: folder.string) && files.isExecutableFile(atPath: folder.string)
    }

    /// Checks that a file can be written to the folder, and removes it again.
    ///
    /// - Throws: ``FileError`` if it cannot, for example if the folder is a mounted Secret or belongs to another user.
    package func checkWritable() throws {
        try locked { try FileError.naming(path) { try DurableFile(path: path.appending("x")).probe() } }
    }
}
