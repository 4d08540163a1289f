import AccessToken
import Foundation
import JOSE
import WireText

/// Decodes a JSON value that was read before, and lost nothing then: Foundation's decoder would need the text once more, and
/// its rules for duplicate names and numbers are others.
struct JSONValueDecoder: Decoder {
    let value: JSONValue
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    init(_ value: JSONValue, at codingPath: [any CodingKey]) {
        self.value = value
        self.codingPath = codingPath
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard let object = value.object else { throw mismatch([String: JSONValue].self, "an object") }
        return KeyedDecodingContainer(JSONObjectContainer(object: object, codingPath: codingPath))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard let elements = value.array else { throw mismatch([JSONValue].self, "an array") }
        return JSONArrayContainer(elements: elements, codingPath: codingPath)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { self }

    func mismatch(_ type: Any.Type, _ expected: String) -> DecodingError {
        let context = DecodingError.Context(codingPath: codingPath, debugDescription: "the value is not \(expected)")
        return value == .null ? .valueNotFound(type, context) : .typeMismatch(type, context)
    }

    func corrupted(_ reason: String) -> DecodingError {
        .dataCorrupted(
            DecodingError.Context(codingPath: codingPath, debugDescription: reason, underlyingError: OwnReason()))
    }

    /// Marks an error of this decoder, which shows no value.
    private struct OwnReason: Error {}
}

extension JSONValueDecoder: SingleValueDecodingContainer {
    func decodeNil() -> Bool { value == .null }

    func decode(_: Bool.Type) throws -> Bool {
        guard case .bool(let bool) = value else { throw mismatch(Bool.self, "true or false") }
        return bool
    }

    func decode(_: String.Type) throws -> String {
        guard let string = value.string else { throw mismatch(String.self, "a string") }
        return string
    }

    func decode(_: Double.Type) throws -> Double { try floatingPoint() }

    func decode(_: Float.Type) throws -> Float { try floatingPoint() }

    func decode(_: Int.Type) throws -> Int { try integer() }

    func decode(_: Int8.Type) throws -> Int8 { try integer() }

    func decode(_: Int16.Type) throws -> Int16 { try integer() }

    func decode(_: Int32.Type) throws -> Int32 { try integer() }

    func decode(_: Int64.Type) throws -> Int64 { try integer() }

    func decode(_: UInt.Type) throws -> UInt { try integer() }

    func decode(_: UInt8.Type) throws -> UInt8 { try integer() }

    func decode(_: UInt16.Type) throws -> UInt16 { try integer() }

    func decode(_: UInt32.Type) throws -> UInt32 { try integer() }

    func decode(_: UInt64.Type) throws -> UInt64 { try integer() }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        // These types would read themselves from other values: a Date from the seconds since 2001.
        let special: Any? =
            switch type {
            case is Date.Type: try date()
            case is URL.Type: try url()
            case is Data.Type: try data()
            case is Decimal.Type: try decimal()
            case is JSONValue.Type: self.value
            default: nil
            }
        if let special, let value = special as? Value { return value }
        do { return try type.init(from: self) } catch DecodingError.dataCorrupted(let context) {
            // That of an enum of the standard library shows the value.
            guard context.underlyingError is OwnReason else { throw corrupted("the value is no \(Value.self)") }
            throw DecodingError.dataCorrupted(context)
        }
    }

    private func integer<Value: FixedWidthInteger>() throws -> Value {
        let integer: Value? =
            switch value {
            case .integer(let integer): Value(exactly: integer)
            case .longInteger(let digits): Value(digits)
            case .number(let number): Value(exactly: number)
            default: throw mismatch(Value.self, "a number")
            }
        guard let integer else { throw corrupted("the number does not fit into \(Value.self)") }
        return integer
    }

    private func floatingPoint<Value: BinaryFloatingPoint & LosslessStringConvertible>() throws -> Value {
        let number: Value? =
            switch value {
            case .integer(let integer): Value(integer)
            case .longInteger(let digits): Value(digits)
            case .number(let number): Value(number)
            default: throw mismatch(Value.self, "a number")
            }
        guard let number, number.isFinite else { throw corrupted("the number does not fit into \(Value.self)") }
        return number
    }

    private func decimal() throws -> Decimal {
        let decimal: Decimal? =
            switch value {
            case .integer(let integer): Decimal(integer)
            case .longInteger(let digits): Self.decimal(digits)
            // The shortest text that reads as the number: it was most likely written like that.
            case .number(let number): Decimal(string: "\(number)")
            default: throw mismatch(Decimal.self, "a number")
            }
        guard let decimal, decimal.isFinite else { throw corrupted("the number does not fit into Decimal") }
        return decimal
    }

    /// - Returns: `nil` for a number that is rounded.
    private static func decimal(_ digits: String) -> Decimal? {
        Decimal(string: digits).flatMap { "\($0)".isSameText(as: digits) ? $0 : nil }
    }

    private func date() throws -> Date { Date(timeIntervalSince1970: try floatingPoint()) }

    private func url() throws -> URL {
        guard let url = URL(string: try decode(String.self)) else { throw corrupted("the string is no URL") }
        return url
    }

    private func data() throws -> Data {
        guard let octets = Base64URL.decode(try decode(String.self)) else {
            throw corrupted("the string is not base64url")
        }
        return Data(octets)
    }
}

/// The place of an element of an array, or of the decoder of a class above another.
struct JSONIndex: CodingKey {
    let intValue: Int?
    let stringValue: String

    init(_ index: Int) {
        intValue = index
        stringValue = String(index)
    }

    init(intValue: Int) { self.init(intValue) }

    init(stringValue: String) {
        intValue = nil
        self.stringValue = stringValue
    }
}
