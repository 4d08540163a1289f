package import AccessToken
package import OAuth

/// A key for refresh tokens with what it does at the moment.
package struct ScheduledSealingKey: Sendable {
    /// The key that was read.
    package let key: LoadedSealingKey
    /// What it does; ``KeySchedule/State/published`` means that it only opens.
    package let state: KeySchedule.State
    /// When it begins to seal; nil for a key that seals from the beginning.
    package let since: NumericDate?
    /// When it stops opening; nil as long as nothing follows it.
    package let until: NumericDate?

    /// nil for a key that no token can need any more.
    var turn: OAuth.ScheduledSealingKey? {
        state == .expired ? nil : OAuth.ScheduledSealingKey(key.key, start: since)
    }
}
