import Yams

/// A node that Yams has read.
struct YamsNode: YAMLNode {
    let node: Node
    private let marks: NonSpecificTags

    private init(_ node: Node, _ marks: NonSpecificTags) {
        self.node = node
        self.marks = marks
    }

    /// Parses a text.
    ///
    /// - Returns: `nil` if it has no content.
    static func parse(_ text: String) throws -> YamsNode? {
        // The basic resolver is enough: `CoreSchema` resolves plain scalars, and Yams does it with regular expressions.
        try Yams.compose(yaml: text, .basic).map { YamsNode($0, NonSpecificTags(in: text)) }
    }

    static var mayBeTagged: Bool { true }

    var line: Int? { node.mark?.line }

    var tag: YAMLTag {
        let name: String
        switch node {
        case .scalar(let scalar):
            if marks.contains(scalar.mark) { return .str }
            // Yams gives every scalar in quotation marks the tag of text.
            if scalar.style != .plain, scalar.tag == Tag(.str) { return .none }
            name = scalar.tag.rawValue
        case .sequence(let sequence): name = sequence.tag.rawValue
        case .mapping(let mapping): name = mapping.tag.rawValue
        default: name = ""
        }
        return name.isEmpty ? .none : Self.tags[name] ?? .other
    }

    private static let tags: [String: YAMLTag] = [
        "tag:yaml.org,2002:null": .null, "tag:yaml.org,2002:bool": .bool, "tag:yaml.org,2002:int": .int,
        "tag:yaml.org,2002:float": .float, "tag:yaml.org,2002:str": .str, "tag:yaml.org,2002:seq": .seq,
        "tag:yaml.org,2002:map": .map, "!": .none,
    ]

    var singleValue: YAMLSingleValue? {
        guard let scalar = node.scalar else { return nil }
        let style: YAMLSingleValue.Style =
            switch scalar.style {
            case .any, .plain: .plain
            case .singleQuoted, .doubleQuoted: .quoted
            case .literal, .folded: .block
            }
        return YAMLSingleValue(text: scalar.string, style: style)
    }

    var elements: [YamsNode]? {
        node.sequence.map { $0.map { YamsNode($0, marks) } }
    }

    var members: [YAMLMember<YamsNode>]? {
        guard case .mapping(let mapping) = node else { return nil }
        return mapping.map { key, value in
            YAMLMember(
                name: key.scalar?.string, isPlainName: key.scalar?.style == .plain, line: key.mark?.line,
                value: YamsNode(value, marks))
        }
    }
}

/// Where the tag `!` stands, which makes text of a plain scalar (YAML 1.2.2 section 6.9.1). libyaml does not report it.
private struct NonSpecificTags {
    private struct Position: Hashable {
        let line: Int
        let column: Int
    }

    private var positions: Set<Position> = []

    init(in text: String) {
        guard text.utf8.contains(UInt8(ascii: "!")) else { return }
        var (line, column) = (1, 1)
        var last: Position?
        for scalar in text.unicodeScalars {
            if let position = last, [" ", "\t", "\n", "\r", ",", "]", "}"].contains(scalar) {
                positions.insert(position)
            }
            last = scalar == "!" ? Position(line: line, column: column) : nil
            column += 1
            if scalar == "\n" { (line, column) = (line + 1, 1) }
        }
        if let last { positions.insert(last) }
    }

    func contains(_ mark: Mark?) -> Bool {
        guard !positions.isEmpty, let mark else { return false }
        return positions.contains(Position(line: mark.line, column: mark.column))
    }
}
