public import OAuth
public import SystemPackage
import Yams

/// `clients.yaml`, with the names of RFC 7591 where it has them.
public struct ClientsFile {
    /// In the order of the file.
    public let clients: [Client]

    /// - Throws: every problem at once, each with its line.
    public init(reading path: FilePath) throws(InvalidConfiguration) {
        try self.init(YAMLText(reading: path))
    }

    init(_ yaml: YAMLText) throws(InvalidConfiguration) {
        guard let root = yaml.root else {
            throw InvalidConfiguration([
                Problem(
                    .file(yaml.path.string, line: nil), "the clients file is empty",
                    hint: "`writ clients add ID --scope \"...\"` adds a client; `clients: []` says that there is none")
            ])
        }
        guard case .mapping(let mapping) = root, let entries = mapping["clients"]?.sequence else {
            throw InvalidConfiguration([
                Problem(yaml.place(of: root), "is not a clients file", hint: "it begins with a line `clients:`")
            ])
        }
        var problems: [Problem] = []
        for key in mapping.keys where key.scalar?.string != "clients" {
            problems.append(Problem(yaml.place(of: key), "unknown key \(key.scalar?.string ?? "")"))
        }
        var clients: [Client] = []
        var lines: [String: Int] = [:]
        for entry in entries {
            var reader = ClientReader(entry, of: yaml)
            if let client = reader.read() { clients.append(client) }
            if let id = entry.mapping?["client_id"]?.scalar?.string {
                if let line = lines[id] { reader.note("client_id", "is used before, in line \(line)") }
                lines[id] = lines[id] ?? entry.mark?.line ?? 0
            }
            problems += reader.problems
        }
        guard problems.isEmpty else { throw InvalidConfiguration(problems) }
        self.clients = clients
    }
}
