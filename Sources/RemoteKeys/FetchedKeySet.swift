public import JOSE

/// A key set as a server gave it.
public struct FetchedKeySet: Sendable {
    /// Those that were understood; there may be none.
    public let keys: JWKSet
    /// How long it may be used before asking again: `max-age` of `Cache-Control` (RFC 9111 section 5.2.2.1).
    public let maximumAge: Duration

    /// For sets that come from elsewhere than a URL.
    public init(keys: JWKSet, maximumAge: Duration) {
        self.keys = keys
        self.maximumAge = maximumAge
    }
}
