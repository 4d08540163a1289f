import JOSE

extension JSONValue {
    /// The value of a YAML node by the core schema: a plain `true` is a boolean, a plain `42` a number, a plain `null`
    /// null. A quoted scalar is text.
    ///
    /// - Returns: `nil` if JSON cannot express the value: keys that are not text or come twice, numbers that are not
    ///   finite or have more than 64 bits, deep nesting, more than a thousand values.
    init?(_ node: some YAMLNode) {
        var budget = 1000
        self.init(node, depth: 0, budget: &budget)
    }

    /// - Parameter budget: how many more values are allowed. Aliases can expand a few lines to millions of values.
    private init?(_ node: some YAMLNode, depth: Int, budget: inout Int) {
        budget -= 1
        guard depth < 16, budget > 0 else { return nil }
        if let (text, isPlain) = node.singleValue {
            self.init(text, isPlain: isPlain)
        } else if let nodes = node.elements {
            var elements: [JSONValue] = []
            for element in nodes {
                guard let value = JSONValue(element, depth: depth + 1, budget: &budget) else { return nil }
                elements.append(value)
            }
            self = .array(elements)
        } else if let nodes = node.members {
            var members: [JSONObject.Member] = []
            var names: Set<String> = []
            for node in nodes {
                // `1` and `"1"` are two keys in YAML and one member name in JSON.
                guard let name = node.name, names.insert(name).inserted,
                    let value = JSONValue(node.value, depth: depth + 1, budget: &budget)
                else { return nil }
                members.append(JSONObject.Member(name, value))
            }
            self = .object(JSONObject(members))
        } else {
            return nil
        }
    }

    private init?(_ text: String, isPlain: Bool) {
        guard isPlain else { self = .string(text); return }
        switch text {
        case "", "~", "null": self = .null
        case "true": self = .bool(true)
        case "false": self = .bool(false)
        case let text:
            if let integer = Int64(text) {
                self = .integer(integer)
            } else if let first = text.utf8.first, "+-.0123456789".utf8.contains(first), let number = Double(text) {
                // Integers of more than 64 bits are refused: JSON parsers would round them.
                guard number.isFinite, !text.utf8.allSatisfy({ "+-0123456789".utf8.contains($0) }) else { return nil }
                self = .number(number)
            } else {
                self = .string(text)
            }
        }
    }
}
