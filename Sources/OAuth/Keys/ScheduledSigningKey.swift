package import AccessToken

/// A signing key and the time from which it signs.
package struct ScheduledSigningKey: Sendable {
    /// The time from which the key signs; the earliest possible time for a key that signs from the beginning.
    package let start: NumericDate
    /// Signs access tokens.
    package let key: SigningKey

    /// The key signs from `start` until the next key does.
    package init(start: NumericDate, key: SigningKey) {
        self.start = start
        self.key = key
    }
}
