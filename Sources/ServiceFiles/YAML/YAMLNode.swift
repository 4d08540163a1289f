import Yams

/// A node of a YAML file, as far as `clients.yaml` asks for one.
protocol YAMLNode: SendableMetatype {
    /// Where it begins in the text that was parsed, from 1.
    var line: Int? { get }
    /// The text of a single value, and whether it stands there without quotes; nil for anything else.
    var singleValue: (text: String, isPlain: Bool)? { get }
    /// nil for what is no sequence.
    var elements: [Self]? { get }
    /// In the order of the file; nil for what is no mapping.
    var members: [YAMLMember<Self>]? { get }
}

/// A key and its value.
struct YAMLMember<Node> {
    /// nil for a key that is no single value.
    let name: String?
    /// Of the key.
    let line: Int?
    let value: Node
}

extension YAMLNode {
    /// The text of a single value.
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
