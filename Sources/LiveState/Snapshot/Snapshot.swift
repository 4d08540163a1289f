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
    /// `issuers`, with the identities of these clients.
    package let identities: IdentityRegistry
    /// The longest lifetimes of access and refresh tokens, those of all clients included.
    package let lifetimes: TokenLifetimes
    /// All keys of the folder, in the order in which they sign.
    package let keys: [FolderKey<LoadedKey>]
    /// All keys for refresh tokens, in the order in which they seal.
    package let sealingKeys: [FolderKey<LoadedSealingKey>]
    /// Seals refresh tokens and opens them.
    package let sealer: RefreshTokenSealer
    /// Decides about DPoP proofs.
    package let proofs: DPoPPolicy
    /// Introspects tokens.
    package let inspector: TokenInspector
    /// The next moment at which a key changes its state, or `nil` if none will.
    let nextChange: NumericDate?
    /// The published keys that signed earlier, the one that signs and those that will, in this order. Never empty.
    let signingKeys: [ScheduledSigningKey]
    /// What the metadata lists since clients and issuers make use of it.
    package let metadataUse: ServerMetadata.Use
    /// Whether clients may revoke what they have: `revocation`, if the clients file can be written.
    package var offersRevocation: Bool { metadataUse.offersRevocation }
    /// The documents that GET returns, by request path: the JWK Set and the metadata.
    package let documents: [String: StaticDocument]

    init(
        configuration: ServiceConfiguration,
        policy: IssuancePolicy, clients: ClientRegistry, identities: IdentityRegistry, lifetimes: TokenLifetimes,
        keys: [FolderKey<LoadedKey>],
        sealingKeys: [FolderKey<LoadedSealingKey>], sealer: RefreshTokenSealer, proofs: DPoPPolicy,
        inspector: TokenInspector, nextChange: NumericDate?, signingKeys: [ScheduledSigningKey],
        metadataUse: ServerMetadata.Use, documents: [String: StaticDocument]
    ) {
        self.configuration = configuration
        self.policy = policy
        self.clients = clients
        self.identities = identities
        self.lifetimes = lifetimes
        self.keys = keys
        self.sealingKeys = sealingKeys
        self.sealer = sealer
        self.proofs = proofs
        self.inspector = inspector
        self.nextChange = nextChange
        self.signingKeys = signingKeys
        self.metadataUse = metadataUse
        self.documents = documents
    }

    /// What the status lists say.
    package var statusLists: StatusLists { clients.statusLists }

    /// `client_assertion`
    package var assertionRules: AssertionRules { configuration.assertionRules }

    /// Whether clients are asked for certificates: some client needs one, or all do.
    package var asksForCertificates: Bool { metadataUse.asksForCertificates }

    /// Whether a client has something that is accepted once: its own assertions, tokens of an issuer, or DPoP proofs.
    package var hasSingleUse: Bool {
        clients.hasKeys || clients.requiresProofs || configuration.dpopNonce
            || identities.all.contains(where: \.isSingleUse)
    }

    /// The keys that sign now, or will, or did.
    package var allSigningKeys: [SigningKey] { signingKeys.map(\.key) }

    /// The key that signs at `now`. It depends on the clock alone, so all replicas switch keys in the same second, even
    /// before they make their next snapshots.
    package func signingKey(at now: NumericDate) -> SigningKey {
        (signingKeys.last { $0.start <= now } ?? signingKeys[0]).key
    }
}

/// Holds the current snapshot. A request takes it once and uses it until the request ends; its client is one of the snapshot that
/// is current when it has proven who it is.
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
