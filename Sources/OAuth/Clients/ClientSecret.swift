package import AccessToken

/// One secret of a client, as it is kept.
package struct ClientSecret: Sendable {
    /// `hash`
    package let hash: ClientSecretHash
    /// The first moment at which it is no longer accepted; nil for one that does not end.
    package let expiresAt: NumericDate?

    /// An entry of `client_secrets`: `hash` and `expires_at`.
    package init(hash: ClientSecretHash, expiresAt: NumericDate? = nil) {
        self.hash = hash
        self.expiresAt = expiresAt
    }

    /// Whether it is still accepted at `now`.
    package func isCurrent(at now: NumericDate) -> Bool {
        expiresAt.map { now < $0 } ?? true
    }
}
