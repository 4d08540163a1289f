import JOSE

/// The reason why JSON cannot express a YAML node.
struct NotJSON: Error {
    /// The line of the node in the parsed text.
    let line: Int?
    /// What is wrong, for a sentence that begins with the name of the setting.
    let message: String
    let hint: String?

    init(_ node: some YAMLNode, _ message: String, hint: String? = nil) {
        line = node.line
        self.message = message
        self.hint = hint
    }
}

extension JSONValue {
    /// The value of a YAML node by the core schema: a plain `true` is a boolean, a plain `42` a number, a plain `null`
    /// null. A quoted scalar is text.
    ///
    /// - Throws: if JSON cannot express the value: keys that are not text or come twice, numbers that are not finite or
    ///   have more than 64 bits; and for deep nesting and more than a thousand values.
    init(_ node: some YAMLNode) throws(NotJSON) {
        var budget = 1000
        try self.init(node, depth: 0, budget: &budget)
    }

    /// - Parameter budget: how many more values are allowed. Aliases can expand a few lines to millions of values.
    private init(_ node: some YAMLNode, depth: Int, budget: inout Int) throws(NotJSON) {
        budget -= 1
        guard depth < 16 else { throw NotJSON(node, "is nested more than 16 levels deep") }
        guard budget > 0 else { throw NotJSON(node, "has more than a thousand values") }
        if let value = node.singleValue {
            do throws(CoreSchema.Failure) { self.init(try CoreSchema.value(value, node.tag)) } catch {
                throw NotJSON(node, error.message, hint: error.hint)
            }
        } else if let nodes = node.elements {
            var elements: [JSONValue] = []
            for element in nodes { elements.append(try JSONValue(element, depth: depth + 1, budget: &budget)) }
            self = .array(elements)
        } else {
            var members: [JSONObject.Member] = []
            var names: Set<String> = []
            for member in node.members ?? [] {
                guard let name = member.name else { throw NotJSON(node, "has a name that is not a single value") }
                // `1` and `"1"` are two keys in YAML and one member name in JSON.
                guard names.insert(name).inserted else { throw NotJSON(member.value, "has a name twice") }
                let value = try JSONValue(member.value, depth: depth + 1, budget: &budget)
                members.append(JSONObject.Member(name, value))
            }
            self = .object(JSONObject(members))
        }
    }

    private init(_ value: CoreSchema.Value) {
        self =
            switch value {
            case .null: .null
            case .bool(let bool): .bool(bool)
            case .integer(let integer): .integer(integer)
            case .number(let number): .number(number)
            case .text(let text): .string(text)
            }
    }
}
