import Dispatch
package import OAuth
import Synchronization
package import SystemPackage
import Yams

/// `clients.yaml`. Its members have the names of RFC 7591 if that defines them.
package struct ClientsFile {
    /// In the order of the file.
    package let clients: [Client]

    /// - Throws: all problems at once, each with its line.
    package init(reading path: FilePath) throws(InvalidConfiguration) {
        let text = try YAMLText.contents(of: path)
        if let chunks = ClientsChunks(text), let settings = Self.settings(of: chunks, path),
            let entries = Self.read(chunks, of: path, settings)
        {
            try self.init(entries, of: path, settings)
        } else {
            try self.init(YAMLText(path: path, text: text))
        }
    }

    private static func settings(of chunks: ClientsChunks, _ path: FilePath) -> ClientsSettings? {
        guard let yaml = try? YAMLText(path: path, text: chunks.preamble) else { return nil }
        return ClientsSettings(yaml.root?.members ?? [], of: yaml.lines)
    }

    /// Parses the pieces in parallel, on all cores.
    ///
    /// - Returns: `nil` if a piece is not a clients file of its own, for example because it refers to an anchor in
    ///   another piece.
    private static func read(
        _ chunks: ClientsChunks, of path: FilePath, _ settings: ClientsSettings
    ) -> [ClientEntry]? {
        let results = Mutex([[ClientEntry]?](repeating: nil, count: chunks.pieces.count))
        DispatchQueue.concurrentPerform(iterations: chunks.pieces.count) { index in
            let piece = chunks.pieces[index]
            let file = FileLines(path: path.string, offset: piece.lineOffset)
            let entries =
                if let root = PlainYAML.read(piece.octets) {
                    Self.entries(root, of: file, settings)
                } else {
                    Self.entries(
                        try? Yams.compose(yaml: String(decoding: piece.octets, as: UTF8.self), .basic), of: file,
                        settings)
                }
            results.withLock { $0[index] = entries }
        }
        let pieces = results.withLock { $0 }
        return pieces.contains { $0 == nil } ? nil : pieces.flatMap { $0 ?? [] }
    }

    private static func entries(
        _ root: (some YAMLNode)?, of file: FileLines, _ settings: ClientsSettings
    ) -> [ClientEntry]? {
        // A line break that only YAML recognises can hide a setting among the entries.
        guard let members = root?.members, members.count == 1 else { return nil }
        return members[0].value.elements?.map { ClientEntry($0, of: file, settings) }
    }

    init(_ yaml: YAMLText) throws(InvalidConfiguration) {
        guard let root = yaml.root else {
            throw InvalidConfiguration([
                Problem(
                    .file(yaml.path.string, line: nil), "the clients file is empty",
                    hint: "`writ clients add ID --scope \"...\"` adds a client; write `clients: []` if there is none")
            ])
        }
        guard case .mapping(let mapping) = root, let entries = mapping["clients"]?.sequence else {
            throw InvalidConfiguration([
                Problem(yaml.place(of: root), "is not a clients file", hint: "it begins with a line `clients:`")
            ])
        }
        let settings = ClientsSettings(root.members ?? [], of: yaml.lines)
        try self.init(entries.map { ClientEntry($0, of: yaml.lines, settings) }, of: yaml.path, settings)
    }

    private init(
        _ entries: [ClientEntry], of path: FilePath, _ settings: ClientsSettings
    ) throws(InvalidConfiguration) {
        var problems = settings.problems
        var clients: [Client] = []
        clients.reserveCapacity(entries.count)
        var places: [String: Problem.Place] = [:]
        for entry in entries {
            if let client = entry.client { clients.append(client) }
            problems += entry.problems
            guard let id = entry.id else { continue }
            if let place = places[id] {
                problems.append(
                    Problem(entry.place, "client_id is already used in line \(place.line.map(String.init) ?? "?")"))
            } else {
                places[id] = entry.place
            }
        }
        let checks = ClientRegistry.passwordChecks(for: clients)
        if checks > ClientRegistry.maximumPasswordChecks {
            problems.append(
                Problem(
                    .file(path.string, line: nil),
                    "needs \(checks) password hash checks to reject a wrong secret",
                    hint: "limit \(ClientRegistry.maximumPasswordChecks): use fewer costs, or fewer hashes per client"))
        }
        guard problems.isEmpty else { throw InvalidConfiguration(problems) }
        self.clients = clients
    }
}
