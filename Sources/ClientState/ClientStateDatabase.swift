package import AccessToken
package import Admission
import GRDB
import ServiceFiles
package import SystemPackage

/// Keeps over restarts when clients last got tokens, in the SQLite database of `state`.
///
/// Several processes of one machine may share the file: each writes its own uses and reads those of the others. Calls wait for
/// the disk and for other processes, so that they belong on a thread that answers no requests.
package struct ClientStateDatabase: Sendable {
    /// An open database.
    private struct Connection {
        let queue: DatabaseQueue
        let file: StateFile.Identity
        /// What SQLite said when the rows were last read; it says something else when another process has changed them.
        var version: Int64?
    }

    /// How long rows of clients that are not registered are kept, since a client may come back.
    static let retention: Duration = .seconds(30 * 86400)
    /// How long to wait for another process that writes.
    private static let patience = 2.0

    private let file: StateFile
    /// The most pages of 4 KiB that the file may have: 1 GiB.
    private let pageLimit: Int
    private var connection: Connection?

    /// Opens nothing yet.
    package init(_ path: FilePath) { self.init(path, pageLimit: 1 << 18) }

    init(_ path: FilePath, pageLimit: Int) {
        file = StateFile(path)
        self.pageLimit = pageLimit
    }

    /// Reads what is new in the file, and writes the uses that are not saved.
    ///
    /// - Parameters:
    ///   - isRegistered: whether there is a client with an identifier. Uses of others are not read.
    ///   - readsAll: whether all uses are read, also if no other process has changed them.
    /// - Returns: the name that a damaged file got, in whose place there is a new one; `nil` if it was not damaged.
    /// - Throws: the uses stay unsaved then, and the next call tries again.
    package mutating func synchronize(
        _ uses: ClientUses, isRegistered: (ClientID) -> Bool, readsAll: Bool, now: NumericDate
    ) throws(ClientStateError) -> FilePath? {
        if try tryExchange(uses, isRegistered, readsAll: readsAll, now: now) { return nil }
        // Another process may have set it aside already: what the path names now is looked at once more.
        if try tryExchange(uses, isRegistered, readsAll: true, now: now) { return nil }
        let damaged: FilePath
        do throws(FileError) { damaged = try file.setAside() } catch { throw .file(error) }
        guard try tryExchange(uses, isRegistered, readsAll: true, now: now) else {
            throw .database(file.path, reason: "is damaged again")
        }
        return damaged
    }

    /// Reads and writes what is new, and closes the database if that fails.
    ///
    /// - Returns: false if the file is damaged.
    private mutating func tryExchange(
        _ uses: ClientUses, _ isRegistered: (ClientID) -> Bool, readsAll: Bool, now: NumericDate
    ) throws(ClientStateError) -> Bool {
        do throws(Failure) {
            try exchange(uses, isRegistered, readsAll: readsAll, now: now)
            return true
        } catch {
            connection = nil
            switch error {
            case .damaged: return false
            case .other(let error): throw error
            }
        }
    }

    private mutating func exchange(
        _ uses: ClientUses, _ isRegistered: (ClientID) -> Bool, readsAll: Bool, now: NumericDate
    ) throws(Failure) {
        var connection = try current(uses, now: now)
        self.connection = connection
        try Failure.naming(file.path) {
            let version = try connection.queue.read { try ClientStateTables.version($0) }
            if readsAll || version != connection.version {
                let rows = try connection.queue.read { try ClientStateTables.read($0, isRegistered, now: now) }
                uses.merge(rows.uses, since: min(rows.since, now), latest: now + ClientStateTables.tolerance)
                if !rows.outdated.isEmpty {
                    try connection.queue.write { try ClientStateTables.remove(rows.outdated, $0, now: now) }
                }
                connection.version = version
            }
            let unsaved = uses.unsaved
            guard !unsaved.isEmpty else { return }
            try connection.queue.write { try ClientStateTables.write(unsaved, $0, now: now) }
            uses.markSaved(unsaved)
        }
        self.connection = connection
    }

    /// The open database, if the path still names its file; else it is opened anew.
    private mutating func current(_ uses: ClientUses, now: NumericDate) throws(Failure) -> Connection {
        if let connection, connection.file == file.identity { return connection }
        connection = nil
        let opened = try open(uses, now: now)
        // What is in the file is read before anything is written. The file may be another one under the same number.
        uses.markAllUnsaved()
        return opened
    }

    private func open(_ uses: ClientUses, now: NumericDate) throws(Failure) -> Connection {
        let identity: StateFile.Identity
        do throws(FileError) { identity = try file.prepare() } catch { throw .other(.file(error)) }
        return try Failure.naming(file.path) {
            var configuration = Configuration()
            configuration.label = "state"
            configuration.busyMode = .timeout(Self.patience)
            // Views and triggers that another program has put into the file call nothing.
            configuration.prepareDatabase { [pageLimit] in
                try $0.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA max_page_count = \(pageLimit)")
            }
            let queue = try DatabaseQueue(path: file.path.string, configuration: configuration)
            switch try queue.read(ClientStateTables.owner) {
            case .nobody: try queue.write { try ClientStateTables.create($0, since: uses.since) }
            case .thisRelease: try queue.read(ClientStateTables.check)
            case .laterRelease: throw Failure.other(.ofLaterRelease(file.path))
            case .anotherProgram: throw Failure.other(.ofAnotherProgram(file.path))
            }
            return Connection(queue: queue, file: identity)
        }
    }
}

/// What went wrong with the database.
enum Failure: Error {
    /// It is not one, or it contradicts itself.
    case damaged
    case other(ClientStateError)

    /// Runs `body` and tells a damaged file from any other error of SQLite.
    static func naming<Value>(_ path: FilePath, _ body: () throws -> Value) throws(Failure) -> Value {
        do { return try body() } catch let failure as Failure { throw failure } catch let error as DatabaseError {
            let code = error.resultCode
            if code == .SQLITE_CORRUPT || code == .SQLITE_NOTADB { throw .damaged }
            throw .other(.database(path, reason: error.message ?? code.description))
        } catch {
            throw .other(.database(path, reason: "\(type(of: error))"))
        }
    }
}
