import Foundation
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

@Suite struct FolderLockTests {
    private let folder: TemporaryFolder
    private var path: FilePath { FilePath(folder.path("")) }
    private var lockFile: FilePath { path.appending(FolderLock.fileName) }

    init() throws { folder = try TemporaryFolder() }

    private final class Reports: Sendable {
        let names = Mutex<[String]>([])
    }

    @Test("A held lock is an error that names the file, after the time that the patience allows")
    func aHeldLockIsAnError() throws {
        try FolderLock.hold(on: path, LockPatience(limit: .zero)) {
            for limit in [Duration.zero, .milliseconds(60)] {
                let start = ContinuousClock.now
                let error = #expect(throws: FolderLockError.self) {
                    try FolderLock.hold(on: path, LockPatience(limit: limit)) {}
                }
                #expect(error?.path == lockFile)
                // This process holds it.
                #expect(error?.description.contains("(process \(getpid()), \(lockFile)) holds the lock") == true)
                #expect(start.duration(to: .now) >= limit)
            }
        }
        try FolderLock.hold(on: path, LockPatience(limit: .zero)) {}
    }

    @Test("A wait of more than a second is reported once, with the process and the file")
    func aLongWaitIsReported() throws {
        let reports = Reports()
        let patience = LockPatience(limit: .milliseconds(1100)) { name in reports.names.withLock { $0.append(name) } }
        try FolderLock.hold(on: path, LockPatience(limit: .zero)) {
            _ = #expect(throws: FolderLockError.self) { try FolderLock.hold(on: path, patience) {} }
        }
        #expect(reports.names.withLock { $0 } == ["another writ command (process \(getpid()), \(lockFile))"])
        try FolderLock.hold(on: path, patience) {}
        #expect(reports.names.withLock { $0 }.count == 1)
    }

    @Test("The holder of a lock is the process of the line with the file's inode, if the system names one")
    func holders() {
        let table = """
            1: POSIX  ADVISORY  WRITE 17 fe:00:42 0 EOF
            2: FLOCK  ADVISORY  WRITE 18 fe:00:421 0 EOF
            2: -> FLOCK  ADVISORY  WRITE 19 fe:00:42 0 EOF
            3: FLOCK  ADVISORY  WRITE 20 fe:00:42 0 EOF
            4: FLOCK  ADVISORY  WRITE 0 fe:00:43 0 EOF
            5: FLOCK  ADVISORY  WRITE -1 fe:00:44 0 EOF
            6: FLOCK
            """
        #expect(LockHolder(ofFileWith: 42, in: table)?.process == 20)
        for inode in [UInt64(43), 44, 45] { #expect(LockHolder(ofFileWith: inode, in: table) == nil) }
        #expect(LockHolder(ofFileWith: 42, in: "") == nil)
    }

    @Test("A service and its rotation do not wait for a lock, and a command waits for half a minute")
    func whoWaitsForHowLong() {
        #expect(FileAccess.service.lockPatience.limit == .zero)
        #expect(FileAccess.command().lockPatience.limit == .seconds(30))
    }

    @Test(
        "Only users that may write to the folder can open its lock file",
        arguments: [(0o755, 0o600), (0o700, 0o600), (0o777, 0o660), (0o770, 0o660)])
    func theLockFileIsClosedToOthers(folderMode: Int, expected: Int) throws {
        try FileManager.default.setAttributes([.posixPermissions: folderMode], ofItemAtPath: folder.path(""))
        try FolderLock.hold(on: path, LockPatience(limit: .zero)) {}
        #expect(try lockFile.stat().permissions.rawValue == CInterop.Mode(expected))
    }

    @Test(
        "A lock file that others can open, as earlier versions made it, is closed to them",
        arguments: [(0o755, 0o644, 0o600), (0o770, 0o664, 0o660), (0o755, 0o600, 0o600)])
    func anOpenLockFileIsClosed(folderMode: Int, mode: Int, expected: CInterop.Mode) throws {
        try folder.write("", to: FolderLock.fileName, permissions: mode)
        try FileManager.default.setAttributes([.posixPermissions: folderMode], ofItemAtPath: folder.path(""))
        try FolderLock.hold(on: path, LockPatience(limit: .zero)) {}
        #expect(try lockFile.stat().permissions.rawValue == expected)
    }

    @Test(
        "In a folder that every user can write to, a lock file of another user is refused and not waited for",
        .enabled(if: getuid() == 0))
    func aForeignLockFileIsRefused() throws {
        let files = FileManager.default
        try folder.write("", to: FolderLock.fileName, permissions: 0o666)
        try files.setAttributes([.posixPermissions: 0o1777], ofItemAtPath: folder.path(""))
        try files.setAttributes(
            [.ownerAccountID: 65534, .groupOwnerAccountID: 65534], ofItemAtPath: folder.path(FolderLock.fileName))
        let error = #expect(throws: FolderLockError.self) {
            try FolderLock.hold(on: path, LockPatience(limit: .zero)) {}
        }
        #expect(error?.cause == .foreign(owner: 65534))
        // In a group's own folder each member may make the lock file.
        try files.setAttributes([.posixPermissions: 0o770, .groupOwnerAccountID: 65534], ofItemAtPath: folder.path(""))
        try FolderLock.hold(on: path, LockPatience(limit: .zero)) {}
    }
}
