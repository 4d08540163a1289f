/// Finds what Writ does not read in YAML: tags of other schemas, and the merge keys of YAML 1.1.
struct YAMLForm {
    private(set) var problems: [Problem] = []
    private let file: FileLines
    /// How many more nodes are looked at. Aliases can expand a few lines to millions of nodes.
    private var budget = 10_000
    private static let maximumDepth = 32

    /// - Returns: at most one problem for each node.
    static func problems<Node: YAMLNode>(in node: Node, of file: FileLines) -> [Problem] {
        guard Node.mayBeTagged else { return [] }
        var form = YAMLForm(file: file)
        form.look(at: node, depth: 0)
        return form.problems
    }

    /// - Returns: the problems with one member of a mapping.
    static func problems<Node: YAMLNode>(with member: YAMLMember<Node>, of file: FileLines) -> [Problem] {
        guard Node.mayBeTagged else { return [] }
        var form = YAMLForm(file: file)
        form.look(at: member, depth: 0)
        return form.problems
    }

    private init(file: FileLines) { self.file = file }

    private mutating func look(at node: some YAMLNode, depth: Int) {
        guard budget > 0 else { return }
        budget -= 1
        guard budget > 0, depth < Self.maximumDepth else {
            budget = 0
            problems.append(
                Problem(file.place(node.line), "has more than 10000 values, or more than \(Self.maximumDepth) levels"))
            return
        }
        if let value = node.singleValue {
            guard node.tag != .none else { return }
            do throws(CoreSchema.Failure) { _ = try CoreSchema.value(value, node.tag) } catch { add(error, node) }
        } else if let elements = node.elements {
            if node.tag != .none, node.tag != .seq { add(node.tag == .other ? .unknownTag : .otherTag, node) }
            for element in elements { look(at: element, depth: depth + 1) }
        } else {
            if node.tag != .none, node.tag != .map { add(node.tag == .other ? .unknownTag : .otherTag, node) }
            for member in node.members ?? [] { look(at: member, depth: depth) }
        }
    }

    private mutating func look(at member: YAMLMember<some YAMLNode>, depth: Int) {
        if member.isMerge { problems.append(Self.merge(file.place(member.line))) }
        look(at: member.value, depth: depth + 1)
    }

    private mutating func add(_ failure: CoreSchema.Failure, _ node: some YAMLNode) {
        problems.append(Problem(file.place(node.line), failure.message, hint: failure.hint))
    }

    private static func merge(_ place: Problem.Place) -> Problem {
        Problem(
            place, "<< is a merge key, which YAML 1.2 does not have",
            hint: "write the members out, or put << between quotation marks if it is a name")
    }
}

extension YAMLMember {
    /// Whether the key is the merge key of YAML 1.1.
    var isMerge: Bool {
        guard isPlainName, let name else { return false }
        return name.utf8.elementsEqual("<<".utf8)
    }
}
