public import AccessToken
public import OAuth

/// A key for refresh tokens with what it does at the moment.
public struct ScheduledSealingKey: Sendable {
    /// The key that was read.
    public let key: LoadedSealingKey
    /// What it does; ``KeySchedule/State/published`` means that it only opens.
    public let state: KeySchedule.State
    /// When it begins to seal; nil for a key that seals from the beginning.
    public let since: NumericDate?
    /// When it stops opening; nil as long as nothing follows it.
    public let until: NumericDate?

    /// nil for a key that no token can need any more.
    var turn: RefreshTokenSealer.Turn? {
        state == .expired ? nil : RefreshTokenSealer.Turn(key.key, start: since)
    }
}
