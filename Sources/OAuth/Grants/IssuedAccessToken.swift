package import AccessToken
import JOSE

/// An access token with its signature.
package struct IssuedAccessToken: Sendable {
    /// What was signed.
    package let content: UnsignedAccessToken
    /// In compact serialization, RFC 7515 section 7.1.
    let compact: String

    /// - Parameter signature: over ``UnsignedAccessToken/signingInput``, by its key.
    package init(_ content: UnsignedAccessToken, signature: [UInt8]) {
        self.content = content
        compact = String(decoding: content.signingInput.compact(with: signature), as: UTF8.self)
    }

    /// Whether it may answer one more request at `now`. After the clock was set back nothing is known of its life.
    package func isReusable(at now: NumericDate) -> Bool {
        content.issuedAt <= now && now < content.issuedAt + content.grant.reuse
    }
}
