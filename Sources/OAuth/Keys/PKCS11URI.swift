package import AccessToken
package import WireText

/// A `pkcs11:` URI, RFC 7512: a token, or a private key on one.
///
/// Its attributes are octets, and compare octet for octet. The attributes of its query are settings of the service instead.
package struct PKCS11URI: Sendable, Hashable, CustomStringConvertible {
    /// The attributes that a URI may have, in the order of the normal form. `type` is not among them: a URI names a private
    /// key or none.
    package enum Attribute: String, Sendable, CaseIterable {
        case token, manufacturer, model, serial
        case slotID = "slot-id"
        case slotDescription = "slot-description"
        case slotManufacturer = "slot-manufacturer"
        case libraryManufacturer = "library-manufacturer"
        case libraryDescription = "library-description"
        case libraryVersion = "library-version"
        case object, id
    }

    /// The length of the longest URI, in octets.
    package static let maximumSize = 4096

    private let values: [Attribute: [UInt8]]

    /// - Throws: for what RFC 7512 section 2.3 does not allow, an attribute that is not known, and a URI that names neither a
    ///   token nor a key.
    package init(_ text: Octets) throws(InvalidValue) {
        guard text.count <= Self.maximumSize else { throw InvalidValue("is longer than 4096 octets") }
        let (scheme, rest) = text.split(at: ":")
        guard scheme.isSameIgnoringCase(as: "pkcs11"), let rest else {
            throw InvalidValue("is no pkcs11: URI of RFC 7512")
        }
        let (path, query) = rest.split(at: "?")
        if let query, !query.isEmpty { throw Self.refusal(ofQuery: query) }
        self.init(try Self.attributes(of: path))
        guard namesToken || namesKey else { throw InvalidValue("names neither a token nor a key") }
    }

    /// A URI with these attributes, whose values are not encoded. They have been checked, or come from a token.
    package init(_ values: [Attribute: [UInt8]]) {
        self.values = values
    }

    /// The value of an attribute, decoded; `nil` if the URI does not have it.
    package subscript(attribute: Attribute) -> [UInt8]? { values[attribute] }

    /// Whether it says which token: by an attribute of the token or of its slot.
    package var namesToken: Bool {
        let ofTokens: [Attribute] = [
            .token, .manufacturer, .model, .serial, .slotID, .slotDescription, .slotManufacturer,
        ]
        return ofTokens.contains { values[$0] != nil }
    }

    /// Whether it says which key of the token, by its label or its identifier.
    package var namesKey: Bool { values[.object] != nil || values[.id] != nil }

    /// The token of a key: the same URI without the label and the identifier of the key.
    package var token: PKCS11URI { PKCS11URI(values.filter { $0.key != .object && $0.key != .id }) }

    /// The normal form: attributes in one order, `id` encoded whole, and `type` for keys alone.
    package var description: String {
        var parts = Attribute.allCases.compactMap { attribute in
            values[attribute].map { "\(attribute.rawValue)=\(Self.encoded($0, whole: attribute == .id))" }
        }
        if namesKey { parts.append("type=private") }
        return "pkcs11:" + parts.joined(separator: ";")
    }
}

// MARK: Reading

extension PKCS11URI {
    private static func attributes(of path: Octets) throws(InvalidValue) -> [Attribute: [UInt8]] {
        var values: [Attribute: [UInt8]] = [:]
        var hasType = false
        guard !path.isEmpty else { return values }
        for part in path.eachPart(between: ";") {
            let (name, value) = part.split(at: "=")
            guard let value else { throw InvalidValue("has an attribute without a value") }
            let octets = try decoded(value)
            if name.isSame(as: "type") {
                guard !hasType else { throw InvalidValue("has the attribute type twice") }
                guard octets.elementsEqual("private".utf8) else {
                    throw InvalidValue("names no private key: its type is not private")
                }
                hasType = true
                continue
            }
            // Some write what belongs into the query with the path. The value may be a PIN.
            if name.isSame(as: "pin-value") || name.isSame(as: "pin-source") { throw refusal(ofQuery: part) }
            // RFC 7512 section 2.3: a URI with an attribute that is not known matches nothing.
            guard let attribute = Attribute.allCases.first(where: { name.isSame(as: $0.rawValue) }) else {
                throw InvalidValue(
                    "has an attribute that is not known; known are type and",
                    names: Attribute.allCases.map(\.rawValue).joined(separator: ", "))
            }
            guard values[attribute] == nil else {
                throw InvalidValue("has an attribute twice:", names: attribute.rawValue)
            }
            values[attribute] = try checked(octets, as: attribute)
        }
        return values
    }

    /// `pk11-pchar`, RFC 7512 section 2.3
    private static func decoded(_ value: Octets) throws(InvalidValue) -> [UInt8] {
        guard value.allSatisfy({ isUnreserved($0) || "%:[]@!$'()*+,=&".utf8.contains($0) }) else {
            throw InvalidValue("has a character that must be percent-encoded")
        }
        guard let octets = value.array.percentDecoded else {
            throw InvalidValue("has a percent sign without two hexadecimal digits")
        }
        return octets
    }

    private static func checked(_ octets: [UInt8], as attribute: Attribute) throws(InvalidValue) -> [UInt8] {
        switch attribute {
        case .slotID:
            guard let number = Octets(String(decoding: octets, as: UTF8.self)).decimal else {
                throw InvalidValue("has a slot-id that is not a number")
            }
            return Array(String(number).utf8)
        case .libraryVersion:
            let parts = octets.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            let isVersion = parts.count <= 2 && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy(ASCII.isDigit) }
            guard isVersion else { throw InvalidValue("has a library-version that is not of the form 1.23") }
        case .id:
            guard !octets.isEmpty else { throw InvalidValue("has an empty id") }
        default:
            // RFC 7512 section 2.3: all other values are text in UTF-8.
            guard !octets.contains(0), String(validating: octets, as: UTF8.self) != nil else {
                throw InvalidValue("has a value that is not text:", names: attribute.rawValue)
            }
        }
        return octets
    }

    /// Says which setting takes the place of an attribute of the query. It never repeats a value: that may be a PIN.
    private static func refusal(ofQuery query: Octets) -> InvalidValue {
        let names = query.parts(between: "&").map { $0.split(at: "=").head }
        func has(_ name: String) -> Bool { names.contains { $0.isSame(as: name) } }
        if has("pin-value") {
            return InvalidValue("holds a PIN; write that to a file of its own, and its path to pkcs11.pin_file")
        }
        if has("pin-source") {
            return InvalidValue("says where the PIN is (pin-source), which is the setting pkcs11.pin_file instead")
        }
        if has("module-name") || has("module-path") {
            return InvalidValue("names a module (module-name, module-path), which is the setting pkcs11.module instead")
        }
        return InvalidValue("has a query, of which no attribute is known")
    }

    // MARK: Writing

    private static func encoded(_ octets: [UInt8], whole: Bool) -> String {
        var text = ""
        for octet in octets {
            if isUnreserved(octet), !whole {
                text.unicodeScalars.append(Unicode.Scalar(octet))
            } else {
                text += "%"
                for digit in [octet >> 4, octet & 15] {
                    text += String(digit, radix: 16, uppercase: true)
                }
            }
        }
        return text
    }

    /// RFC 3986 section 2.3
    private static func isUnreserved(_ octet: UInt8) -> Bool {
        ASCII.isLetter(octet) || ASCII.isDigit(octet) || "-._~".utf8.contains(octet)
    }
}
