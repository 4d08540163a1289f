import JOSE

/// A JSON text that is written out in code, and looks like one there.
///
/// A type of its own: if `JSONValue` itself could be written as a literal, it would compete with numbers and strings wherever
/// a function takes either.
struct JSONLiteral: Sendable {
    /// A name with its value.
    typealias Member = (String, JSONLiteral)

    let value: JSONValue

    private init(_ value: JSONValue) { self.value = value }

    static func string(_ text: String) -> JSONLiteral { JSONLiteral(.string(text)) }

    /// An array of strings.
    static func strings(_ texts: [String]) -> JSONLiteral { array(texts.map(string)) }

    static func array(_ elements: [JSONLiteral]) -> JSONLiteral { JSONLiteral(.array(elements.map(\.value))) }

    /// An object; the names must be unique.
    static func object(_ members: [Member]) -> JSONLiteral {
        JSONLiteral(.object(JSONObject(members.map { JSONObject.Member($0.0, $0.1.value) })))
    }
}

extension JSONLiteral: ExpressibleByStringInterpolation {
    init(stringLiteral value: String) { self = .string(value) }
}

extension JSONLiteral: ExpressibleByIntegerLiteral {
    init(integerLiteral value: Int64) { self.init(.integer(value)) }
}

extension JSONLiteral: ExpressibleByBooleanLiteral {
    init(booleanLiteral value: Bool) { self.init(.bool(value)) }
}

extension JSONLiteral: ExpressibleByArrayLiteral {
    init(arrayLiteral elements: JSONLiteral...) { self = .array(elements) }
}

extension JSONLiteral: ExpressibleByDictionaryLiteral {
    init(dictionaryLiteral elements: (String, JSONLiteral)...) { self = .object(elements) }
}
