import AccessToken
import Admission
import Foundation
import GRDB
import ServiceFiles
import SystemPackage
import Testing

@testable import ClientState

@Suite final class ClientStateDatabaseTests {
    private static let now = NumericDate(1_795_000_000)
    private let folder: FilePath
    private let path: FilePath
    private let ids: [ClientID]

    init() throws {
        folder = FilePath(FileManager.default.temporaryDirectory.path).appending("state-\(UUID().uuidString)")
        path = folder.appending("state.sqlite")
        ids = try ["a", "b", "c"].map { try ClientID($0) }
        try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder.string) }

    private func uses(start: NumericDate = now) -> ClientUses { ClientUses(start: start) }

    @discardableResult
    private func synchronize(
        _ database: inout ClientStateDatabase, _ uses: ClientUses, readsAll: Bool = true, now: NumericDate = now
    ) throws(ClientStateError) -> FilePath? {
        let ids = ids
        return try database.synchronize(uses, isRegistered: { ids.contains($0) }, readsAll: readsAll, now: now)
    }

    /// What a service finds that starts with the file.
    private func read(now: NumericDate = now) throws -> ClientUses {
        var database = ClientStateDatabase(path)
        let uses = uses(start: now)
        try synchronize(&database, uses, now: now)
        return uses
    }

    private func sql(_ text: String) throws {
        try DatabaseQueue(path: path.string).write { try $0.execute(sql: text) }
    }

    private func count(_ sql: String) throws -> Int {
        try DatabaseQueue(path: path.string).read { try Int.fetchOne($0, sql: sql) ?? 0 }
    }

    private func make(_ written: [LastUse] = [], since: NumericDate = now) throws {
        var database = ClientStateDatabase(path)
        let uses = uses(start: since)
        for use in written { uses.record(use.client, at: use.time) }
        try synchronize(&database, uses)
    }

    private var files: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.string)) ?? []).sorted()
    }

    private func reason(_ body: () throws(ClientStateError) -> Void) -> String? {
        do throws(ClientStateError) {
            try body()
            return nil
        } catch {
            return error.description
        }
    }

    @Test("Last uses and the beginning of the file are found again, by a file that only its owner can read")
    func survives() throws {
        try make([LastUse(ids[0], at: Self.now + .seconds(5))], since: Self.now - .seconds(50))
        let found = try read(now: Self.now + .seconds(100))
        #expect(found.lastUse(of: ids[0]) == Self.now + .seconds(5))
        #expect(found.lastUse(of: ids[1]) == nil)
        #expect(found.since == Self.now - .seconds(50))
        #expect(found.unsaved.isEmpty)
        #expect(try path.stat().permissions == .ownerReadWrite)
        #expect(files == ["state.sqlite"])
    }

    @Test("Processes that share the file see each other's uses, and the later one counts")
    func sharing() throws {
        var (first, second) = (ClientStateDatabase(path), ClientStateDatabase(path))
        let (here, there) = (uses(), uses(start: Self.now + .seconds(60)))
        here.record(ids[0], at: Self.now + .seconds(1))
        here.record(ids[1], at: Self.now + .seconds(9))
        try synchronize(&first, here)
        there.record(ids[0], at: Self.now + .seconds(3))
        there.record(ids[1], at: Self.now + .seconds(2))
        try synchronize(&second, there)
        #expect(there.lastUse(of: ids[1]) == Self.now + .seconds(9))
        #expect(there.since == Self.now)
        // The change of another process is found without being told.
        try synchronize(&first, here, readsAll: false)
        #expect(here.lastUse(of: ids[0]) == Self.now + .seconds(3))
        #expect(try count("SELECT count(*) FROM client_use") == 2)
    }

    @Test("Without a change nothing is read, and a client that is registered later is read when it is asked for")
    func readingAll() throws {
        try make([LastUse(ids[0], at: Self.now)])
        var database = ClientStateDatabase(path)
        let uses = uses()
        _ = try database.synchronize(uses, isRegistered: { _ in false }, readsAll: true, now: Self.now)
        #expect(uses.lastUses.isEmpty)
        try synchronize(&database, uses, readsAll: false)
        #expect(uses.lastUses.isEmpty)
        try synchronize(&database, uses, readsAll: true)
        #expect(uses.lastUses == [LastUse(ids[0], at: Self.now)])
    }

    @Test("A row of a client that is gone stays for 30 days after its last use")
    func retention() throws {
        let client = try ClientID("gone")
        try make([LastUse(client, at: Self.now), LastUse(ids[0], at: Self.now)])
        _ = try read(now: Self.now + .seconds(30 * 86400))
        #expect(try count("SELECT count(*) FROM client_use") == 2)
        _ = try read(now: Self.now + .seconds(30 * 86400 + 1))
        #expect(try count("SELECT count(*) FROM client_use WHERE client_id = 'a'") == 1)
        #expect(try count("SELECT count(*) FROM client_use") == 1)
    }

    @Test("A use of a clock that was ahead is replaced by the next one")
    func clockAhead() throws {
        try make([LastUse(ids[0], at: Self.now + .seconds(86400 * 365))])
        try make([LastUse(ids[0], at: Self.now + .seconds(1))])
        #expect(try read().lastUse(of: ids[0]) == Self.now + .seconds(1))
    }

    private static let damages: [@Sendable (inout [UInt8]) -> Void] = [
        { $0 = Array("This is no database, but a text that somebody has put there.\n".utf8) },
        { $0.replaceSubrange(0..<16, with: repeatElement(0, count: 16)) },
        { $0.replaceSubrange(100..<4000, with: repeatElement(0xFF, count: 3900)) },
        { $0.replaceSubrange(4096..<$0.count, with: repeatElement(0xA5, count: $0.count - 4096)) },
        { $0.removeLast($0.count - 5000) },
    ]

    @Test("A damaged file is set aside, not deleted, and a new one has all that is known", arguments: damages.indices)
    func damage(index: Int) throws {
        try make([LastUse(ids[0], at: Self.now)], since: Self.now - .seconds(9))
        var octets = Array(try #require(FileManager.default.contents(atPath: path.string)))
        Self.damages[index](&octets)
        try Data(octets).write(to: URL(filePath: path.string))
        try Data([1]).write(to: URL(filePath: "\(path)-journal"))
        var database = ClientStateDatabase(path)
        let uses = uses()
        uses.record(ids[1], at: Self.now + .seconds(2))
        let damaged = try synchronize(&database, uses)
        #expect(damaged == FilePath("\(path).damaged-1"))
        #expect(FileManager.default.contents(atPath: "\(path).damaged-1") == Data(octets))
        // A journal that stayed would be applied to the new file.
        #expect(files.filter { $0.hasSuffix("-journal") }.allSatisfy { $0.contains(".damaged-") })
        #expect(try read().lastUses == [LastUse(ids[1], at: Self.now + .seconds(2))])
    }

    @Test("Nine damaged files are kept, and then the service goes on without the file")
    func manyDamages() throws {
        for number in 1...9 {
            try Data("garbage garbage garbage".utf8).write(to: URL(filePath: path.string))
            var database = ClientStateDatabase(path)
            #expect(try synchronize(&database, uses()) == FilePath("\(path).damaged-\(number)"))
        }
        try Data("garbage garbage garbage".utf8).write(to: URL(filePath: path.string))
        var database = ClientStateDatabase(path)
        let reason = reason { () throws(ClientStateError) in try synchronize(&database, uses()) }
        #expect(reason?.contains("9 damaged files") == true)
        #expect(FileManager.default.contents(atPath: path.string) == Data("garbage garbage garbage".utf8))
    }

    @Test(
        "Values that no release writes are skipped",
        arguments: [
            "('a', 'soon')", "('a', 1.5)", "('a', x'00')", "(x'61', 5)", "('\u{301}', 5)", "('', 5)",
            "(printf('%.*c', 257, 'a'), 5)", "('a' || char(0), 5)",
        ])
    func strangeValues(row: String) throws {
        try make([LastUse(ids[1], at: Self.now)])
        try sql("INSERT OR REPLACE INTO client_use VALUES \(row)")
        #expect(try read().lastUses == [LastUse(ids[1], at: Self.now)])
    }

    @Test(
        "A database of another program or of a later release stays as it is",
        arguments: [
            ("PRAGMA user_version = 2", "later release"), ("PRAGMA application_id = 7", "another program"),
            ("PRAGMA application_id = 0", "another program"),
        ])
    func foreignDatabases(change: String, reason: String) throws {
        try make([LastUse(ids[0], at: Self.now)])
        try sql(change)
        let before = FileManager.default.contents(atPath: path.string)
        var database = ClientStateDatabase(path)
        #expect(
            self.reason { () throws(ClientStateError) in try synchronize(&database, uses()) }?.contains(reason) == true)
        #expect(FileManager.default.contents(atPath: path.string) == before)
        #expect(files == ["state.sqlite"])
    }

    @Test("Tables that lack something are damage", arguments: ["recording", "client_use"])
    func missingTables(table: String) throws {
        try make()
        try sql("DROP TABLE \(table)")
        var database = ClientStateDatabase(path)
        #expect(try synchronize(&database, uses()) != nil)
        #expect(try read().since == Self.now)
    }

    @Test("While another process writes, nothing is lost, and it is written afterwards")
    func locked() throws {
        var database = ClientStateDatabase(path)
        let uses = uses()
        try synchronize(&database, uses)
        uses.record(ids[0], at: Self.now)
        try DatabaseQueue(path: path.string).inTransaction(.exclusive) { _ in
            let reason = reason { () throws(ClientStateError) in try synchronize(&database, uses) }
            #expect(reason?.contains("locked") == true)
            return .rollback
        }
        #expect(uses.unsaved.count == 1)
        try synchronize(&database, uses)
        #expect(uses.unsaved.isEmpty)
        #expect(try read().lastUse(of: ids[0]) == Self.now)
    }

    @Test("A full disk loses nothing that is known, and what was in the file stays")
    func full() throws {
        try make([LastUse(ids[0], at: Self.now)])
        var database = ClientStateDatabase(path)
        let uses = uses()
        try synchronize(&database, uses)
        let clients = try (0..<20_000).map { try ClientID("client-\($0)-" + String(repeating: "x", count: 100)) }
        for client in clients { uses.record(client, at: Self.now) }
        // SQLite answers in the same way as for a disk that is full.
        var limited = ClientStateDatabase(path, pageLimit: 10)
        #expect(reason { () throws(ClientStateError) in try synchronize(&limited, uses) }?.contains("full") == true)
        #expect(uses.unsaved.count == 20_000)
        #expect(try read().lastUses == [LastUse(ids[0], at: Self.now)])
        try synchronize(&database, uses)
        #expect(try count("SELECT count(*) FROM client_use") == 20_001)
    }

    @Test("A file that was removed or replaced is made anew, with all that is known")
    func replaced() throws {
        var database = ClientStateDatabase(path)
        let uses = uses(start: Self.now - .seconds(77))
        uses.record(ids[0], at: Self.now)
        try synchronize(&database, uses)
        try FileManager.default.removeItem(atPath: path.string)
        try synchronize(&database, uses, readsAll: false)
        #expect(try read().lastUses == [LastUse(ids[0], at: Self.now)])
        #expect(try read().since == Self.now - .seconds(77))
    }

    @Test("What is no file, and what other users can change, is not opened")
    func untrusted() throws {
        try make()
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: path.string)
        var database = ClientStateDatabase(path)
        #expect(
            reason { () throws(ClientStateError) in try synchronize(&database, uses()) }?.contains("every user") == true
        )
        try FileManager.default.removeItem(atPath: path.string)
        #expect(unsafe mkfifo(path.string, 0o600) == 0)
        #expect(
            reason { () throws(ClientStateError) in try synchronize(&database, uses()) }?.contains("not a file") == true
        )
        var elsewhere = ClientStateDatabase(folder.appending("no/state.sqlite"))
        #expect(reason { () throws(ClientStateError) in try synchronize(&elsewhere, uses()) } != nil)
    }

    @Test("Threads with a database each write one file at once, and nothing is lost")
    func concurrency() async throws {
        let ids = try (0..<4).map { thread in try (0..<50).map { try ClientID("\(thread)-\($0)") } }
        let path = path
        let failures = await withTaskGroup(of: Int.self) { group in
            for thread in 0..<4 {
                group.addTask {
                    var database = ClientStateDatabase(path)
                    let uses = ClientUses(start: Self.now)
                    var failures = 0
                    for id in ids[thread] {
                        uses.record(id, at: Self.now)
                        do throws(ClientStateError) {
                            _ = try database.synchronize(
                                uses, isRegistered: { _ in true }, readsAll: false, now: Self.now)
                        } catch {
                            failures += 1
                        }
                    }
                    // What had to wait for too long is written in the end.
                    _ = try? database.synchronize(uses, isRegistered: { _ in true }, readsAll: false, now: Self.now)
                    return failures
                }
            }
            return await group.reduce(0, +)
        }
        #expect(failures < 10)
        #expect(try count("SELECT count(*) FROM client_use") == 200)
    }
}
