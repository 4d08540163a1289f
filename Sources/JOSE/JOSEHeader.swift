/// The JOSE header of a JWS, RFC 7515 section 4. Members that would lead to a key (`jwk`, `jku`, `x5u`, `x5c`) are
/// neither followed nor read.
public struct JOSEHeader: Sendable, Equatable {
    /// `alg`
    public let algorithm: SignatureAlgorithm
    /// `kid`
    public let keyID: String?
    /// `typ`, as it was written
    public let type: String?
    /// The whole header.
    public let members: JSONObject

    /// - Throws: for what is no header, an algorithm that is not in the table (`none` is not), or any `crit`.
    init(reading text: [UInt8]) throws(JWSError) {
        guard let members = (try? JSONReader.read(text))?.object else { throw .malformed }
        guard let name = members["alg"]?.string else { throw .malformed }
        // RFC 7515 section 4.1.11: an extension that is not understood must be refused, and none is.
        guard members["crit"] == nil else { throw .criticalExtension }
        guard let algorithm = SignatureAlgorithm(name: name) else { throw .unknownAlgorithm }
        self.algorithm = algorithm
        keyID = try Self.string("kid", of: members)
        type = try Self.string("typ", of: members)
        self.members = members
    }

    /// Whether `typ` is this media type, with or without `application/` in front and in any case (RFC 7515 section 4.1.9).
    package func hasType(_ name: String) -> Bool {
        guard let type else { return false }
        if type == name { return true }
        let lowercased = type.lowercased()
        return lowercased == name || lowercased == "application/" + name
    }

    /// A header in base64url.
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
