public import AccessToken

/// One secret of a client, stored as a hash.
public struct ClientSecret: Sendable {
    /// `hash`
    package let hash: ClientSecretHash
    /// The first moment at which it is no longer accepted; `nil` for a secret that does not expire.
    package let expiresAt: NumericDate?

    /// An entry of `client_secrets`: `hash` and `expires_at`.
    ///
    /// - Parameter expiresAt: the first moment at which it is no longer accepted; `nil` if it does not expire.
    public init(hash: ClientSecretHash, expiresAt: NumericDate? = nil) {
        self.hash = hash
        self.expiresAt = expiresAt
    }

    /// Whether the secret is still accepted at `now`.
    package func isCurrent(at now: NumericDate) -> Bool {
        expiresAt.map { now < $0 } ?? true
    }
}
