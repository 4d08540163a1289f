package import OAuth

/// A key for refresh tokens that was read from the keys folder.
package struct LoadedSealingKey: Sendable {
    /// Says from when it seals.
    package let name: KeyFileName
    /// The key itself.
    package let key: SealingKey

    package var named: NamedKey { NamedKey(name, keyID: key.keyID) }
}
