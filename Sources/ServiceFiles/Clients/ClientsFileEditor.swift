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

    /// - Parameter path: the clients file. It is read when an edit begins.
    package init(_ path: FilePath) {
        // A symbolic link is kept: the file that it points to is replaced.
        self.path = FilePath(URL(filePath: path.string).resolvingSymlinksInPath().path(percentEncoded: false))
    }

    /// Adds a client with one secret.
    ///
    /// - Throws: ``ClientsFileEditError/clientExists`` if a client has this identifier.
    package func add(_ client: NewClient) throws {
        try edit { document, clients in
            guard !clients.contains(where: { $0.id == client.id }) else { throw ClientsFileEditError.clientExists }
            document.append(client)
        } check: { before, after in
            after.dropLast().elementsEqual(before)
        }
    }

    /// Removes a client.
    ///
    /// - Throws: ``ClientsFileEditError/noSuchClient`` if no client has this identifier.
    package func remove(_ id: ClientID) throws {
        var index = 0
        try edit { document, clients in
            index = try Self.index(of: id, in: clients)
            document.removeEntry(index)
        } check: { before, after in
            after.elementsEqual(before[..<index] + before[(index + 1)...])
        }
    }

    /// Adds a new secret to a client and limits the time of its present ones.
    ///
    /// - Parameter oldEnd: when the present secrets expire, unless they expire earlier; `nil` removes them at once.
    package func rotateSecret(of id: ClientID, to hash: ClientSecretHash, oldEnd: NumericDate?, now: NumericDate) throws
    {
        var index = 0
        try edit { document, clients in
            index = try Self.index(of: id, in: clients)
            let old = clients[index].secrets.compactMap { secret -> ClientSecret? in
                guard let oldEnd, secret.isCurrent(at: now) else { return nil }
                return ClientSecret(hash: secret.hash, expiresAt: min(secret.expiresAt ?? oldEnd, oldEnd))
            }
            document.replaceSecrets(ofEntry: index, with: [ClientSecret(hash: hash)] + old)
        } check: { before, after in
            guard after.count == before.count else { return false }
            let secrets = after[index].mapping?["client_secrets"]?.sequence
            return secrets?.first?.mapping?["hash"]?.scalar?.string == hash.description
                && zip(before, after).enumerated().allSatisfy { position, pair in
                    position == index ? pair.0.exceptSecrets == pair.1.exceptSecrets : pair.0 == pair.1
                }
        }
    }

    private func edit(
        _ change: (inout ClientsDocument, [Client]) throws -> Void, check: ([Node], [Node]) -> Bool
    ) throws {
        let folder = path.removingLastComponent()
        try FileError.naming(path) {
            try FolderLock.hold(on: folder.isEmpty ? "." : folder) {
                DurableFile.removeDrafts(in: folder.isEmpty ? "." : folder)
                var yaml = try YAMLText(reading: path)
                if yaml.root == nil { yaml = try YAMLText(path: path, text: yaml.text + "clients: []\n") }
                let clients = try ClientsFile(yaml).clients
                var document = try ClientsDocument(yaml)
                try change(&document, clients)
                guard let after = try? YAMLText(path: path, text: document.text), (try? ClientsFile(after)) != nil,
                    check(yaml.clientEntries, after.clientEntries)
                else { throw ClientsFileEditError.unusualLayout }
                try DurableFile(path: path).replace(with: document.text)
            }
        }
    }

    private static func index(of id: ClientID, in clients: [Client]) throws -> Int {
        guard let index = clients.firstIndex(where: { $0.id == id }) else { throw ClientsFileEditError.noSuchClient }
        return index
    }
}

extension YAMLText {
    fileprivate var clientEntries: [Node] {
        root?.mapping?["clients"]?.sequence.map { Array($0) } ?? []
    }
}

extension Node {
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
    case unusualLayout

    /// A human-readable description. It does not contain the identifier, which the operator has just given.
    package var description: String {
        switch self {
        case .clientExists: "a client with this identifier already exists"
        case .noSuchClient: "there is no client with this identifier"
        case .unusualLayout: "the clients file is laid out in a way that this command cannot edit"
        }
    }

    /// What the operator can do about it.
    package var hint: String {
        switch self {
        case .clientExists: "`writ clients rotate-secret ID` gives it another secret"
        case .noSuchClient: "`writ clients list` shows them"
        case .unusualLayout: "write each client as a block of lines that begins with `- client_id:`, or edit by hand"
        }
    }
}
