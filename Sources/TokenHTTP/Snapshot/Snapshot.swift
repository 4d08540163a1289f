package import AccessToken
import JOSE
import Libcrypto
package import OAuth

/// Everything that a request is answered from: made whole, replaced whole, never changed.
package final class Snapshot: Sendable {
    /// `issuer` and `access_token`
    package let policy: IssuancePolicy
    /// `clients`
    package let clients: ClientRegistry
    /// Of the tokens that the keys of a chain make, with those of all clients.
    let lifetimes: TokenLifetimes
    /// All keys of the folder, in the order in which they sign.
    package let keys: [ScheduledKey]
    /// All keys for refresh tokens, in the order in which they seal.
    package let sealingKeys: [ScheduledSealingKey]
    /// Seals refresh tokens and opens them.
    let sealer: RefreshTokenSealer
    /// Finds out what tokens are worth.
    let inspector: TokenInspector
    /// The next moment at which a key changes its state; nil where none will.
    let nextChange: NumericDate?
    /// Published keys that signed, the one that signs, and those that will, in their order; never empty.
    let signingTurns: [SigningTurn]
    /// What GET answers, by request path: the JWK Set and the metadata.
    let documents: [String: StaticDocument]

    init(
        policy: IssuancePolicy, clients: ClientRegistry, lifetimes: TokenLifetimes, keys: [ScheduledKey],
        sealingKeys: [ScheduledSealingKey], sealer: RefreshTokenSealer, inspector: TokenInspector,
        nextChange: NumericDate?, signingTurns: [SigningTurn], documents: [String: StaticDocument]
    ) {
        self.policy = policy
        self.clients = clients
        self.lifetimes = lifetimes
        self.keys = keys
        self.sealingKeys = sealingKeys
        self.sealer = sealer
        self.inspector = inspector
        self.nextChange = nextChange
        self.signingTurns = signingTurns
        self.documents = documents
    }

    /// The key that signs at `now`. It depends on the clock alone, so that replicas change over in the same second even
    /// before one of them makes its next snapshot.
    package func signingKey(at now: NumericDate) -> SigningKey {
        (signingTurns.last { $0.start <= now } ?? signingTurns[0]).key
    }
}

/// A key with the moment from which it signs.
struct SigningTurn: Sendable {
    let start: NumericDate
    let key: SigningKey
}

/// A key with what it does at the moment.
package struct ScheduledKey: Sendable {
    /// The key that was read.
    package let key: LoadedKey
    /// What it does.
    package let state: KeySchedule.State
    /// When it begins to sign; nil for a key that signs from the beginning.
    package let since: NumericDate?
    /// When it stops being published; nil as long as nothing follows it.
    package let until: NumericDate?

    /// The key as it is published. A key that no longer signs, or never did here, comes without `alg` if several algorithms
    /// accept it: the tokens of an RSA key may be RS256 or PS256, whatever is configured today.
    var jwk: JWK {
        let schemes = SignatureAlgorithm.offered.filter { $0.accepts(key.publicKey.type) }.map(\.scheme)
        let isPinned = state == .signing || state == .next || Set(schemes).count == 1
        return JWK(key.publicKey, keyID: key.keyID, algorithm: isPinned ? key.algorithm : nil)
    }
}
