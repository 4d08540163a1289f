package import AccessToken
package import JOSE
package import WireText

/// A claim that a token must have, with the values of which it must have one.
package struct PinnedClaim: Sendable, Equatable {
    package let path: ClaimPath
    /// Never empty. Texts, numbers and booleans.
    package let accepted: [JSONValue]

    /// The most values.
    private static let mostValues = 100

    /// - Throws: for no value, more than a hundred, or one that is null, an array or an object.
    package init(_ path: ClaimPath, oneOf accepted: [JSONValue]) throws(InvalidValue) {
        guard !accepted.isEmpty else { throw InvalidValue("has no value") }
        guard accepted.count <= Self.mostValues else { throw InvalidValue("has more than a hundred values") }
        guard accepted.allSatisfy({ PinnedValue($0) != nil }) else {
            throw InvalidValue("has a value that is no text, number or boolean")
        }
        self.path = path
        self.accepted = accepted
    }

    /// Whether the token has one of the values there. It compares the type as well: the text "456" is not the number 456. A
    /// claim that is an array matches if it contains one of them.
    package func matches(_ claims: JSONObject) -> Bool {
        guard let value = path.value(in: claims) else { return false }
        return value.oneOrMore.contains { accepted.contains($0) }
    }

    /// As the option `--identity` takes it: `repository_id=456`. A value that is no text is behind `:=`.
    package var description: String {
        accepted.map { value in
            if let text = value.string { return "\(path)=\(text)" }
            return "\(path):=\(value.jsonText)"
        }.joined(separator: ",")
    }
}

/// A text, number or boolean as a key.
package enum PinnedValue: Sendable, Hashable {
    case text(ExactText)
    case integer(Int64)
    /// One of more than 64 bits.
    case longInteger(ExactText)
    case number(Double)
    case bool(Bool)

    /// - Returns: `nil` for null, an array or an object.
    package init?(_ value: JSONValue) {
        switch value {
        case .string(let text): self = .text(ExactText(text))
        case .integer(let integer): self = .integer(integer)
        case .longInteger(let digits): self = .longInteger(ExactText(digits))
        case .number(let number): self = .number(number)
        case .bool(let bool): self = .bool(bool)
        case .null, .array, .object: return nil
        }
    }
}

extension JSONValue {
    /// The value as JSON.
    package var jsonText: String {
        var writer = JSONWriter()
        writer.value(self)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
