public import JOSE

/// A key set, and which of those that were fetched it is.
public struct VersionedKeySet: Sendable {
    /// Those that were understood.
    public let keys: JWKSet
    /// Goes up when a set with other keys comes.
    public let version: Int

    /// A set that does not change has one version.
    public init(keys: JWKSet, version: Int = 0) {
        self.keys = keys
        self.version = version
    }
}
