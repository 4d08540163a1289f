package import AccessToken

/// A key with the moment from which it signs.
package struct ScheduledSigningKey: Sendable {
    /// The earliest moment of all for a key that signs from the beginning.
    package let start: NumericDate
    /// Signs access tokens.
    package let key: SigningKey

    /// The key signs from `start` until that of the next one.
    package init(start: NumericDate, key: SigningKey) {
        self.start = start
        self.key = key
    }
}
