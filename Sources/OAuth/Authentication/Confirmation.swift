import JOSE

/// What a token is bound to, as the claim `cnf` names it (RFC 7800 section 3.1): a certificate, a key, or both.
package struct Confirmation: Sendable, Hashable {
    /// `x5t#S256`, RFC 8705 section 3.1: the SHA-256 of the client's certificate in DER.
    var certificateDigest: [UInt8]?
    /// `jkt`, RFC 9449 section 6.1: the RFC 7638 thumbprint of the client's public key, in base64url.
    package private(set) var keyThumbprint: String?

    /// For a token that is bound to the certificate alone.
    package static func certificate(sha256: [UInt8]) -> Confirmation { Confirmation(certificateDigest: sha256) }

    /// For a token that is bound to the key alone.
    package static func key(thumbprint: String) -> Confirmation { Confirmation(keyThumbprint: thumbprint) }

    /// The members of `cnf`, at least one.
    package var members: [(name: String, digest: String)] {
        var members: [(name: String, digest: String)] = []
        if let certificateDigest { members.append(("x5t#S256", Base64URL.encode(certificateDigest))) }
        if let keyThumbprint { members.append(("jkt", keyThumbprint)) }
        return members
    }

    /// The value of `cnf`.
    var json: JSONValue { .object(JSONObject(members.map { JSONObject.Member($0.name, .string($0.digest)) })) }

    /// `token_type` of a token that is bound to it. RFC 8705 section 3: a token that is bound to a certificate is sent as
    /// any other.
    var tokenType: TokenType { keyThumbprint == nil ? .bearer : .dpop }
}

/// How an access token is sent, RFC 6749 section 7.1.
enum TokenType: String {
    /// RFC 6750
    case bearer = "Bearer"
    /// RFC 9449 section 5
    case dpop = "DPoP"
}
