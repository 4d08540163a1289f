package import AccessToken
import JOSE

/// A successful answer of the token endpoint, RFC 6749 section 5.1.
package struct TokenResponse: Sendable {
    /// The JSON object.
    package let json: [UInt8]

    /// - Parameters:
    ///   - refreshToken: that of the grant, sealed; nil where it has none.
    ///   - now: from when `expires_in` counts.
    package init(_ token: IssuedAccessToken, refreshToken: String?, now: NumericDate) {
        let (compact, content) = (token.compact, token.content)
        let lifetime = content.grant.lifetime.components.seconds
        let scope = content.grant.scope.description
        var writer = JSONWriter(reservingCapacity: compact.utf8.count + scope.utf8.count + 640)
        writer.object { answer in
            answer.member("access_token", compact)
            answer.member("token_type", "Bearer")
            // Whoever waited for another's token while the clock was set back gets no longer life than others.
            answer.member("expires_in", min(content.expiresAt.seconds - now.seconds, lifetime))
            answer.member("scope", scope)
            if let refreshToken { answer.member("refresh_token", refreshToken) }
        }
        json = writer.bytes
    }
}
