package import AccessToken
public import Libcrypto

/// All clients by identifier. It is immutable: a reload creates a new one.
public final class ClientRegistry: Sendable {
    private let clients: [ClientID: Client]
    /// The clients whose last secret expires, with the time, earliest first. Clients that also have keys or identities are
    /// not among them.
    package let secretEnds: [(id: ClientID, end: NumericDate)]
    /// The times at which secrets expire, earliest first.
    private let ends: [NumericDate]
    /// Decoys that make an unknown identifier and a wrong secret cost the same work.
    let decoys: SecretDecoys
    /// The same for assertions.
    let assertionDecoys: AssertionDecoys

    /// What the status lists say about the clients, and about those that were removed.
    package let statusLists: StatusLists

    /// - Parameter clients: clients with different identifiers; if two have the same, the first counts.
    public convenience init(_ clients: [Client]) throws(LibcryptoError) {
        try self.init(clients, removed: [])
    }

    /// - Parameters:
    ///   - removed: clients that were removed while their tokens may live, and those that are disabled.
    ///   - disabled: clients that are registered and get no tokens.
    ///   - former: the clients before a reload. If the status lists say the same, they are the same object.
    package init(
        _ clients: [Client], removed: [RemovedClient], disabled: [Client] = [], after former: ClientRegistry? = nil
    ) throws(LibcryptoError) {
        self.disabled = Dictionary(disabled.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let lists = try StatusLists(clients, removed: removed)
        statusLists = former.map(\.statusLists).flatMap { $0.says(theSameAs: lists) ? $0 : nil } ?? lists
        self.clients = Dictionary(clients.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        withIdentities = clients.filter { !$0.identities.isEmpty }
        secretEnds = clients.compactMap { client in client.credentialEnd.map { (client.id, $0) } }.sorted {
            $0.end < $1.end
        }
        ends = clients.flatMap { $0.secrets.compactMap(\.expiresAt) }.sorted()
        hasKeys = clients.contains { $0.keys != nil }
        remoteKeys = Set(
            clients.lazy.compactMap { client in
                if case .remote(let location) = client.keys { location } else { nil }
            })
        requiresProofs = clients.contains(where: \.requiresProof)
        offersAssertionGrant = clients.contains { $0.grantTypes.contains(.jwtBearer) }
        needsCertificates = clients.contains { $0.certificates.needsCertificate }
        certificateMethods = Set(clients.lazy.compactMap(\.authenticationMethod).filter(\.usesCertificate))
        decoys = try SecretDecoys(for: clients)
        assertionDecoys = try AssertionDecoys(for: clients)
    }

    /// The clients that are disabled.
    package let disabled: [ClientID: Client]

    /// The clients that have identities, in the order of the file.
    let withIdentities: [Client]

    /// Whether a client may use the grant `urn:ietf:params:oauth:grant-type:jwt-bearer`.
    package let offersAssertionGrant: Bool

    /// Whether a client needs a certificate.
    package let needsCertificates: Bool

    /// The methods of RFC 8705 that clients authenticate by.
    package let certificateMethods: Set<TokenEndpointAuthenticationMethod>

    /// Whether some clients authenticate with assertions.
    package let hasKeys: Bool

    /// Whether some clients must send DPoP proofs.
    package let requiresProofs: Bool

    /// Where the keys of clients are that have to be fetched.
    package let remoteKeys: Set<RemoteKeysLocation>

    /// The most password hashes that should be checked for a wrong secret: of each cost, as many as one client has at
    /// most.
    package static let maximumPasswordChecks = 8

    /// `nil` if no client has the identifier.
    package subscript(id: ClientID) -> Client? { clients[id] }

    /// The time at which the next secret expires; `nil` if none will.
    package func nextSecretEnd(after now: NumericDate) -> NumericDate? { ends.first { $0 > now } }

    /// The clients with a `longest_lifetime` of assertions of their own.
    var assertionLifetimes: [ClientID: Duration] { clients.compactMapValues(\.assertionRules.longestLifetime) }

    /// All clients, in no order.
    package var all: some Collection<Client> { clients.values }

    /// How many clients there are.
    package var count: Int { clients.count }
}
