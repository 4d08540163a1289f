import WireText

/// Reads one JSON text, RFC 8259, more strictly than the RFC requires: a text has one meaning or is rejected.
///
/// It rejects duplicate member names, invalid UTF-8, lone surrogates, nesting deeper than ``maximumDepth``, and numbers
/// with a fraction or an exponent that are beyond a double. An integer may have any number of digits. Time and memory are
/// linear in the input.
public struct JSONReader {
    /// The maximum depth of nested arrays and objects.
    public static let maximumDepth = 32

    private let bytes: [UInt8]
    private var index = 0

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The value that `bytes` hold, with nothing but white space around it.
    public static func read(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
        var reader = JSONReader(bytes)
        reader.skipWhiteSpace()
        let value = try reader.readValue(depth: 0)
        reader.skipWhiteSpace()
        guard reader.index == bytes.count else { throw reader.error("characters after the value") }
        return value
    }

    private func error(_ reason: StaticString) -> JSONError {
        JSONError(reason: reason, offset: index)
    }

    private var current: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func skipWhiteSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    private mutating func readValue(depth: Int) throws(JSONError) -> JSONValue {
        guard let byte = current else { throw error("the text ends before a value") }
        switch byte {
        case UInt8(ascii: "{"): return .object(try readObject(depth: depth + 1))
        case UInt8(ascii: "["): return .array(try readArray(depth: depth + 1))
        case UInt8(ascii: "\""): return .string(try readString())
        case UInt8(ascii: "t"): try readWord("true"); return .bool(true)
        case UInt8(ascii: "f"): try readWord("false"); return .bool(false)
        case UInt8(ascii: "n"): try readWord("null"); return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try readNumber()
        default: throw error("not a value")
        }
    }

    private mutating func readWord(_ word: StaticString) throws(JSONError) {
        for byte in word.description.utf8 {
            guard current == byte else { throw error("not a value") }
            index += 1
        }
    }

    private mutating func readArray(depth: Int) throws(JSONError) -> [JSONValue] {
        guard depth <= Self.maximumDepth else { throw error("nested too deep") }
        index += 1
        skipWhiteSpace()
        var elements: [JSONValue] = []
        if skip("]") { return elements }
        while true {
            skipWhiteSpace()
            elements.append(try readValue(depth: depth))
            skipWhiteSpace()
            if skip("]") { return elements }
            guard skip(",") else { throw error("neither , nor ] after an element") }
        }
    }

    private mutating func readObject(depth: Int) throws(JSONError) -> JSONObject {
        guard depth <= Self.maximumDepth else { throw error("nested too deep") }
        index += 1
        skipWhiteSpace()
        var members: [JSONObject.Member] = []
        // The number of members of a usual access token.
        members.reserveCapacity(8)
        var names: Set<[UInt8]>?
        if skip("}") { return JSONObject() }
        while true {
            skipWhiteSpace()
            guard current == UInt8(ascii: "\"") else { throw error("not a member name") }
            let (name, code) = try readName()
            guard Self.isNew(name, code, among: members, &names) else { throw error("a member name used twice") }
            skipWhiteSpace()
            guard skip(":") else { throw error("no : after a member name") }
            skipWhiteSpace()
            members.append(JSONObject.Member(name, code, try readValue(depth: depth)))
            skipWhiteSpace()
            if skip("}") { return JSONObject(members) }
            guard skip(",") else { throw error("neither , nor } after a member") }
        }
    }

    /// Few names are compared one by one. Many are put into a set, so that the time stays linear.
    private static func isNew(
        _ name: String, _ code: JSONObject.NameCode, among members: [JSONObject.Member], _ names: inout Set<[UInt8]>?
    ) -> Bool {
        if members.count < 16 { return !members.indices.contains { members[$0].isNamed(name, code) } }
        if names == nil { names = Set(members.map { Array($0.name.utf8) }) }
        return names?.insert(Array(name.utf8)).inserted ?? false
    }

