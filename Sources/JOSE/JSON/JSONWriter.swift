/// Appends one JSON text to an array of octets; what is written needs no second pass.
public struct JSONWriter {
    /// The text so far.
    public private(set) var bytes: [UInt8] = []

    /// - Parameter capacity: the octets to expect; a longer text costs a copy.
    public init(reservingCapacity capacity: Int = 256) {
        bytes.reserveCapacity(capacity)
    }

    /// Writes an object whose members `body` writes.
    public mutating func object<Failure: Error>(
        _ body: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        separate()
        bytes.append(UInt8(ascii: "{"))
        try body(&self)
        bytes.append(UInt8(ascii: "}"))
    }

    /// Writes an array whose elements `body` writes.
    public mutating func array<Failure: Error>(
        _ body: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        separate()
        bytes.append(UInt8(ascii: "["))
        try body(&self)
        bytes.append(UInt8(ascii: "]"))
    }

    /// Writes a member's name; its value must follow.
    public mutating func name(_ name: String) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
    }

    /// For a string, escaped as ``string(_:)`` does. Members are not checked for names used twice.
    public mutating func member(_ name: String, _ value: String) {
        self.name(name)
        string(value)
    }

    /// For a number without fraction and exponent, such as a NumericDate.
    public mutating func member(_ name: String, _ value: Int64) {
        self.name(name)
        integer(value)
    }

    /// For an array of strings, also where it holds one or none.
    public mutating func member(_ name: String, _ values: [String]) {
        self.name(name)
        array { array in
            for value in values { array.string(value) }
        }
    }

    /// For a string if there is one value, and for an array otherwise: the shape of `aud` (RFC 7519 section 4.1.3).
    package mutating func member(_ name: String, oneOrMore values: [some CustomStringConvertible]) {
        if values.count == 1 { member(name, values[0].description) } else { member(name, values.map(\.description)) }
    }

    /// For a value of any kind, as ``value(_:)`` writes it.
    public mutating func member(_ name: String, _ value: JSONValue) {
        self.name(name)
        self.value(value)
    }

    /// Writes members that were written before, as ``JSONWriter/members(of:)`` made them.
    public mutating func members(_ written: [UInt8]) {
        guard !written.isEmpty else { return }
        separate()
        bytes.append(contentsOf: written)
    }

    /// The members of `object` without the braces around them.
    public static func members(of object: JSONObject) -> [UInt8] {
        var writer = JSONWriter()
        for member in object.members { writer.member(member.name, member.value) }
        return writer.bytes
    }

    /// In decimal. Readers that make doubles of numbers lose digits beyond 2^53 (RFC 8259 section 6).
    public mutating func integer(_ value: Int64) {
        separate()
        bytes.append(contentsOf: String(value).utf8)
    }

    /// Members keep their order; numbers with a fraction may come out in another spelling than was read.
    public mutating func value(_ value: JSONValue) {
        switch value {
        case .null: literal("null")
        case .bool(let bool): literal(bool ? "true" : "false")
        case .integer(let integer): self.integer(integer)
        case .number(let number): literal(String(number))
        case .string(let string): self.string(string)
        case .array(let elements):
            array { array in
                for element in elements { array.value(element) }
            }
        case .object(let object):
            self.object { writer in
                for member in object.members { writer.member(member.name, member.value) }
            }
        }
    }

    /// Writes a string with the escapes that RFC 8259 section 7 asks for and no other.
    public mutating func string(_ string: String) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        // Most strings can be taken as they are, in one piece.
        if Self.hasEscaped(string.utf8.span) {
            for byte in string.utf8 { character(byte) }
        } else {
            bytes.append(contentsOf: string.utf8)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func hasEscaped(_ text: Span<UInt8>) -> Bool {
        for index in text.indices where isEscaped(text[index]) { return true }
        return false
    }

    private static func isEscaped(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func character(_ byte: UInt8) {
        guard Self.isEscaped(byte) else { return bytes.append(byte) }
        bytes.append(UInt8(ascii: "\\"))
        guard byte < 0x20 else { return bytes.append(byte) }
        bytes.append(contentsOf: byte < 0x10 ? "u000".utf8 : "u001".utf8)
        bytes.append(ASCII.hexDigit(byte & 15))
    }

    private mutating func literal(_ text: String) {
        separate()
        bytes.append(contentsOf: text.utf8)
    }

    /// A comma, unless this is the first thing in its array or object, or the value behind a name.
    private mutating func separate() {
        switch bytes.last {
        case nil, UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ":"): break
        default: bytes.append(UInt8(ascii: ","))
        }
    }
}
