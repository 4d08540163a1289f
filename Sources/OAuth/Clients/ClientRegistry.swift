package import AccessToken
public import Libcrypto

/// All clients, looked up by identifier. Immutable: a change of the file makes a new one.
public struct ClientRegistry: Sendable {
    private let clients: [ClientID: Client]
    /// The clients whose last secret ends, and when, the earliest first. Those that also have keys are not among them.
    package let secretEnds: [(id: ClientID, end: NumericDate)]
    /// When secrets end, the earliest first.
    private let ends: [NumericDate]
    /// What makes an unknown identifier and a wrong secret cost the same work.
    let decoys: SecretDecoys
    /// The same for assertions.
    let assertionDecoys: AssertionDecoys

    /// - Parameter clients: their identifiers must differ; of two that do not, the first counts.
    /// - Throws: if libcrypto makes no random octets or keys for decoys.
    public init(_ clients: [Client]) throws(LibcryptoError) {
        self.clients = Dictionary(clients.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        secretEnds = clients.compactMap { client in
            guard client.keys == nil, let end = client.lastSecretEnd else { return nil }
            return (client.id, end)
        }.sorted { $0.end < $1.end }
        ends = clients.flatMap { $0.secrets.compactMap(\.expiresAt) }.sorted()
        decoys = try SecretDecoys(for: clients)
        assertionDecoys = try AssertionDecoys(for: clients)
    }

    /// How many password hashes should be tried for a wrong secret at most.
    package static let maximumPasswordChecks = 8

    /// How many would be tried with these clients: of each cost as many as one client has.
    package static func passwordChecks(for clients: [Client]) -> Int {
        SecretDecoys.passwordCounts(of: clients).values.reduce(0, +)
    }

    /// `nil` if no client has the identifier.
    package subscript(id: ClientID) -> Client? { clients[id] }

    /// When the next secret expires; `nil` if none will.
    package func nextSecretEnd(after now: NumericDate) -> NumericDate? { ends.first { $0 > now } }

    /// How many clients there are.
    package var count: Int { clients.count }
}
