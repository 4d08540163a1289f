import WireText

/// Writes one JSON text into an array of octets, in a single pass.
public struct JSONWriter {
    /// The text so far.
    public private(set) var bytes: [UInt8] = []

    /// - Parameter capacity: the expected length in octets. A longer text costs a copy.
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

    /// Writes the name of a member. Its value must follow.
    public mutating func name(_ name: String) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
    }

    /// Writes a member with a string, escaped as by ``string(_:)``. A duplicate name is not detected.
    public mutating func member(_ name: String, _ value: String) {
        self.name(name)
        string(value)
    }

    /// Writes a member with a number without fraction and exponent, such as a NumericDate.
    public mutating func member(_ name: String, _ value: Int64) {
        self.name(name)
        integer(value)
    }

    /// Writes a member with an array of strings, even for a single string or none.
    public mutating func member(_ name: String, _ values: [String]) {
        self.name(name)
        array { array in
            for value in values { array.string(value) }
        }
    }

    /// Writes a member with a string if there is one value, and with an array otherwise: the shape of `aud` (RFC 7519
    /// section 4.1.3).
    package mutating func member(_ name: String, oneOrMore values: [some CustomStringConvertible]) {
        if values.count == 1 { member(name, values[0].description) } else { member(name, values.map(\.description)) }
    }

    /// Writes a member with any value, as by ``value(_:)``. A literal is taken for a number or a string first.
    @_disfavoredOverload
    public mutating func member(_ name: String, _ value: JSONValue) {
        self.name(name)
        self.value(value)
    }

    /// Writes members that ``JSONWriter/members(of:)`` has encoded.
    public mutating func members(_ written: [UInt8]) {
        guard !written.isEmpty else { return }
        separate()
        bytes.append(contentsOf: written)
    }

    /// Encodes the members of `object`, without the braces around them.
    public static func members(of object: JSONObject) -> [UInt8] {
        var writer = JSONWriter()
        for member in object.members { writer.member(member.name, member.value) }
        return writer.bytes
    }

    /// Writes a number in decimal. Parsers that use doubles lose precision beyond 2^53 (RFC 8259 section 6).
    public mutating func integer(_ value: Int64) {
        separate()
        bytes.append(contentsOf: String(value).utf8)
    }

    /// Writes any value. Members keep their order. A number with a fraction may be written otherwise than it was read.
    public mutating func value(_ value: JSONValue) {
        switch value {
        case .null: literal("null")
        case .bool(let bool): literal(bool ? "true" : "false")
        case .integer(let integer): self.integer(integer)
        case .longInteger(let digits): literal(digits)
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

    /// Writes a string with the escapes that RFC 8259 section 7 requires, and no others.
    public mutating func string(_ string: String) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        // Most strings need no escapes and are copied in one piece.
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

    /// Writes a comma, unless an element or member is the first, or a value follows its name.
    private mutating func separate() {
        switch bytes.last {
        case nil, UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ":"): break
        default: bytes.append(UInt8(ascii: ","))
        }
    }
}
