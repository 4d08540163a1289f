import JOSE
import WireText

/// The claims that an issuer writes into a JWT access token, RFC 9068 section 2.2.
public struct AccessTokenClaims: Sendable {
    /// `iss`
    public let issuer: Issuer
    /// `sub`: for a client that acts for itself, its identifier. It may have characters other than ASCII, and Swift's
    /// `==` equates some texts that differ: compare the octets (`utf8`).
    public let subject: String
    /// `aud`; never empty.
    public let audience: [Audience]
    /// `exp`
    public let expiresAt: NumericDate
    /// `iat`
    public let issuedAt: NumericDate
    /// `jti`; compare the octets, as of ``subject``.
    public let tokenID: String
    /// `client_id`
    public let clientID: ClientID
    /// `scope`
    public let scope: Scope

    /// Validates nothing. `audience` must not be empty.
    public init(
        issuer: Issuer, subject: String, audience: [Audience], expiresAt: NumericDate, issuedAt: NumericDate,
        tokenID: String, clientID: ClientID, scope: Scope
    ) {
        self.issuer = issuer
        self.subject = subject
        self.audience = audience
        self.expiresAt = expiresAt
        self.issuedAt = issuedAt
        self.tokenID = tokenID
        self.clientID = clientID
        self.scope = scope
    }

    /// Claim names that are written from the grant, or that would change how a verifier interprets the token (RFC 7519
    /// section 4.1, RFC 9068 section 2.2, RFC 8693 section 4, RFC 7800 section 3.1, RFC 9396 section 9.1, OAuth Token
    /// Status List section 6.1). A client's own claims must have other names.
    public static let registeredNames: Set<String> = [
        "iss", "sub", "aud", "exp", "nbf", "iat", "jti", "client_id", "scope",
        "auth_time", "acr", "amr", "act", "may_act", "cnf",
        "authorization_details", "status",
    ]

    /// The claims as a JSON object. An empty scope is left out.
    ///
    /// - Parameters:
    ///   - shape: decides how the scope is written.
    ///   - additional: further members, encoded by `JSONWriter.members(of:)`.
    public func json(shape: AccessTokenShape = .standard, adding additional: [UInt8] = []) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 320 + additional.count)
        writer.object { claims in
            claims.member("iss", issuer.description)
            claims.member("sub", subject)
            claims.member("aud", oneOrMore: audience)
            claims.member("exp", expiresAt.seconds)
            claims.member("iat", issuedAt.seconds)
            claims.member("jti", tokenID)
            claims.member("client_id", clientID.description)
            shape.write(scope, to: &claims)
            claims.members(additional)
        }
        return writer.bytes
    }
}
