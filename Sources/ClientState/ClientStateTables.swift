import AccessToken
import Admission
import GRDB

/// The tables of the database, and what is read from them and written to them.
enum ClientStateTables {
    /// Who has made a database.
    enum Owner {
        /// It is empty.
        case nobody
        case thisRelease
        case laterRelease
        case anotherProgram
    }

    /// What was read.
    struct Rows {
        /// From this moment on uses were recorded.
        let since: NumericDate
        /// Of registered clients.
        var uses: [LastUse] = []
        /// Identifiers of clients that are not registered and whose last use is long past.
        var outdated: [String] = []
    }

    /// `Writ` in ASCII.
    private static let application: Int64 = 0x5772_6974
    private static let release: Int64 = 1
    /// How far ahead of this process's clock another one's may be. A row that is further ahead was written before the clock was
    /// set back.
    static let tolerance: Duration = .seconds(60)
    /// The most rows that one look removes.
    private static let removalLimit = 10_000

    static func owner(_ database: Database) throws -> Owner {
        let application = try integer(database, "PRAGMA application_id")
        let release = try integer(database, "PRAGMA user_version")
        if application == Self.application {
            return release == Self.release ? .thisRelease : .laterRelease
        }
        let isEmpty = try integer(database, "SELECT count(*) FROM sqlite_schema") == 0
        return application == 0 && release == 0 && isEmpty ? .nobody : .anotherProgram
    }

    static func create(_ database: Database, since: NumericDate) throws {
        // Another process may have done so meanwhile.
        guard try owner(database) == .nobody else { return }
        try database.execute(
            sql: """
                CREATE TABLE recording (since INTEGER NOT NULL);
                CREATE TABLE client_use (client_id TEXT NOT NULL PRIMARY KEY, last_used INTEGER NOT NULL) WITHOUT ROWID;
                PRAGMA application_id = \(application);
                PRAGMA user_version = \(release);
                """)
        try database.execute(sql: "INSERT INTO recording (since) VALUES (?)", arguments: [since.seconds])
    }

    /// Looks for contradictions in the file.
    static func check(_ database: Database) throws {
        let columns = "SELECT count(*) FROM pragma_table_info(?) WHERE name IN (?, ?)"
        let hasTables =
            try integer(database, columns, ["recording", "since", ""]) == 1
            && integer(database, columns, ["client_use", "client_id", "last_used"]) == 2
        guard hasTables, try String.fetchOne(database, sql: "PRAGMA quick_check(1)") == "ok" else {
            throw Failure.damaged
        }
    }

    /// A number that changes when another connection has changed the database.
    static func version(_ database: Database) throws -> Int64? { try integer(database, "PRAGMA data_version") }

    /// Skips what no release writes, such as text that is not ASCII or has a NUL in it.
    ///
    /// - Parameter isRegistered: whether there is a client with an identifier.
    static func read(
        _ database: Database, _ isRegistered: (ClientID) -> Bool, now: NumericDate
    ) throws -> Rows {
        guard let since = try integer(database, "SELECT since FROM recording") else { throw Failure.damaged }
        var rows = Rows(since: NumericDate(since))
        let oldest = now - ClientStateDatabase.retention
        let cursor = try Row.fetchCursor(
            database,
            sql: """
                SELECT client_id, last_used FROM client_use
                WHERE typeof(client_id) = 'text' AND typeof(last_used) = 'integer'
                AND length(client_id) <= 256 AND length(client_id) = length(CAST(client_id AS BLOB))
                """)
        while let row = try cursor.next() {
            let (name, seconds): (DatabaseValue, DatabaseValue) = (row[0], row[1])
            guard let text = String.fromDatabaseValue(name), let time = Int64.fromDatabaseValue(seconds) else {
                continue
            }
            let client = try? ClientID(text)
            if let client, isRegistered(client) {
                rows.uses.append(LastUse(client, at: NumericDate(time)))
            } else if NumericDate(time) < oldest, rows.outdated.count < removalLimit {
                rows.outdated.append(text)
            }
        }
        return rows
    }

    static func write(_ uses: [LastUse], _ database: Database, now: NumericDate) throws {
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO client_use (client_id, last_used) VALUES (?1, ?2)
                ON CONFLICT (client_id) DO UPDATE SET last_used =
                CASE WHEN last_used > ?3 THEN excluded.last_used ELSE max(last_used, excluded.last_used) END
                """)
        let latest = (now + tolerance).seconds
        for use in uses {
            try statement.execute(arguments: [use.client.description, use.time.seconds, latest])
        }
    }

    /// Removes rows, unless another process has written to them meanwhile.
    static func remove(_ clients: [String], _ database: Database, now: NumericDate) throws {
        let statement = try database.cachedStatement(
            sql: "DELETE FROM client_use WHERE client_id = ? AND last_used < ?")
        let oldest = (now - ClientStateDatabase.retention).seconds
        for client in clients { try statement.execute(arguments: [client, oldest]) }
    }

    /// The first value of the first row; `nil` if there is none, or no integer.
    private static func integer(
        _ database: Database, _ sql: String, _ arguments: StatementArguments = StatementArguments()
    ) throws -> Int64? {
        try DatabaseValue.fetchOne(database, sql: sql, arguments: arguments).flatMap(Int64.fromDatabaseValue)
    }
}
