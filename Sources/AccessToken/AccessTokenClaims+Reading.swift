import JOSE
import WireText

extension AccessTokenClaims {
    /// Reads the claims that RFC 9068 section 2.2 requires, and `scope`, from the payload of a token.
    ///
    /// - Parameters:
    ///   - issuer: the expected issuer. It is reused, not parsed again, if `iss` is the same text.
    ///   - audience: the expected audience. It is reused, not parsed again, if `aud` has the same text.
    init(reading claims: JSONObject, issuer: Issuer, audience: Audience?) throws(AccessTokenRejection) {
        let isKnownIssuer = claims["iss"]?.string.map(issuer.description.isSameText(as:)) ?? false
        self.init(
            issuer: isKnownIssuer ? issuer : try Self.value("iss", of: claims, Issuer.init),
            subject: try Self.string("sub", of: claims),
            audience: try Self.audience(of: claims, known: audience),
            expiresAt: try Self.date("exp", of: claims),
            issuedAt: try Self.date("iat", of: claims),
            tokenID: try Self.string("jti", of: claims),
            clientID: try Self.value("client_id", of: claims, ClientID.init),
            scope: claims["scope"] == nil ? .empty : try Self.value("scope", of: claims, Scope.init)
        )
    }

    /// `aud` is a string or an array of strings (RFC 7519 section 4.1.3).
    private static func audience(
        of claims: JSONObject, known: Audience?
    ) throws(AccessTokenRejection) -> [Audience] {
        let elements = claims["aud"]?.oneOrMore ?? []
        guard !elements.isEmpty else { throw .missingClaim("aud") }
        var audience: [Audience] = []
        for element in elements {
            guard let text = element.string else { throw .missingClaim("aud") }
            if let known, text.isSameText(as: known.description) {
                audience.append(known)
            } else if let value = try? Audience(text) {
                audience.append(value)
            } else {
                throw .missingClaim("aud")
            }
        }
        return audience
    }

    static func date(_ name: StaticString, of claims: JSONObject) throws(AccessTokenRejection) -> NumericDate {
        guard let date = claims[name.description].flatMap({ NumericDate($0) }) else { throw .missingClaim(name) }
        return date
    }

    private static func string(_ name: StaticString, of claims: JSONObject) throws(AccessTokenRejection) -> String {
        guard let string = claims[name.description]?.string, !string.isEmpty else { throw .missingClaim(name) }
        return string
    }

    private static func value<Value>(
        _ name: StaticString, of claims: JSONObject, _ parse: (String) throws(InvalidValue) -> Value
    ) throws(AccessTokenRejection) -> Value {
        guard let text = claims[name.description]?.string else { throw .missingClaim(name) }
        do throws(InvalidValue) { return try parse(text) } catch { throw .missingClaim(name) }
    }
}
