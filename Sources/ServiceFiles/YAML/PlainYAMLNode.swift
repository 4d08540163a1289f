import WireText

/// A node that ``PlainYAML`` has read.
struct PlainYAMLNode: YAMLNode {
    enum Content {
        case singleValue(YAMLSingleValue)
        case sequence([PlainYAMLNode])
        case mapping([YAMLMember<PlainYAMLNode>])
    }

    private let content: Content
    let line: Int?

    init(_ line: Int, _ content: Content) {
        self.line = line
        self.content = content
    }

    /// A key without a value.
    static func null(_ line: Int) -> PlainYAMLNode {
        PlainYAMLNode(line, .singleValue(YAMLSingleValue(text: "", style: .plain)))
    }

    /// Adds a member to a mapping, unless it has its name already, or very many members.
    static func add(
        _ member: YAMLMember<PlainYAMLNode>, to members: inout [YAMLMember<PlainYAMLNode>]
    ) throws(PlainYAML.NotPlain) {
        guard let name = member.name, members.count < PlainYAML.maximumMembers,
            !members.contains(where: { $0.name.map(name.isSameText(as:)) ?? false })
        else { throw PlainYAML.NotPlain() }
        members.append(member)
    }

    static var mayBeTagged: Bool { false }

    var tag: YAMLTag { .none }

    var singleValue: YAMLSingleValue? {
        if case .singleValue(let value) = content { value } else { nil }
    }

    var elements: [PlainYAMLNode]? {
        if case .sequence(let elements) = content { elements } else { nil }
    }

    var members: [YAMLMember<PlainYAMLNode>]? {
        if case .mapping(let members) = content { members } else { nil }
    }
}
