import JOSE

/// The key that a token is bound to, as the claim `cnf` names it (RFC 7800 section 3.1).
package enum Confirmation: Sendable, Hashable {
    /// `x5t#S256`, RFC 8705 section 3.1: the SHA-256 of the client's certificate in DER.
    case certificate(sha256: [UInt8])
    /// `jkt`, RFC 9449 section 6.1: the RFC 7638 thumbprint of the client's public key, in base64url.
    case key(thumbprint: String)

    /// The value of `cnf`.
    var json: JSONValue {
        switch self {
        case .certificate(let digest): .object(JSONObject([.init("x5t#S256", .string(Base64URL.encode(digest)))]))
        case .key(let thumbprint): .object(JSONObject([.init("jkt", .string(thumbprint))]))
        }
    }
}
