public import AccessToken
public import Libcrypto

/// All clients, looked up by identifier. Immutable: a change of the file makes a new one.
public struct ClientRegistry: Sendable {
    private let clients: [ClientID: Client]
    /// The clients whose last secret ends, and when, the earliest first. Those that also have keys are not among them.
    public let secretEnds: [(id: ClientID, end: NumericDate)]
    /// When secrets end, the earliest first.
    private let ends: [NumericDate]
    /// What makes an unknown identifier and a wrong secret cost the same work.
    let decoys: SecretDecoys
    /// The same for assertions.
    let assertionDecoys: AssertionDecoys
    /// Secrets that passed a slow check since this registry was made.
    let remembered: RememberedSecrets

    /// - Parameter clients: their identifiers must differ; of two that do not, the first counts.
    public init(_ clients: [Client]) throws(LibcryptoError) {
        self.clients = Dictionary(clients.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        secretEnds = clients.compactMap { client in
            guard client.keys == nil, let end = client.lastSecretEnd else { return nil }
            return (client.id, end)
        }.sorted { $0.end < $1.end }
        ends = clients.flatMap { $0.secrets.compactMap(\.expiresAt) }.sorted()
        decoys = try SecretDecoys(for: clients)
        assertionDecoys = try AssertionDecoys(for: clients)
        remembered = try RememberedSecrets()
    }

    /// How many password hashes should be tried for a wrong secret at most.
    public static let maximumPasswordChecks = 8

    /// How many would be tried with these clients: of each cost as many as one client has.
    public static func passwordChecks(for clients: [Client]) -> Int {
        SecretDecoys.passwordCounts(of: clients).values.reduce(0, +)
    }

    /// nil where no client has the identifier.
    public subscript(id: ClientID) -> Client? { clients[id] }

    /// When the next secret ends; nil where none will.
    public func nextSecretEnd(after now: NumericDate) -> NumericDate? { ends.first { $0 > now } }

    /// How many clients there are.
    public var count: Int { clients.count }
}
