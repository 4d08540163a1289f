package import AccessToken
import Foundation
package import OAuth
package import SystemPackage
import Yams

/// Changes `clients.yaml` in place: whole or not at all, one command at a time, with comments and order kept.
///
/// Lines are changed as text. What comes out is read again before it is written, so that an edit that a layout of the
/// file defeats is refused and not made.
package struct ClientsFileEditor: Sendable {
    private let path: FilePath

    /// - Parameter path: the clients file; it is not read before it is edited.
    package init(_ path: FilePath) {
        // A link stays a link: what it leads to is replaced.
        self.path = FilePath(URL(filePath: path.string).resolvingSymlinksInPath().path(percentEncoded: false))
    }

    /// Adds a client with one secret.
    ///
    /// - Throws: ``ClientsFileEditError/clientExists`` where there is one with this identifier.
    package func add(_ client: NewClient) throws {
        try edit { document, clients in
            guard !clients.contains(where: { $0.id == client.id }) else { throw ClientsFileEditError.clientExists }
            document.append(client)
        } check: { before, after in
            after.dropLast().elementsEqual(before)
        }
    }

    /// Removes a client.
    package func remove(_ id: ClientID) throws {
        var index = 0
        try edit { document, clients in
            index = try Self.index(of: id, in: clients)
            document.removeEntry(index)
        } check: { before, after in
            after.elementsEqual(before[..<index] + before[(index + 1)...])
        }
    }

    /// Gives a client another secret.
    ///
    /// - Parameter oldEnd: when the secrets that it has end, unless they end before; nil ends them at once.
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
    /// A client's entry but for its secrets.
    fileprivate var exceptSecrets: [Node: Node] {
        let pairs = mapping.map { Array($0) } ?? []
        return Dictionary(pairs.filter { $0.key.string != "client_secrets" }.map { ($0.key, $0.value) }) { first, _ in
            first
        }
    }
}

/// Why a client was not added, changed or removed. The file is as it was.
package enum ClientsFileEditError: Error, Sendable, CustomStringConvertible {
    case clientExists
    case noSuchClient
    case unusualLayout

    /// For people; says nothing of the client, which whoever asked knows.
    package var description: String {
        switch self {
        case .clientExists: "there is a client with this identifier already"
        case .noSuchClient: "there is no client with this identifier"
        case .unusualLayout: "the clients file is laid out in a way that this command cannot edit"
        }
    }

    /// What to do about it.
    package var hint: String {
        switch self {
        case .clientExists: "`writ clients rotate-secret ID` gives it another secret"
        case .noSuchClient: "`writ clients list` shows them"
        case .unusualLayout: "write each client as a block of lines that begins with `- client_id:`, or edit by hand"
        }
    }
}
