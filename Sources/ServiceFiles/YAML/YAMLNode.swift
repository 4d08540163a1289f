import Yams

/// A node of a YAML file, with the properties that reading `clients.yaml` needs.
protocol YAMLNode: SendableMetatype {
    /// The line of its beginning in the parsed text, from 1.
    var line: Int? { get }
    /// The text of a single value, and whether it is written without quotes; `nil` for any other node.
    var singleValue: (text: String, isPlain: Bool)? { get }
    /// `nil` if it is not a sequence.
    var elements: [Self]? { get }
    /// In the order of the file; `nil` if it is not a mapping.
    var members: [YAMLMember<Self>]? { get }
}

/// A key and its value.
struct YAMLMember<Node> {
    /// `nil` if the key is not a single value.
    let name: String?
    /// The line of the key.
    let line: Int?
    let value: Node
}

extension YAMLNode {
    /// The text of a single value; `nil` for any other node.
    var text: String? { singleValue?.text }
}

extension Node: YAMLNode {
    var line: Int? { mark?.line }

    var singleValue: (text: String, isPlain: Bool)? {
        scalar.map { ($0.string, $0.style == .plain) }
    }

    var elements: [Node]? {
        sequence.map { Array($0) }
    }

    var members: [YAMLMember<Node>]? {
        guard case .mapping(let mapping) = self else { return nil }
        return mapping.map { YAMLMember(name: $0.key.scalar?.string, line: $0.key.mark?.line, value: $0.value) }
    }
}
