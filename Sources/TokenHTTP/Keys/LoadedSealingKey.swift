public import OAuth

/// A key for refresh tokens that was read from the keys folder.
public struct LoadedSealingKey: Sendable {
    /// Says from when it seals.
    public let name: KeyFileName
    /// The key itself.
    public let key: SealingKey

    var named: NamedKey { NamedKey(name, keyID: key.keyID) }
}
