import AccessToken
import JOSE

/// A successful answer of the token endpoint, RFC 6749 section 5.1.
public struct TokenResponse: Sendable {
    /// The JSON object.
    public let json: [UInt8]

    /// - Parameters:
    ///   - signature: over ``UnsignedAccessToken/signingInput``, by its key.
    ///   - refreshToken: that of the grant, sealed; nil where it has none.
    public init(_ token: UnsignedAccessToken, signature: [UInt8], refreshToken: String?) {
        let compact = token.signingInput.compact(with: signature)
        var writer = JSONWriter(reservingCapacity: compact.count + token.grant.scope.description.utf8.count + 640)
        writer.object { answer in
            answer.member("access_token", String(decoding: compact, as: UTF8.self))
            answer.member("token_type", "Bearer")
            answer.member("expires_in", token.grant.lifetime.components.seconds)
            answer.member("scope", token.grant.scope.description)
            if let refreshToken { answer.member("refresh_token", refreshToken) }
        }
        json = writer.bytes
    }
}
