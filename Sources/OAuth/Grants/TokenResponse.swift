public import AccessToken
import JOSE

/// A successful answer of the token endpoint, RFC 6749 section 5.1.
public struct TokenResponse: Sendable {
    /// The JSON object.
    package let json: [UInt8]

    /// - Parameters:
    ///   - sealer: seals the refresh token of the grant, if there is one.
    ///   - now: the time from which `expires_in` counts, in seconds.
    /// - Throws: ``TokenRefusal/Code/serverError`` if the refresh token cannot be sealed.
    public init(_ token: IssuedAccessToken, sealer: RefreshTokenSealer, now: NumericDate) throws(TokenRefusal) {
        let (compact, content) = (token.compact, token.content)
        let lifetime = content.grant.terms.lifetime.components.seconds
        let scope = content.grant.terms.scope.description
        let refreshToken: String?
        do throws(SealingError) {
            refreshToken = try content.grant.refreshToken.map { (token) throws(SealingError) in
                try sealer.seal(token, now: now)
            }
        } catch {
            throw .failure(error)
        }
        var writer = JSONWriter(reservingCapacity: compact.utf8.count + scope.utf8.count + 640)
        writer.object { answer in
            answer.member("access_token", compact)
            answer.member("token_type", (content.grant.terms.confirmation?.tokenType ?? .bearer).rawValue)
            // The clock may have been set back while this request waited for the token of another one.
            answer.member("expires_in", min(content.expiresAt.seconds - now.seconds, lifetime))
            // RFC 6749 section 3.3: a scope has at least one token. Section 5.1 lets the member be absent.
            if !scope.isEmpty { answer.member("scope", scope) }
            if let refreshToken { answer.member("refresh_token", refreshToken) }
        }
        json = writer.bytes
    }
}
