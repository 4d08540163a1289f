import WireText

/// A JSON text, RFC 8259, as tokens, keys and key sets use it.
public enum JSONValue: Sendable {
    /// The value `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number of at most 64 bits, written without fraction and exponent.
    case integer(Int64)
    /// A longer one: its decimal digits, with `-` before them if it is negative. Each number has one such text.
    case longInteger(String)
    /// Any other number; always finite.
    case number(Double)
    /// A string.
    case string(String)
    /// An array.
    case array([JSONValue])
    /// An object.
    case object(JSONObject)

    /// `nil` for any other kind of value, `null` included.
    public var object: JSONObject? {
        if case .object(let object) = self { object } else { nil }
    }

    /// `nil` for any other kind of value: a single value is not an array.
    public var array: [JSONValue]? {
        if case .array(let array) = self { array } else { nil }
    }

    /// The elements of an array, or the value itself if it is not an array: the shape of `aud` (RFC 7519 section
    /// 4.1.3).
    package var oneOrMore: [JSONValue] { array ?? [self] }

    /// `nil` for any other kind of value: a number is not converted to text.
    public var string: String? {
        if case .string(let string) = self { string } else { nil }
    }

    /// `nil` for any other kind of value, for a number beyond 64 bits, and for one written as 1.0 or 1e3.
    public var integer: Int64? {
        if case .integer(let integer) = self { integer } else { nil }
    }
}

extension JSONValue: Equatable {
    /// Compares the kind of value, and strings octet for octet: Swift's own `==` equates U+212A with the letter K.
    public static func == (first: JSONValue, second: JSONValue) -> Bool {
        switch (first, second) {
        case (.null, .null): true
        case (.bool(let first), .bool(let second)): first == second
        case (.integer(let first), .integer(let second)): first == second
        case (.longInteger(let first), .longInteger(let second)): first.isSameText(as: second)
        case (.number(let first), .number(let second)): first == second
        case (.string(let first), .string(let second)): first.isSameText(as: second)
        case (.array(let first), .array(let second)): first == second
        case (.object(let first), .object(let second)): first == second
        default: false
        }
    }
}
