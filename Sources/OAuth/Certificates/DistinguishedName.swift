package import AccessToken
package import Libcrypto
import WireText

/// A distinguished name as RFC 4514 writes it: `CN=payments,OU=clients,O=Example`. The relative name that a certificate has
/// last comes first.
package struct DistinguishedName: Sendable, Hashable {
    /// The value of an attribute.
    enum Value: Sendable, Hashable {
        /// In UTF-8.
        case text([UInt8])
        /// `#` and hexadecimal digits: the value in DER.
        case der([UInt8])
    }

    struct Attribute: Sendable, Hashable {
        /// The object identifier: `2.5.4.3`.
        let type: String
        let value: Value

        fileprivate func matches(_ other: NameAttribute) -> Bool {
            guard type.isSameText(as: other.type) else { return false }
            return switch value {
            case .text(let text): other.value == text
            case .der(let der): other.der == der
            }
        }
    }

    /// In the order of a certificate.
    private let relativeNames: [[Attribute]]

    /// Parses a name. Blanks beside `,`, `+`, `=` and `;` do not count, and neither does the letter case of types.
    ///
    /// - Throws: for an empty name, and for one that RFC 4514 section 3 does not allow.
    package init(_ text: String) throws(InvalidValue) {
        var reader = DistinguishedNameReader(text)
        relativeNames = try reader.read().reversed()
    }

    /// Whether a certificate has this subject: the same relative names in the same order. The attributes of one relative name
    /// have no order.
    package func isSubject(of certificate: Certificate) -> Bool {
        let others = certificate.subjectName
        return others.count == relativeNames.count && zip(relativeNames, others).allSatisfy(Self.matches)
    }

    private static func matches(_ own: [Attribute], _ others: [NameAttribute]) -> Bool {
        guard own.count == others.count else { return false }
        var rest = own
        for other in others {
            guard let index = rest.firstIndex(where: { $0.matches(other) }) else { return false }
            rest.remove(at: index)
        }
        return true
    }

    /// The object identifiers of the names of types in RFC 4514 section 3 and of others that are widespread, by the name in
    /// lower case.
    static let types: [String: String] = [
        "cn": "2.5.4.3", "sn": "2.5.4.4", "serialnumber": "2.5.4.5", "c": "2.5.4.6", "l": "2.5.4.7", "st": "2.5.4.8",
        "street": "2.5.4.9", "o": "2.5.4.10", "ou": "2.5.4.11", "title": "2.5.4.12", "businesscategory": "2.5.4.15",
        "postalcode": "2.5.4.17", "givenname": "2.5.4.42", "gn": "2.5.4.42", "dnqualifier": "2.5.4.46",
        "pseudonym": "2.5.4.65", "organizationidentifier": "2.5.4.97", "uid": "0.9.2342.19200300.100.1.1",
        "dc": "0.9.2342.19200300.100.1.25", "emailaddress": "1.2.840.113549.1.9.1", "e": "1.2.840.113549.1.9.1",
        "jurisdictionl": "1.3.6.1.4.1.311.60.2.1.1", "jurisdictionst": "1.3.6.1.4.1.311.60.2.1.2",
        "jurisdictionc": "1.3.6.1.4.1.311.60.2.1.3",
    ]
}

/// Reads the octets of a distinguished name.
private struct DistinguishedNameReader {
    private let octets: [UInt8]
    private var position = 0

    init(_ text: String) { octets = Array(text.utf8) }

    /// The relative names in the order of the text.
    mutating func read() throws(InvalidValue) -> [[DistinguishedName.Attribute]] {
        skipBlanks()
        guard next != nil else { throw InvalidValue("is empty") }
        var names: [[DistinguishedName.Attribute]] = []
        repeat {
            var attributes = [try attribute()]
            while take("+") { attributes.append(try attribute()) }
            names.append(attributes)
            // RFC 2253 section 4: older writers have semicolons.
        } while take(",") || take(";")
        guard next == nil else { throw Self.malformed }
        return names
    }

    private static let malformed = InvalidValue(
        "is not a distinguished name of RFC 4514, such as CN=payments,O=Example")

    private var next: UInt8? { position < octets.count ? octets[position] : nil }

    private mutating func skipBlanks() { while next == UInt8(ascii: " ") { position += 1 } }

    private mutating func take(_ octet: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: octet) else { return false }
        position += 1
        return true
    }

    private mutating func attribute() throws(InvalidValue) -> DistinguishedName.Attribute {
        skipBlanks()
        let start = position
        while let octet = next, ASCII.isLetter(octet) || ASCII.isDigit(octet) || ".-".utf8.contains(octet) {
            position += 1
        }
        let name = Octets(String(decoding: octets[start..<position], as: UTF8.self))
        skipBlanks()
        guard !name.isEmpty, take("=") else { throw Self.malformed }
        let type = try Self.type(name)
        skipBlanks()
        let value: DistinguishedName.Value = next == UInt8(ascii: "#") ? .der(try hexadecimal()) : .text(try text())
        skipBlanks()
        return DistinguishedName.Attribute(type: type, value: value)
    }

    private static func type(_ name: Octets) throws(InvalidValue) -> String {
        if let type = DistinguishedName.types[name.lowercased] { return type }
        let numbers = name.parts(between: ".")
        guard numbers.count > 1, numbers.allSatisfy({ $0.decimal != nil }) else {
            throw InvalidValue("has an attribute type that is not known; its object identifier can be written: 2.5.4.3")
        }
        return name.text
    }

    /// RFC 4514 section 2.4: `#` and the value in DER.
    private mutating func hexadecimal() throws(InvalidValue) -> [UInt8] {
        position += 1
        var der: [UInt8] = []
        while let high = next.flatMap(ASCII.hexValue) {
            position += 1
            guard let low = next.flatMap(ASCII.hexValue) else { throw Self.malformed }
            position += 1
            der.append(high << 4 | low)
        }
        guard !der.isEmpty else { throw Self.malformed }
        return der
    }

    /// RFC 4514 section 3: the characters of a value, some of them behind a backslash. RFC 2253 section 4 also has values in
    /// quotation marks.
    private mutating func text() throws(InvalidValue) -> [UInt8] {
        let isQuoted = take("\"")
        var value: [UInt8] = []
        // The length without blanks that end the value and are not escaped.
        var length = 0
        while let octet = next {
            if octet == UInt8(ascii: "\\") {
                position += 1
                value.append(try escaped())
                length = value.count
                continue
            }
            if isQuoted, octet == UInt8(ascii: "\"") { break }
            if !isQuoted, ",;+".utf8.contains(octet) { break }
            guard octet != 0, isQuoted || !"\"<>".utf8.contains(octet) else { throw Self.malformed }
            value.append(octet)
            position += 1
            if isQuoted || octet != UInt8(ascii: " ") { length = value.count }
        }
        if isQuoted { guard take("\"") else { throw Self.malformed } }
        guard length > 0 else { throw InvalidValue("has an attribute without a value") }
        return Array(value.prefix(length))
    }

    /// What stands behind a backslash: a character, or two hexadecimal digits for an octet.
    private mutating func escaped() throws(InvalidValue) -> UInt8 {
        guard let octet = next else { throw Self.malformed }
        position += 1
        if " \"#+,;<=>\\".utf8.contains(octet) { return octet }
        guard let high = ASCII.hexValue(octet), let low = next.flatMap(ASCII.hexValue) else { throw Self.malformed }
        position += 1
        return high << 4 | low
    }
}
