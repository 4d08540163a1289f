package import AccessToken

/// Limits how often clients may revoke their own tokens: each time, the clients file is written and read anew.
package struct RevocationLimits: Sendable {
    private enum Key: Hashable {
        case client(ClientID)
        case all
    }

    private var buckets = LeakyBuckets<Key>(capacity: 4096, window: .seconds(60))
    /// In a minute.
    private static let limitOfClient = 6
    private static let limitOfAll = 60

    /// No client has revoked anything yet.
    package init() {}

    /// The seconds until the client may revoke once more; `nil` if it may now.
    package func wait(for client: ClientID, now: NumericDate) -> Int? {
        [(Key.client(client), Self.limitOfClient), (.all, Self.limitOfAll)]
            .compactMap { buckets.wait(for: $0.0, limit: $0.1, now: now) }.max()
    }

    /// Counts a revocation.
    package mutating func add(_ client: ClientID, now: NumericDate) {
        buckets.add(to: .client(client), limit: Self.limitOfClient, now: now)
        buckets.add(to: .all, limit: Self.limitOfAll, now: now)
    }
}
