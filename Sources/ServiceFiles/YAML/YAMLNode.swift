/// A node of a YAML file, with the properties that reading `clients.yaml` and `writ.yaml` needs.
protocol YAMLNode: SendableMetatype {
    /// The line of its beginning in the parsed text, from 1.
    var line: Int? { get }
    /// Its explicit tag.
    var tag: YAMLTag { get }
    /// `nil` if it is not a single value.
    var singleValue: YAMLSingleValue? { get }
    /// `nil` if it is not a sequence.
    var elements: [Self]? { get }
    /// In the order of the file; `nil` if it is not a mapping.
    var members: [YAMLMember<Self>]? { get }
    /// Whether such nodes may have a tag or be a merge key.
    static var mayBeTagged: Bool { get }
}

/// A key and its value.
struct YAMLMember<Node> {
    /// `nil` if the key is not a single value.
    let name: String?
    /// Whether the key is written without quotation marks.
    let isPlainName: Bool
    /// The line of the key.
    let line: Int?
    let value: Node
}

/// A scalar, YAML 1.2.2 section 3.2.1.
struct YAMLSingleValue {
    enum Style {
        /// Without quotation marks: the core schema decides what it is.
        case plain
        /// In single or double quotation marks.
        case quoted
        /// Below `|` or `>`.
        case block
    }

    let text: String
    let style: Style
}

/// An explicit tag, YAML 1.2.2 section 3.2.1.2.
enum YAMLTag: Hashable {
    /// Without a tag.
    case none
    /// `!!null`, `!!bool`, `!!int`, `!!float` and `!!str`; `!` is `!!str` for a single value.
    case null, bool, int, float, str
    /// `!!seq` and `!!map`
    case seq, map
    /// Any other tag. It is in no schema that Writ reads.
    case other

    /// How the tag is written.
    var text: String {
        switch self {
        case .none, .other: "!"
        case .null: "!!null"
        case .bool: "!!bool"
        case .int: "!!int"
        case .float: "!!float"
        case .str: "!!str"
        case .seq: "!!seq"
        case .map: "!!map"
        }
    }
}

extension YAMLNode {
    /// The text of a single value; `nil` for any other node. Line feeds at the end of a text below `|` or `>` are
    /// removed: YAML adds them.
    var text: String? {
        guard let value = singleValue else { return nil }
        guard value.style == .block else { return value.text }
        var octets = value.text.utf8[...]
        while octets.last == UInt8(ascii: "\n") { octets.removeLast() }
        return String(octets)
    }

    /// Whether it is null: a plain `null` or `~`, or nothing at all.
    var isNull: Bool {
        guard let value = singleValue else { return false }
        return switch tag {
        case .none: value.style == .plain && CoreSchema.isNull(value.text)
        case .null: CoreSchema.isNull(value.text)
        default: false
        }
    }
}