    /// The name of a member. That of a usual claim is not made again.
    private mutating func readName() throws(JSONError) -> (String, JSONObject.NameCode) {
        let start = index + 1
        let end = endOfPlainText(from: start)
        guard end < bytes.count, bytes[end] == UInt8(ascii: "\"") else {
            let name = try readString(plainUpTo: end)
            return (name, JSONObject.NameCode(name))
        }
        let code = JSONObject.NameCode(bytes.span.extracting(start..<end))
        if let name = code.usualName(bytes.span.extracting(start..<end)) {
            index = end + 1
            return (name, code)
        }
        return (try readString(plainUpTo: end), code)
    }

    private mutating func readString() throws(JSONError) -> String {
        try readString(plainUpTo: endOfPlainText(from: index + 1))
    }

    /// - Parameter end: the index of the first octet that does not stand for itself.
    private mutating func readString(plainUpTo end: Int) throws(JSONError) -> String {
        let start = index + 1
        index = end
        // Most strings have no escapes.
        if skip("\"") {
            guard let text = try? UTF8Span(validating: bytes.span.extracting(start..<end)) else {
                throw error("invalid UTF-8")
            }
            return String(copying: text)
        }
        var content = Array(bytes[start..<index])
        while !skip("\"") {
            guard let byte = current else { throw error("the text ends inside a string") }
            guard byte >= 0x20 else { throw error("a control character inside a string") }
            index += 1
            if byte == UInt8(ascii: "\\") {
                try readEscape(into: &content)
            } else {
                content.append(byte)
            }
        }
        guard let string = String(validating: content, as: UTF8.self) else { throw error("invalid UTF-8") }
        return string
    }

    /// The index of the first octet from `start` on that does not stand for itself in a string.
    private func endOfPlainText(from start: Int) -> Int { start + bytes.span.extracting(start...).plainTextCount }

    private mutating func readEscape(into content: inout [UInt8]) throws(JSONError) {
        guard let byte = current else { throw error("the text ends inside a string") }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "u"): content.append(contentsOf: Array(String(try readEscapedScalar()).utf8))
        default: throw error("an unknown escape")
        }
    }

    /// The scalar after `\u`, which RFC 8259 section 7 writes as one or two UTF-16 code units.
    private mutating func readEscapedScalar() throws(JSONError) -> Character {
        let first = try readCodeUnit()
        if let scalar = Unicode.Scalar(first) { return Character(scalar) }
        guard (0xD800..<0xDC00).contains(first), skip("\\"), skip("u") else { throw error("a lone surrogate") }
        let second = try readCodeUnit()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00))
        else { throw error("a lone surrogate") }
        return Character(scalar)
    }

    private mutating func readCodeUnit() throws(JSONError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = ASCII.hexValue(byte) else {
                throw error("not four hexadecimal digits")
            }
            unit = unit << 4 | UInt16(digit)
            index += 1
        }
        return unit
    }

    private mutating func readNumber() throws(JSONError) -> JSONValue {
        let start = index
        let isNegative = skip("-")
        let digits = skip("0") ? 0 : try readDigits()
        // Up to 18 digits are a number below 2^63.
        if index - start <= 18, current.map(Self.isAfterInteger) ?? true {
            return .integer(isNegative ? -Int64(digits) : Int64(digits))
        }
        var isInteger = true
        if skip(".") {
            isInteger = false
            _ = try readDigits()
        }
        if skip("e") || skip("E") {
            isInteger = false
            if !skip("+") { _ = skip("-") }
            _ = try readDigits()
        }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        if isInteger { return Int64(text).map(JSONValue.integer) ?? .longInteger(text) }
        guard let number = Double(text), number.isFinite else { throw error("a number too large") }
        return .number(number)
    }

    /// Whether a number is an integer if this octet is after its digits.
    private static func isAfterInteger(_ octet: UInt8) -> Bool {
        octet != UInt8(ascii: ".") && octet | 0x20 != UInt8(ascii: "e")
    }

    /// - Returns: the number that the digits form, modulo 2^64.
    private mutating func readDigits() throws(JSONError) -> UInt64 {
        let start = index
        var number: UInt64 = 0
        while let byte = current, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
            number = number &* 10 &+ UInt64(byte - UInt8(ascii: "0"))
            index += 1
        }
        guard index > start else { throw error("not a digit") }
        return number
    }
}
