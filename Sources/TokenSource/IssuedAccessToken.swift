public import AccessToken
import WireText

/// An access token and what the issuer said about it, RFC 6749 section 5.1. Its description does not show the token.
public struct IssuedAccessToken: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `access_token`: the secret itself.
    public let value: String
    /// `token_type`: `DPoP` if the source has a DPoP key, else `Bearer`. Tokens of other types are refused.
    public let type: String
    /// The granted scope; `nil` if neither the request nor the answer names one.
    public let scope: Scope?
    /// When it expires, by the clock of this machine; `nil` if the issuer did not say.
    public let expiration: NumericDate?
    /// What it was requested for.
    public let access: RequestedAccess

    static let bearerType = "Bearer"
    static let dpopType = "DPoP"

    /// The value of the field `Authorization`, RFC 6750 section 2.1. A token of the type `DPoP` needs a proof beside it: see
    /// ``AccessTokenSource/fields(for:method:url:)``.
    public var authorization: String { "\(type) \(value)" }

    /// Says when the token expires.
    public var description: String {
        expiration.map { "an access token that expires at \($0.rfc3339)" } ?? "an access token without an expiry"
    }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// Shows what ``description`` does.
    public var customMirror: Mirror { Mirror(self, children: ["description": description]) }

    /// Whether both are the same token. It does not take constant time.
    func isSame(as other: IssuedAccessToken) -> Bool { value.isSameText(as: other.value) }
}
