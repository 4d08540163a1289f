import JOSE

// So that a JSON text that is written out in code looks like one. (Not numbers: a NumericDate can be made of both kinds.)

extension JSONValue: ExpressibleByStringInterpolation {
    init(stringLiteral value: String) { self = .string(value) }
}

extension JSONValue: ExpressibleByBooleanLiteral {
    init(booleanLiteral value: Bool) { self = .bool(value) }
}

extension JSONValue: ExpressibleByArrayLiteral {
    init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
}

extension JSONValue: ExpressibleByDictionaryLiteral {
    init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(members: elements) }
}

extension JSONValue {
    /// An object; the names must be unique.
    init(members: [(String, JSONValue)]) {
        self = .object(JSONObject(members.map { JSONObject.Member($0.0, $0.1) }))
    }

    /// An array of strings.
    init(_ strings: [String]) {
        self = .array(strings.map { .string($0) })
    }
}
