import WireText

/// Resolves single values by the core schema, YAML 1.2.2 section 10.3.2. Everything that it does not name is text: `yes`,
/// `1_000`, `2027-01-01`.
enum CoreSchema {
    enum Value {
        case null
        case bool(Bool)
        case integer(Int64)
        /// Finite.
        case number(Double)
        case text(String)
    }

    /// Why a single value has no value that JSON can express.
    enum Failure: Error {
        /// `.inf`, `.nan`, or a number that is too large for a floating-point number of 64 bits.
        case notFinite
        /// An integer that has more than 64 bits. JSON parsers would round it.
        case tooLarge
        /// The text is no value of its tag.
        case otherTag
        /// The tag is in no schema that Writ reads.
        case unknownTag
    }

    static func value(_ value: YAMLSingleValue, _ tag: YAMLTag) throws(Failure) -> Value {
        switch tag {
        case .none: return value.style == .plain ? try plain(value.text) : .text(value.text)
        case .str: return .text(value.text)
        case .null:
            guard isNull(value.text) else { throw .otherTag }
            return .null
        case .bool:
            guard let bool = bool(value.text) else { throw .otherTag }
            return .bool(bool)
        case .int:
            guard let integer = try integer(Array(value.text.utf8)) else { throw .otherTag }
            return .integer(integer)
        case .float:
            guard let number = try number(value.text) else { throw .otherTag }
            return .number(number)
        case .seq, .map: throw .otherTag
        case .other: throw .unknownTag
        }
    }

    /// `null | Null | NULL | ~`, or nothing
    static func isNull(_ text: String) -> Bool {
        switch text.utf8.count {
        case 0: true
        case 1: text.isSameText(as: "~")
        case 4: ["null", "Null", "NULL"].contains(where: text.isSameText(as:))
        default: false
        }
    }

    private static func plain(_ text: String) throws(Failure) -> Value {
        if isNull(text) { return .null }
        if let bool = bool(text) { return .bool(bool) }
        if let integer = try integer(Array(text.utf8)) { return .integer(integer) }
        if let number = try number(text) { return .number(number) }
        return .text(text)
    }

    /// `true | True | TRUE | false | False | FALSE`
    static func bool(_ text: String) -> Bool? {
        if ["true", "True", "TRUE"].contains(where: text.isSameText(as:)) { return true }
        return ["false", "False", "FALSE"].contains(where: text.isSameText(as:)) ? false : nil
    }

    /// `[-+]? [0-9]+ | 0o [0-7]+ | 0x [0-9a-fA-F]+`
    private static func integer(_ octets: [UInt8]) throws(Failure) -> Int64? {
        let radix: Int
        let digits: ArraySlice<UInt8>
        switch octets.prefix(2) {
        case Array("0o".utf8)[...]: (radix, digits) = (8, octets.dropFirst(2))
        case Array("0x".utf8)[...]: (radix, digits) = (16, octets.dropFirst(2))
        default: (radix, digits) = (10, octets.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") })
        }
        let isSigned = radix == 10 && digits.count < octets.count
        guard !digits.isEmpty, !isSigned || digits.count + 1 == octets.count,
            digits.allSatisfy({ ASCII.hexValue($0).map { $0 < radix } ?? false })
        else { return nil }
        let sign = isSigned ? String(decoding: octets.prefix(1), as: UTF8.self) : ""
        guard let value = Int64(sign + String(decoding: digits, as: UTF8.self), radix: radix) else { throw .tooLarge }
        return value
    }

    /// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`, and the names of what is not finite
    private static func number(_ text: String) throws(Failure) -> Double? {
        var octets = Array(text.utf8)[...]
        let isSign = { (octet: UInt8) in octet == UInt8(ascii: "-") || octet == UInt8(ascii: "+") }
        let isSigned = octets.first.map(isSign) == true
        if isSigned { octets.removeFirst() }
        let names = [".inf", ".Inf", ".INF"] + (isSigned ? [] : [".nan", ".NaN", ".NAN"])
        if names.contains(where: { octets.elementsEqual($0.utf8) }) { throw .notFinite }
        let whole = removeDigits(&octets)
        var fraction = 0
        if octets.first == UInt8(ascii: ".") {
            octets.removeFirst()
            fraction = removeDigits(&octets)
        }
        guard whole + fraction > 0 else { return nil }
        if let mark = octets.first, mark | 0x20 == UInt8(ascii: "e") {
            octets.removeFirst()
            if octets.first.map(isSign) == true { octets.removeFirst() }
            guard removeDigits(&octets) > 0 else { return nil }
        }
        guard octets.isEmpty, let number = Double(text) else { return nil }
        guard number.isFinite else { throw .notFinite }
        return number
    }

    /// - Returns: how many digits were removed at the beginning.
    private static func removeDigits(_ octets: inout ArraySlice<UInt8>) -> Int {
        let rest = octets.drop(while: ASCII.isDigit)
        defer { octets = rest }
        return octets.count - rest.count
    }
}

extension CoreSchema.Failure {
    /// What is wrong, for a sentence that begins with the name of the setting.
    var message: String {
        switch self {
        case .notFinite: "has an infinity, or what is not a number, which JSON cannot express"
        case .tooLarge: "has a number of more than 64 bits, which JSON readers would round"
        case .otherTag: "has a value that does not fit its tag"
        case .unknownTag: "has a tag that is not one of !!str, !!int, !!float, !!bool, !!null, !!seq and !!map"
        }
    }

    var hint: String {
        switch self {
        case .notFinite, .tooLarge: "put it between quotation marks if it is text"
        case .otherTag, .unknownTag: "leave the tag out, and put the value between quotation marks if it is text"
        }
    }
}
