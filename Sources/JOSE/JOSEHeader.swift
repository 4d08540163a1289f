import WireText

/// The JOSE header of a JWS, RFC 7515 section 4. Members that hold or refer to a key (`jwk`, `jku`, `x5u`, `x5c`) are
/// never used.
public struct JOSEHeader: Sendable {
    /// What was read. To copy a header costs one count of references.
    private final class Fields: Sendable {
        let algorithm: SignatureAlgorithm
        let keyID: String?
        let type: String?
        let members: JSONObject

        init(reading text: [UInt8]) throws(JWSError) {
            guard let members = (try? JSONReader.read(text))?.object else { throw .malformed }
            guard let name = members["alg"]?.string else { throw .malformed }
            // RFC 7515 section 4.1.11: an extension that is not understood must be rejected, and Writ understands none.
            guard members["crit"] == nil else { throw .criticalExtension }
            guard let algorithm = SignatureAlgorithm(name: name) else { throw .unknownAlgorithm }
            self.algorithm = algorithm
            keyID = try JOSEHeader.string("kid", of: members)
            type = try JOSEHeader.string("typ", of: members)
            self.members = members
        }
    }

    private let fields: Fields

    /// - Throws: if the text is not a JOSE header, its `alg` is not in the table (`none` is not), or it has a `crit`.
    init(reading text: [UInt8]) throws(JWSError) { fields = try Fields(reading: text) }

    /// `alg`
    public var algorithm: SignatureAlgorithm { fields.algorithm }
    /// `kid`
    public var keyID: String? { fields.keyID }
    /// `typ`, as the sender wrote it
    public var type: String? { fields.type }
    /// The whole header.
    public var members: JSONObject { fields.members }

    /// Whether `typ` is this media type, in any case, with or without `application/` before it (RFC 7515 section
    /// 4.1.9).
    package func hasType(_ name: String) -> Bool {
        guard let text = type else { return false }
        // Nearly always, and faster than octet by octet.
        if text.isSameText(as: name) { return true }
        let type = Octets(text)
        if type.count == name.utf8.count { return type.isSameIgnoringCase(as: name) }
        let prefix = "application/"
        return type.count == prefix.utf8.count + name.utf8.count
            && type.prefix(prefix.utf8.count).isSameIgnoringCase(as: prefix)
            && type.dropFirst(prefix.utf8.count).isSameIgnoringCase(as: name)
    }

    /// A header, encoded in base64url.
    package static func encoded(_ algorithm: SignatureAlgorithm, type: StaticString, keyID: String) -> [UInt8] {
        var header = JSONWriter()
        header.object { object in
            object.member("alg", algorithm.name)
            object.member("typ", type.description)
            object.member("kid", keyID)
        }
        var encoded: [UInt8] = []
        Base64URL.append(header.bytes.span, to: &encoded)
        return encoded
    }

    private static func string(_ name: String, of members: JSONObject) throws(JWSError) -> String? {
        guard let value = members[name] else { return nil }
        guard let string = value.string else { throw .malformed }
        return string
    }
}

extension JOSEHeader: Equatable {
    /// Whether both have the same members in the same order. All else is read from these.
    public static func == (first: JOSEHeader, second: JOSEHeader) -> Bool { first.members == second.members }
}
