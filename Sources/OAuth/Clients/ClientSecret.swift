public import AccessToken

/// One secret of a client, as it is kept.
public struct ClientSecret: Sendable {
    /// `hash`
    public let hash: ClientSecretHash
    /// The first moment at which it is no longer accepted; nil for one that does not end.
    public let expiresAt: NumericDate?

    /// An entry of `client_secrets`: `hash` and `expires_at`.
    public init(hash: ClientSecretHash, expiresAt: NumericDate? = nil) {
        self.hash = hash
        self.expiresAt = expiresAt
    }

    /// Whether it is still accepted at `now`.
    public func isCurrent(at now: NumericDate) -> Bool {
        expiresAt.map { now < $0 } ?? true
    }
}
