import JOSE
import WireText

/// The claims of a verified token that RFC 7519 section 4.1 and RFC 9068 section 2.2 define.
///
/// A token of RFC 9068 has all of them but `nbf`. Tokens of other issuers may lack those that are optional here; their own
/// claims are in the payload.
public struct VerifiedClaims: Sendable {
    /// `iss`
    public let issuer: Issuer
    /// `sub`: for a client that acts for itself, its identifier. It may have characters other than ASCII, and Swift's
    /// `==` equates some texts that differ: compare the octets (`utf8`).
    public let subject: String?
    /// `aud`; never empty. The elements that name other resource servers may be any text.
    public let audience: [Audience]
    /// `exp`
    public let expiresAt: NumericDate
    /// `nbf`
    public let notBefore: NumericDate?
    /// `iat`
    public let issuedAt: NumericDate?
    /// `jti`; compare the octets, as of ``subject``.
    public let tokenID: String?
    /// The client that the token was issued to: `client_id`, or in a token that is not of RFC 9068 else `azp` (OpenID
    /// Connect Core 1.0 section 2) or `appid` (Microsoft Entra ID, version 1).
    public let clientID: ClientID?
    /// `scope`, or the claim that the profile has in its place.
    public let scope: Scope

    /// - Parameter issuer: the expected issuer. It is reused, not parsed again, if `iss` is the same text.
    init(reading claims: JSONObject, issuer: Issuer, profile: TokenProfile) throws(AccessTokenRejection) {
        let isKnownIssuer = claims["iss"]?.string.map(issuer.description.isSameText(as:)) ?? false
        self.issuer = isKnownIssuer ? issuer : try Self.issuer(of: claims)
        audience = try Self.audience(of: claims)
        guard let expiresAt = try Self.date("exp", of: claims) else { throw .missingClaim("exp") }
        self.expiresAt = expiresAt
        notBefore = try Self.date("nbf", of: claims)
        issuedAt = try Self.date("iat", of: claims)
        subject = try Self.string("sub", of: claims)
        tokenID = try Self.string("jti", of: claims)
        clientID = try profile.readClientID(of: claims)
        scope = try profile.readScope(of: claims)
        try profile.checkPresence(of: self)
    }

    private static func issuer(of claims: JSONObject) throws(AccessTokenRejection) -> Issuer {
        guard let text = claims["iss"]?.string else { throw .missingClaim("iss") }
        do throws(InvalidValue) { return try Issuer(text) } catch { throw .missingClaim("iss") }
    }

    /// `aud` is a string or an array of strings (RFC 7519 section 4.1.3). Other elements than that of the resource server
    /// may be any text.
    private static func audience(of claims: JSONObject) throws(AccessTokenRejection) -> [Audience] {
        guard let claim = claims["aud"] else { throw .missingClaim("aud") }
        if let text = claim.string { return [Audience(inClaim: text)] }
        guard let elements = claim.array, !elements.isEmpty else { throw .missingClaim("aud") }
        var audience: [Audience] = []
        for element in elements {
            guard let text = element.string else { throw .missingClaim("aud") }
            audience.append(Audience(inClaim: text))
        }
        return audience
    }

    private static func date(_ name: String, of claims: JSONObject) throws(AccessTokenRejection) -> NumericDate? {
        guard let value = claims[name] else { return nil }
        guard let date = NumericDate(value) else { throw .missingClaim(name) }
        return date
    }

    private static func string(_ name: String, of claims: JSONObject) throws(AccessTokenRejection) -> String? {
        guard let value = claims[name] else { return nil }
        guard let string = value.string, !string.isEmpty else { throw .missingClaim(name) }
        return string
    }
}

extension VerifiedClaims: Equatable {
    /// Compares identifiers octet for octet.
    public static func == (first: VerifiedClaims, second: VerifiedClaims) -> Bool {
        func isSame(_ first: String?, _ second: String?) -> Bool {
            first.map { ExactText($0) } == second.map { ExactText($0) }
        }
        return first.issuer == second.issuer && isSame(first.subject, second.subject)
            && first.audience == second.audience && first.expiresAt == second.expiresAt
            && first.notBefore == second.notBefore && first.issuedAt == second.issuedAt
            && isSame(first.tokenID, second.tokenID) && first.clientID == second.clientID
            && first.scope == second.scope
    }
}
