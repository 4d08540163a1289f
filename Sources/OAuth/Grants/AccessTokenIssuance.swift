public import AccessToken
public import JOSE
package import Libcrypto

/// An access token without its signature, RFC 9068 section 2.
public struct UnsignedAccessToken: Sendable {
    /// What the token says.
    package let grant: AuthorizedGrant
    /// The key that has to sign: its `alg` and `kid` are in the header.
    package let key: SigningKey
    /// `jti`
    package let tokenID: TokenID
    /// `iat`
    let issuedAt: NumericDate
    /// `exp`
    let expiresAt: NumericDate
    /// The input of the signature, RFC 7515 section 5.1.
    public let signingInput: JWSSigningInput

    /// - Parameters:
    ///   - key: the one that signs; its `alg` and `kid` become the header.
    ///   - id: `jti`
    ///   - now: `iat`; `exp` is the lifetime of the grant later, in seconds.
    public init(for grant: AuthorizedGrant, key: SigningKey, policy: IssuancePolicy, id: TokenID, now: NumericDate) {
        issuedAt = now
        let terms = grant.terms
        expiresAt = now + terms.lifetime
        let claims = AccessTokenClaims(
            issuer: policy.issuer, subject: terms.subject, audience: terms.audience,
            expiresAt: expiresAt, issuedAt: issuedAt, tokenID: id.description, clientID: terms.client.id,
            scope: terms.scope)
        self.grant = grant
        self.key = key
        tokenID = id
        signingInput = JWSSigningInput(
            encodedHeader: key.encodedHeader, payload: claims.json(adding: terms.furtherClaims))
    }
}

extension AuthorizedGrant.Terms {
    /// The claims that most tokens do not have, and the client's own, as ``JSONWriter/members(of:)`` writes members.
    var furtherClaims: [UInt8] {
        guard actor != nil || confirmation != nil || status != nil else { return client.claims }
        var claims = JSONWriter()
        if let actor { claims.member("act", .object(JSONObject([.init("sub", .string(actor))]))) }
        if let confirmation { claims.member("cnf", confirmation.json) }
        if let status {
            let place = JSONObject([.init("idx", .integer(status.index)), .init("uri", .string(status.list))])
            claims.member("status", .object(JSONObject([.init("status_list", .object(place))])))
        }
        claims.members(client.claims)
        return claims.bytes
    }
}

/// An access token with its signature.
public struct IssuedAccessToken: Sendable {
    /// What was signed.
    package let content: UnsignedAccessToken
    /// In compact serialization, RFC 7515 section 7.1.
    let compact: String

    /// - Parameter signature: over ``UnsignedAccessToken/signingInput``, by its key, as RFC 7518 section 3 writes it.
    public init(_ content: UnsignedAccessToken, signature: [UInt8]) {
        self.content = content
        compact = content.signingInput.compactText(with: signature)
    }

    /// Whether it may answer one more request at `now`. It may not if the clock was set back to a time before its issue.
    package func isReusable(at now: NumericDate) -> Bool {
        content.issuedAt <= now && now < content.issuedAt + content.grant.reuse
    }
}

/// A `jti`, RFC 7519 section 4.1.7: 128 random bits in base64url.
public struct TokenID: Sendable, Hashable, CustomStringConvertible {
    /// 22 characters, unless a test chose others.
    public let description: String

    /// - Throws: if libcrypto gives no random octets.
    package init() throws(LibcryptoError) {
        description = Base64URL.encode(try RandomBytes.make(16))
    }

    /// For tests, which have to know it beforehand.
    public init(_ text: String) {
        description = text
    }
}
