import CLibcrypto

/// The names of a certificate's subjectAltName extension, RFC 5280 section 4.2.1.6, as their octets. An IA5String may hold
/// any octets here, also NUL.
public struct AlternativeNames: Sendable, Equatable {
    /// dNSName
    public var dnsNames: [[UInt8]] = []
    /// uniformResourceIdentifier
    public var uris: [[UInt8]] = []
    /// rfc822Name
    public var emails: [[UInt8]] = []
    /// iPAddress: four octets or sixteen, if the certificate is right.
    public var addresses: [[UInt8]] = []

    init() {}
}

/// One attribute of a distinguished name, RFC 5280 section 4.1.2.4.
public struct NameAttribute: Sendable, Equatable {
    /// The object identifier in decimals with dots: "2.5.4.3".
    public let type: String
    /// The value in UTF-8; `nil` if it is no string of characters.
    public let value: [UInt8]?
    /// The value in DER.
    public let der: [UInt8]
}

extension Certificate {
    /// The names of its subjectAltName extension; none if it has no such extension, or if it cannot be read or occurs
    /// twice (RFC 5280 section 4.2).
    public var alternativeNames: AlternativeNames {
        unsafe withUnsafePointer { certificate in
            let extensionData = unsafe X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil)
            ERR_clear_error()
            var found = AlternativeNames()
            guard let names = OpaquePointer(extensionData) else { return found }
            defer { unsafe GENERAL_NAMES_free(names) }
            for index in 0..<max(0, unsafe CLibcrypto_alternativeNameCount(names)) {
                var kind: Int32 = -1
                guard let name = unsafe CLibcrypto_alternativeName(names, index, &kind) else { continue }
                let octets = unsafe Self.octets(of: name)
                switch kind {
                case GEN_DNS: found.dnsNames.append(octets)
                case GEN_URI: found.uris.append(octets)
                case GEN_EMAIL: found.emails.append(octets)
                case GEN_IPADD: found.addresses.append(octets)
                default: break
                }
            }
            return found
        }
    }

    /// The subject as a sequence of relative distinguished names, in the order of the certificate. Each has one attribute or
    /// more.
    public var subjectName: [[NameAttribute]] {
        unsafe withUnsafePointer { certificate in
            let name = unsafe X509_get_subject_name(certificate)
            var relativeNames: [[NameAttribute]] = []
            for index in 0..<max(0, unsafe X509_NAME_entry_count(name)) {
                guard let entry = unsafe X509_NAME_get_entry(name, index),
                    let value = unsafe X509_NAME_ENTRY_get_data(entry)
                else { continue }
                let attribute = unsafe NameAttribute(
                    type: Self.identifier(of: X509_NAME_ENTRY_get_object(entry)), value: Self.text(of: value),
                    der: Self.der(of: value))
                // Attributes with one number belong to one relative name.
                let position = Int(unsafe X509_NAME_ENTRY_set(entry))
                if position < relativeNames.count {
                    relativeNames[position].append(attribute)
                } else {
                    relativeNames.append([attribute])
                }
            }
            return relativeNames
        }
    }

    private static func octets(of string: UnsafePointer<ASN1_STRING>) -> [UInt8] {
        let count = Int(max(0, unsafe ASN1_STRING_length(string)))
        guard let start = unsafe ASN1_STRING_get0_data(string) else { return [] }
        return unsafe Array(UnsafeBufferPointer(start: start, count: count))
    }

    private static func text(of string: UnsafePointer<ASN1_STRING>) -> [UInt8]? {
        var text: UnsafeMutablePointer<UInt8>?
        let count = unsafe ASN1_STRING_to_UTF8(&text, string)
        guard count >= 0, let start = unsafe text else {
            ERR_clear_error()
            return nil
        }
        defer { unsafe CLibcrypto_clearAndFree(text, Int(count)) }
        return unsafe Array(UnsafeBufferPointer(start: start, count: Int(count)))
    }

    /// The value with tag and length, X.690 section 8.1. Strings have tags below 31.
    private static func der(of string: UnsafePointer<ASN1_STRING>) -> [UInt8] {
        let content = unsafe octets(of: string)
        let tag = UInt8(truncatingIfNeeded: unsafe ASN1_STRING_type(string))
        guard content.count >= 128 else { return [tag, UInt8(content.count)] + content }
        var length: [UInt8] = []
        var rest = content.count
        while rest > 0 {
            length.insert(UInt8(truncatingIfNeeded: rest), at: 0)
            rest >>= 8
        }
        return [tag, 0x80 | UInt8(length.count)] + length + content
    }

    private static func identifier(of object: OpaquePointer?) -> String {
        var text = [CChar](repeating: 0, count: 128)
        let count = unsafe OBJ_obj2txt(&text, Int32(text.count), object, 1)
        guard count > 0, count < text.count else { return "" }
        return String(decoding: text.prefix(Int(count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
