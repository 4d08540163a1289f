public import AccessToken
public import JOSE
package import Libcrypto
import WireText

/// An access token without its signature.
public struct UnsignedAccessToken: Sendable {
    /// The grant that the token is issued for.
    package let grant: AuthorizedGrant
    /// The key that must sign: its `alg` and `kid` are in the header.
    package let key: SigningKey
    /// `jti`
    package let tokenID: TokenID
    /// `iat`
    let issuedAt: NumericDate
    /// `exp`
    let expiresAt: NumericDate
    /// The input of the signature, RFC 7515 section 5.1.
    public let signingInput: JWSSigningInput

    /// - Parameter now: when the token is issued; it expires after the lifetime of the grant.
    public init(for grant: AuthorizedGrant, key: SigningKey, policy: IssuancePolicy, id: TokenID, now: NumericDate) {
        issuedAt = now
        let terms = grant.terms
        expiresAt = now + terms.lifetime
        let claims = AccessTokenClaims(
            issuer: policy.issuer, subject: terms.subject.description, audience: terms.audience,
            expiresAt: expiresAt, issuedAt: issuedAt, tokenID: id.description, clientID: terms.client.id,
            scope: terms.scope)
        self.grant = grant
        self.key = key
        tokenID = id
        signingInput = JWSSigningInput(
            encodedHeader: key.encodedHeader(for: terms.shape.type),
            payload: claims.json(shape: terms.shape, adding: terms.furtherClaims))
    }
}

extension AuthorizedGrant.Terms {
    /// The claims that most tokens lack, and the client's own, as ``JSONWriter/members(of:)`` writes members.
    var furtherClaims: [UInt8] {
        guard actor != nil || confirmation != nil || status != nil || !copiedClaims.isEmpty else {
            return client.claims
        }
        var claims = JSONWriter()
        if let actor { claims.member("act", .object(JSONObject([.init("sub", .string(actor.description))]))) }
        if let confirmation { claims.member("cnf", confirmation.json) }
        if let status { claims.member("status", status.json) }
        claims.members(client.claims)
        claims.members(copiedClaims)
        return claims.bytes
    }
}

/// An access token with its signature.
public struct IssuedAccessToken: Sendable {
    /// The content that was signed.
    package let content: UnsignedAccessToken
    /// In compact serialization, RFC 7515 section 7.1.
    let compact: String

    /// - Parameter signature: over ``UnsignedAccessToken/signingInput``, by its key, as RFC 7518 section 3 writes it.
    public init(_ content: UnsignedAccessToken, signature: [UInt8]) {
        self.content = content
        compact = content.signingInput.compactText(with: signature)
    }

    /// Whether it may answer another request at `now`. It may not if the clock was set back to before its issue, and if a moment
    /// of its client has come that lay ahead.
    package func isReusable(at now: NumericDate) -> Bool {
        content.issuedAt <= now && now < content.issuedAt + content.grant.reuse
            && !content.grant.client.notBefore.accessTokens.revokes(content.issuedAt, at: now)
    }
}

/// A `jti`, RFC 7519 section 4.1.7: 128 random bits in base64url.
public struct TokenID: Sendable, Hashable, CustomStringConvertible {
    /// 22 characters, unless a test chose others.
    public let description: String

    /// - Throws: if libcrypto provides no random octets.
    package init() throws(LibcryptoError) {
        description = Base64URL.encode(try RandomBytes.make(16))
    }

    /// For tests, which need a known value.
    public init(_ text: String) {
        description = text
    }

    /// Compares the octets.
    public static func == (first: TokenID, second: TokenID) -> Bool {
        first.description.isSameText(as: second.description)
    }
}
