import Foundation
import SystemPackage

extension KeysFolder {
    /// Runs `body` while no other command changes the folder; makes the folder, for its owner alone, where there is none.
    func locked<Result>(_ body: () throws -> Result) throws -> Result {
        try FileError.naming(path) {
            try FileManager.default.createDirectory(
                atPath: path.string, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
        return try lockedAsItIs(body)
    }

    /// The same, for a folder that must be there.
    func lockedAsItIs<Result>(_ body: () throws -> Result) throws -> Result {
        try FileError.naming(path) {
            try FolderLock.hold(on: path) {
                DurableFile.removeDrafts(in: path)
                return try body()
            }
        }
    }

    /// Whether there is anything of this name.
    package var exists: Bool { (try? path.stat(followTargetSymlink: false)) != nil }

    /// Whether the system would let us write into the folder, or make it. Nothing is written.
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

    /// Writes a file into the folder and takes it away again.
    ///
    /// - Throws: where that does not work: a mounted Secret, a folder of somebody else's.
    package func checkWritable() throws {
        try locked { try FileError.naming(path) { try DurableFile(path: path.appending("x")).probe() } }
    }
}
