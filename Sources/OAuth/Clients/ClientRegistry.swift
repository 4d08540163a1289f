public import AccessToken
public import Libcrypto

/// All clients, looked up by identifier. Immutable: a change of the file makes a new one.
public struct ClientRegistry: Sendable {
    private let clients: [ClientID: Client]
    /// Stands in for a client that does not exist, so that an unknown identifier and a wrong secret cost the same work.
    let nobody: ClientSecret

    /// - Parameter clients: their identifiers must differ; of two that do not, the first counts.
    public init(_ clients: [Client]) throws(LibcryptoError) {
        self.clients = Dictionary(clients.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        nobody = ClientSecret(hash: try GeneratedClientSecret().hash)
    }

    /// nil where no client has the identifier.
    public subscript(id: ClientID) -> Client? { clients[id] }

    /// How many clients there are.
    public var count: Int { clients.count }
}
