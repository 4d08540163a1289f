import JOSE
import Yams

extension JSONValue {
    /// The value of a YAML node by the core schema: a plain `true` is a boolean, `42` a number, `null` null; what is
    /// quoted is text.
    ///
    /// - Returns: nil for what JSON cannot say: keys that are no text, numbers that are not finite, deep nesting.
    init?(_ node: Node, depth: Int = 0) {
        guard depth < 16 else { return nil }
        switch node {
        case .scalar(let scalar):
            self.init(scalar)
        case .sequence(let sequence):
            var elements: [JSONValue] = []
            for element in sequence {
                guard let value = JSONValue(element, depth: depth + 1) else { return nil }
                elements.append(value)
            }
            self = .array(elements)
        case .mapping(let mapping):
            var members: [JSONObject.Member] = []
            for (key, node) in mapping {
                guard let name = key.scalar?.string, let value = JSONValue(node, depth: depth + 1) else { return nil }
                members.append(JSONObject.Member(name, value))
            }
            self = .object(JSONObject(members))
        case .alias:
            return nil
        }
    }

    private init?(_ scalar: Node.Scalar) {
        guard scalar.style == .plain else { self = .string(scalar.string); return }
        switch scalar.string {
        case "", "~", "null": self = .null
        case "true": self = .bool(true)
        case "false": self = .bool(false)
        case let text:
            if let integer = Int64(text) {
                self = .integer(integer)
            } else if let first = text.utf8.first, "+-.0123456789".utf8.contains(first), let number = Double(text) {
                guard number.isFinite else { return nil }
                self = .number(number)
            } else {
                self = .string(text)
            }
        }
    }
}
