package import AccessToken
public import Libcrypto

/// All clients by identifier. It is immutable: a reload creates a new one.
public final class ClientRegistry: Sendable {
    private let clients: [ClientID: Client]
    /// The clients whose last secret expires, with the time, earliest first. Clients that also have keys are not among
    /// them.
    package let secretEnds: [(id: ClientID, end: NumericDate)]
    /// The times at which secrets expire, earliest first.
    private let ends: [NumericDate]
    /// Decoys that make an unknown identifier and a wrong secret cost the same work.
    let decoys: SecretDecoys
    /// The same for assertions.
    let assertionDecoys: AssertionDecoys

    /// - Parameter clients: clients with different identifiers; if two have the same, the first counts.
    public init(_ clients: [Client]) throws(LibcryptoError) {
        self.clients = Dictionary(clients.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        secretEnds = clients.compactMap { client in
            guard client.keys == nil, let end = client.lastSecretEnd else { return nil }
            return (client.id, end)
        }.sorted { $0.end < $1.end }
        ends = clients.flatMap { $0.secrets.compactMap(\.expiresAt) }.sorted()
        hasKeys = clients.contains { $0.keys != nil }
        decoys = try SecretDecoys(for: clients)
        assertionDecoys = try AssertionDecoys(for: clients)
    }

    /// Whether some clients authenticate with assertions.
    package let hasKeys: Bool

    /// The most password hashes that should be checked for a wrong secret: of each cost, as many as one client has at
    /// most.
    package static let maximumPasswordChecks = 8

    /// `nil` if no client has the identifier.
    package subscript(id: ClientID) -> Client? { clients[id] }

    /// The time at which the next secret expires; `nil` if none will.
    package func nextSecretEnd(after now: NumericDate) -> NumericDate? { ends.first { $0 > now } }

    /// How many clients there are.
    package var count: Int { clients.count }
}
