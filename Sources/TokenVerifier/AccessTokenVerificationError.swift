public import AccessToken
public import RemoteKeys

/// Why a token was not verified.
public enum AccessTokenVerificationError: Error, Sendable, CustomStringConvertible {
    /// The token is no good: `invalid_token` of RFC 6750 section 3.1.
    case rejected(AccessTokenRejection)
    /// The issuer's keys cannot be had, so nothing can be said about the token.
    case noKeys(DocumentFetchError)

    /// For people; nothing of the token is in it.
    public var description: String {
        switch self {
        case .rejected(let reason): "the token is refused: \(reason)"
        case .noKeys(let error): "the issuer's keys cannot be had: \(error)"
        }
    }
}
