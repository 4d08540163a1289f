import AccessToken
import OAuth

/// Reads one element of `removed` and collects its problems.
struct RemovedClientReader<Node: YAMLNode>: EntryReader {
    let entry: Node
    let members: [YAMLMember<Node>]
    let file: FileLines
    var problems: [Problem] = []
    var warnings: [Problem] = []

    static var memberNames: [String] { ["client_id", "status_index", ClientsSettings.accessTokensName] }

    init(_ element: Node, of file: FileLines) {
        entry = element
        members = element.members ?? []
        self.file = file
    }

    /// - Returns: `nil` if the element has a problem.
    mutating func read() -> RemovedClient? {
        problems = YAMLForm.problems(in: entry, of: file)
        guard problems.isEmpty else { return nil }
        guard entry.members != nil else {
            problems.append(
                Problem(file.place(entry.line), "an element of \(ClientsSettings.removedName) is not a mapping"))
            return nil
        }
        checkNames()
        for name in ["client_id", ClientsSettings.accessTokensName] where member(name) == nil {
            note(name, "is missing in \(ClientsSettings.removedName)")
        }
        let id = value("client_id", ClientID.init)
        let statusIndex = value("status_index", StatusIndex.parse)
        let notBefore = notBefore(ClientsSettings.accessTokensName)
        guard let id, problems.isEmpty else { return nil }
        return RemovedClient(id: id, statusIndex: statusIndex, notBefore: notBefore)
    }
}

extension EntryReader {
    /// The moments of a member; none if it is absent, or invalid and reported.
    mutating func notBefore(_ name: String) -> NotBefore {
        guard let node = member(name) else { return .never }
        do throws(InvalidValue) { return try NotBefore(reading: node) } catch {
            note(name, error.description)
            return .never
        }
    }
}
