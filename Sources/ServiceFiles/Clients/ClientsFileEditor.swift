package import AccessToken
import Foundation
package import OAuth
package import SystemPackage
import Yams

/// Edits `clients.yaml` in place. An edit is atomic and keeps comments and order. Only one command edits at a time.
///
/// Lines are edited as text. The result is parsed before it is written: if the layout of the file makes an edit go
/// wrong, the edit is refused and the file stays as it is.
package struct ClientsFileEditor: Sendable {
    private let path: FilePath
    private let access: FileAccess
    private let context: ClientsContext?

    /// - Parameters:
    ///   - path: the clients file. It is read when an edit begins.
    ///   - context: what the configuration says about clients that are added or changed; `nil` checks nothing about it.
    package init(_ path: FilePath, _ access: FileAccess = .command(), context: ClientsContext? = nil) {
        self.access = access
        self.context = context
        // A symbolic link is kept: the file that it points to is replaced.
        self.path = FilePath(URL(filePath: path.string).resolvingSymlinksInPath().path(percentEncoded: false))
    }

    /// Adds a client with one secret.
    ///
    /// - Throws: ``ClientsFileEditError/clientExists`` if a client has this identifier.
    package func add(_ client: NewClient) throws {
        try edit { document, entries in
            guard Self.positions(of: client.id, in: entries).isEmpty else { throw ClientsFileEditError.clientExists }
            document.append(client)
            return [entries.count]
        } check: { before, after in
            after.dropLast().elementsEqual(before)
        }
    }

    /// Removes a client: every entry with its identifier, also one that does not check.
    ///
    /// - Throws: ``ClientsFileEditError/noSuchClient`` if no client has this identifier.
    package func remove(_ id: ClientID) throws {
        var positions: [Int] = []
        try edit { document, entries in
            positions = Self.positions(of: id, in: entries)
            guard let last = positions.last else { throw ClientsFileEditError.noSuchClient }
            // Positions and lines are those before the edit, so that one entry is removed at a time.
            document.removeEntry(last)
            return []
        } check: { before, after in
            after.elementsEqual(before.enumerated().filter { $0.offset != positions.last }.map(\.element))
        }
        if positions.count > 1 { try remove(id) }
    }

    /// Adds a new secret to a client and limits the time of its present ones.
    ///
    /// - Parameter oldEnd: when the present secrets expire, unless they expire earlier; `nil` removes them at once.
    package func rotateSecret(of id: ClientID, to hash: ClientSecretHash, oldEnd: NumericDate?, now: NumericDate) throws
    {
        var index = 0
        var expected: [ClientSecret] = []
        try edit { document, entries in
            guard let first = Self.positions(of: id, in: entries).first else { throw ClientsFileEditError.noSuchClient }
            guard let client = entries[first].client else { throw InvalidConfiguration(entries[first].problems) }
            guard !client.secrets.isEmpty else { throw ClientsFileEditError.noSecret }
            index = first
            let old = client.secrets.compactMap { secret -> ClientSecret? in
                guard let oldEnd, secret.isCurrent(at: now) else { return nil }
                return ClientSecret(hash: secret.hash, expiresAt: min(secret.expiresAt ?? oldEnd, oldEnd))
            }
            expected = [ClientSecret(hash: hash)] + old
            document.replaceSecrets(ofEntry: index, with: expected)
            return [index]
        } check: { before, after in
            guard after.count == before.count else { return false }
            return after[index].secrets == expected.map { [$0.hash.description, $0.expiresAt?.rfc3339] }
                && zip(before, after).enumerated().allSatisfy { position, pair in
                    position == index ? pair.0.exceptSecrets == pair.1.exceptSecrets : pair.0 == pair.1
                }
        }
    }

    /// - Parameter change: changes the document, and returns the positions of the entries that must check afterwards.
    ///   Other entries may have problems: these hold up no edit.
    private func edit(
        _ change: (inout ClientsDocument, [ClientEntry]) throws -> [Int], check: ([Node], [Node]) -> Bool
    ) throws {
        try FileError.naming(path) {
            try FolderLock.hold(on: path.folder, access.lockPatience) {
                DurableFile.removeDrafts(in: path.folder)
                var yaml = try YAMLText(reading: path, access)
                if yaml.root == nil { yaml = try YAMLText(path: path, text: yaml.text + "clients: []\n") }
                let entries = try ClientsFile(parsing: yaml).entries
                var document = try ClientsDocument(yaml)
                let changed = try change(&document, entries)
                guard let after = try? YAMLText(path: path, text: document.text),
                    let file = try? ClientsFile(parsing: after),
                    changed.allSatisfy({ $0 < file.entries.count && file.entries[$0].client != nil }),
                    check(yaml.clientEntries, after.clientEntries)
                else { throw ClientsFileEditError.unusualLayout }
                try checkContext(of: changed, in: after)
                try DurableFile(path: path).replace(with: document.text)
            }
        }
    }

    /// Checks entries against the configuration. Their lines are not written yet, so no line is named.
    private func checkContext(of entries: [Int], in yaml: YAMLText) throws(InvalidConfiguration) {
        guard let context else { return }
        let file = try ClientsFile(parsing: yaml, context: context)
        let problems = entries.flatMap { file.entries[$0].problems }
        guard problems.isEmpty else {
            throw InvalidConfiguration(
                problems.map { Problem(.file(path.string, line: nil), $0.message, hint: $0.hint) })
        }
    }

    private static func positions(of id: ClientID, in entries: [ClientEntry]) -> [Int] {
        entries.indices.filter { entries[$0].id.flatMap { try? ClientID($0) } == id }
    }
}

extension YAMLText {
    fileprivate var clientEntries: [Node] {
        root?.mapping?["clients"]?.sequence.map { Array($0) } ?? []
    }
}

extension Node {
    /// Hash and end of each secret of a client's entry, the end in UTC and whole seconds.
    fileprivate var secrets: [[String?]] {
        let list = mapping?["client_secrets"]?.sequence.map { Array($0) } ?? []
        return list.map { secret in
            let end = secret.mapping?["expires_at"]?.scalar.flatMap { try? NumericDate(rfc3339: $0.string) }
            return [secret.mapping?["hash"]?.scalar?.string, end?.rfc3339]
        }
    }

    /// The members of a client's entry, without its secrets.
    fileprivate var exceptSecrets: [Node: Node] {
        let pairs = mapping.map { Array($0) } ?? []
        return Dictionary(pairs.filter { $0.key.string != "client_secrets" }.map { ($0.key, $0.value) }) { first, _ in
            first
        }
    }
}

/// The reason a client was not added, changed or removed. The file is unchanged.
package enum ClientsFileEditError: Error, Sendable, Equatable, CustomStringConvertible {
    case clientExists
    case noSuchClient
    case noSecret
    case unusualLayout

    /// A human-readable description. It does not contain the identifier, which the operator has just given.
    package var description: String {
        switch self {
        case .clientExists: "a client with this identifier already exists"
        case .noSuchClient: "there is no client with this identifier"
        case .noSecret: "the client has no secret: it authenticates in another way"
        case .unusualLayout: "the clients file is laid out in a way that this command cannot edit"
        }
    }

    /// What the operator can do about it.
    package var hint: String {
        switch self {
        case .clientExists: "`writ clients rotate-secret ID` gives it another secret"
        case .noSuchClient: "`writ clients list` shows them"
        case .noSecret: "`writ clients show ID` says how"
        case .unusualLayout: "write each client as a block of lines that begins with `- client_id:`, or edit by hand"
        }
    }
}
