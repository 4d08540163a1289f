import LiveState
import OAuth

/// The clients that credentials are checked against, with the identities that they have at trusted issuers.
struct RegisteredClients: Sendable {
    let clients: ClientRegistry
    /// `nil` if no issuer is trusted.
    let identities: IdentityRegistry?

    init(_ clients: ClientRegistry, identities: IdentityRegistry? = nil) {
        self.clients = clients
        self.identities = identities
    }

    init(_ snapshot: Snapshot) { self.init(snapshot.clients, identities: snapshot.identities) }
}
