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
        let paths = Mutex<[FilePath]>([])
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
                #expect(start.duration(to: .now) >= limit)
            }
        }
        try FolderLock.hold(on: path, LockPatience(limit: .zero)) {}
    }

    @Test("A wait of more than a second is reported once, with the file")
    func aLongWaitIsReported() throws {
        let reports = Reports()
        let patience = LockPatience(limit: .milliseconds(1100)) { file in reports.paths.withLock { $0.append(file) } }
        try FolderLock.hold(on: path, LockPatience(limit: .zero)) {
            _ = #expect(throws: FolderLockError.self) { try FolderLock.hold(on: path, patience) {} }
        }
        #expect(reports.paths.withLock { $0 } == [lockFile])
        try FolderLock.hold(on: path, patience) {}
        #expect(reports.paths.withLock { $0 }.count == 1)
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

    @Test("A lock file that every user can open, as earlier versions made it, is closed to them")
    func anOpenLockFileIsClosed() throws {
        try folder.write("", to: FolderLock.fileName, permissions: 0o644)
        try FolderLock.hold(on: path, LockPatience(limit: .zero)) {}
        #expect(try lockFile.stat().permissions.rawValue == 0o640)
    }
}
