package import AccessToken
package import OAuth
package import ServiceFiles
import Synchronization

/// Everything that a request is answered from: made whole, replaced whole, never changed.
package final class Snapshot: Sendable {
    /// `issuer` and `access_token`
    package let policy: IssuancePolicy
    /// `clients`
    package let clients: ClientRegistry
    /// Of the tokens that the keys of a chain make, with those of all clients.
    package let lifetimes: TokenLifetimes
    /// All keys of the folder, in the order in which they sign.
    package let keys: [FolderKey<LoadedKey>]
    /// All keys for refresh tokens, in the order in which they seal.
    package let sealingKeys: [FolderKey<LoadedSealingKey>]
    /// Seals refresh tokens and opens them.
    package let sealer: RefreshTokenSealer
    /// Finds out what tokens are worth.
    package let inspector: TokenInspector
    /// The next moment at which a key changes its state; nil where none will.
    let nextChange: NumericDate?
    /// Published keys that signed, the one that signs, and those that will, in their order; never empty.
    let signingKeys: [ScheduledSigningKey]
    /// What GET answers, by request path: the JWK Set and the metadata.
    package let documents: [String: StaticDocument]

    init(
        policy: IssuancePolicy, clients: ClientRegistry, lifetimes: TokenLifetimes, keys: [FolderKey<LoadedKey>],
        sealingKeys: [FolderKey<LoadedSealingKey>], sealer: RefreshTokenSealer, inspector: TokenInspector,
        nextChange: NumericDate?, signingKeys: [ScheduledSigningKey], documents: [String: StaticDocument]
    ) {
        self.policy = policy
        self.clients = clients
        self.lifetimes = lifetimes
        self.keys = keys
        self.sealingKeys = sealingKeys
        self.sealer = sealer
        self.inspector = inspector
        self.nextChange = nextChange
        self.signingKeys = signingKeys
        self.documents = documents
    }

    /// The key that signs at `now`. It depends on the clock alone, so that replicas change over in the same second even
    /// before one of them makes its next snapshot.
    package func signingKey(at now: NumericDate) -> SigningKey {
        (signingKeys.last { $0.start <= now } ?? signingKeys[0]).key
    }
}

/// Holds the current snapshot. A request takes it once and keeps it to its end.
package final class SnapshotStore: Sendable {
    private let snapshot: Mutex<Snapshot>

    /// - Parameter snapshot: the first one.
    package init(_ snapshot: Snapshot) {
        self.snapshot = Mutex(snapshot)
    }

    /// The one that the next request is answered from.
    package var current: Snapshot {
        snapshot.withLock { $0 }
    }

    func replace(with snapshot: Snapshot) {
        self.snapshot.withLock { $0 = snapshot }
    }
}
