package import AccessToken
package import OAuth
package import ServiceFiles
import Synchronization

/// Everything that a request is answered from. It is immutable and replaced as a whole.
package final class Snapshot: Sendable {
    /// The settings in force. What needs a restart to change is as it was at the start.
    package let configuration: ServiceConfiguration
    /// `issuer` and `access_token`
    package let policy: IssuancePolicy
    /// `clients`
    package let clients: ClientRegistry
    /// The longest lifetimes of access and refresh tokens, those of all clients included.
    package let lifetimes: TokenLifetimes
    /// All keys of the folder, in the order in which they sign.
    package let keys: [FolderKey<LoadedKey>]
    /// All keys for refresh tokens, in the order in which they seal.
    package let sealingKeys: [FolderKey<LoadedSealingKey>]
    /// Seals refresh tokens and opens them.
    package let sealer: RefreshTokenSealer
    /// Introspects tokens.
    package let inspector: TokenInspector
    /// The next moment at which a key changes its state, or `nil` if none will.
    let nextChange: NumericDate?
    /// The published keys that signed earlier, the one that signs and those that will, in this order. Never empty.
    let signingKeys: [ScheduledSigningKey]
    /// The documents that GET returns, by request path: the JWK Set and the metadata.
    package let documents: [String: StaticDocument]

    init(
        configuration: ServiceConfiguration,
        policy: IssuancePolicy, clients: ClientRegistry, lifetimes: TokenLifetimes, keys: [FolderKey<LoadedKey>],
        sealingKeys: [FolderKey<LoadedSealingKey>], sealer: RefreshTokenSealer, inspector: TokenInspector,
        nextChange: NumericDate?, signingKeys: [ScheduledSigningKey], documents: [String: StaticDocument]
    ) {
        self.configuration = configuration
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

    /// The key that signs at `now`. It depends on the clock alone, so all replicas switch keys in the same second, even
    /// before they make their next snapshots.
    package func signingKey(at now: NumericDate) -> SigningKey {
        (signingKeys.last { $0.start <= now } ?? signingKeys[0]).key
    }
}

/// Holds the current snapshot. A request takes it once and uses it until the request ends.
package final class SnapshotStore: Sendable {
    private let snapshot: Mutex<Snapshot>

    /// - Parameter snapshot: the first snapshot.
    package init(_ snapshot: Snapshot) {
        self.snapshot = Mutex(snapshot)
    }

    /// The snapshot that the next request is answered from.
    package var current: Snapshot {
        snapshot.withLock { $0 }
    }

    func replace(with snapshot: Snapshot) {
        self.snapshot.withLock { $0 = snapshot }
    }
}
