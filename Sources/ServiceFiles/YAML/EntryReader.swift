import AccessToken

/// Reads one entry of a file with a list of mappings, such as `clients.yaml`, and collects its problems.
protocol EntryReader {
    associatedtype Node: YAMLNode

    var entry: Node { get }
    /// The members of the entry; empty if it is not a mapping.
    var members: [YAMLMember<Node>] { get }
    var file: FileLines { get }
    var problems: [Problem] { get set }
    /// What does not keep the entry from being used.
    var warnings: [Problem] { get set }
    /// The names that a member may have.
    static var memberNames: [String] { get }
}

extension EntryReader {
    /// The value of the member called `name`; `nil` if there is none, or if it is null.
    func member(_ name: String) -> Node? {
        guard let value = members.first(where: { $0.name == name })?.value, !value.isNull else { return nil }
        return value
    }

    /// The place of the member called `name`, or of the entry if it has no such member.
    func place(ofMember name: String) -> Problem.Place { file.place((member(name) ?? entry).line) }

    /// Adds a problem at the member called `name`, or at the entry if it has no such member.
    mutating func note(_ name: String, _ message: String, hint: String? = nil) {
        problems.append(Problem(place(ofMember: name), "\(name) \(message)", hint: hint))
    }

    /// Adds a warning at the member called `name`, or at the entry if it has no such member.
    mutating func warn(_ name: String, _ message: String, hint: String? = nil) {
        warnings.append(Problem(place(ofMember: name), "\(name) \(message)", hint: hint))
    }

    /// Reports each member whose name is set twice or is none of ``memberNames``.
    mutating func checkNames() {
        var seen: Set<String> = []
        for member in members {
            let name = member.name ?? ""
            if !seen.insert(name).inserted {
                problems.append(Problem(file.place(member.line), "\(name) is set twice"))
            }
            guard !Self.memberNames.contains(name) else { continue }
            let nearest = NearestName.of(name, among: Self.memberNames.sorted())
            problems.append(
                Problem(file.place(member.line), "unknown key \(name)", hint: nearest.map { "did you mean \($0)?" }))
        }
    }

    /// The parsed value of a member that is a single value; `nil` if it is absent, or invalid and reported.
    mutating func value<Value>(_ name: String, _ parse: (String) throws(InvalidValue) -> Value) -> Value? {
        guard let node = member(name) else { return nil }
        guard let text = node.text else {
            note(name, "is not a single value")
            return nil
        }
        do throws(InvalidValue) { return try parse(text) } catch {
            note(name, error.description)
            return nil
        }
    }

    /// The value of a member with the URL of a server of keys.
    mutating func keysURL(_ name: String) -> String? {
        value(name) { text throws(InvalidValue) in
            guard TransportSecurity.isAcceptable(text) else {
                throw InvalidValue("is neither https nor http on a loopback host")
            }
            return text
        }
    }
}
