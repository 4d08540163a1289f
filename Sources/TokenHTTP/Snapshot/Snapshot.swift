public import AccessToken
import JOSE
public import OAuth

/// Everything that a request is answered from: made whole, replaced whole, never changed.
public struct Snapshot: Sendable {
    /// `issuer` and `access_token` of the configuration.
    public let policy: IssuancePolicy
    /// All of `clients.yaml`.
    public let clients: ClientRegistry
    /// The key that signs.
    public let signingKey: SigningKey
    /// All keys of the folder, in the order in which they sign.
    public let keys: [ScheduledKey]
    /// What GET answers, by request path: the JWK Set and the metadata.
    let documents: [String: StaticDocument]

    /// How long a key stays published after its successor began to sign, beyond the longest token: room for clocks.
    static let retentionLeeway: Duration = .seconds(60)
}

/// A key with what it does at the moment.
public struct ScheduledKey: Sendable {
    /// As it was read from the folder.
    public let key: LoadedKey
    /// `signing` for a key of the configured algorithm only.
    public let state: KeySchedule.State
    /// When it stops being published; nil as long as nothing follows it.
    public let until: NumericDate?
}
