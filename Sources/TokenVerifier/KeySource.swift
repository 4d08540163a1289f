public import JOSE
public import RemoteKeys

/// Where a verifier has the issuer's keys from.
public enum KeySource: Sendable {
    /// A set that does not change.
    case fixed(JWKSet)
    /// The set behind a URL.
    case remote(RemoteKeySet)
}
