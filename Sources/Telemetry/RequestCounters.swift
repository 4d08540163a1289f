import AccessToken
import OAuth
import PrometheusText
import Synchronization

/// One counter for each kind of request that has occurred.
///
/// Unregistered clients are counted without an identifier, and the counters of removed clients are dropped. So their
/// number is at most a few dozen for each registered client.
final class RequestCounters: Sendable {
    private struct Kind: Hashable {
        let endpoint: Endpoint
        let grantType: GrantType?
        /// `issued`, `answered`, or the error code.
        let outcome: String
        let clientID: ClientID?

        var name: String {
            switch endpoint {
            case .token: "writ_token_requests_total"
            case .revocation: "writ_revocation_requests_total"
            case .introspection, .document, .statusList, .other: "writ_introspection_requests_total"
            }
        }

        var labels: [(String, String)] {
            [
                ("outcome", outcome), ("grant_type", grantType?.rawValue ?? ""),
                ("client_id", clientID?.description ?? ""),
            ]
        }
    }

    /// The counters of some of the clients, so that a look at all of them holds no lock for long.
    private final class Shard: Sendable {
        let counters = Mutex<[Kind: PrometheusCounter]>([:])
    }

    private let registry: PrometheusRegistry
    private let isPerClient: Bool
    private let shards = (0..<64).map { _ in Shard() }
    /// The clients for which ``forget(except:)`` has dropped all others.
    private let known = Mutex<ClientRegistry?>(nil)

    /// - Parameter isPerClient: whether registered clients are counted one by one: `metrics.per_client`.
    init(_ registry: PrometheusRegistry, isPerClient: Bool) {
        self.registry = registry
        self.isPerClient = isPerClient
    }

    func count(_ event: RequestEvent) {
        let endpoint = event.endpoint
        let kind = Kind(
            endpoint: endpoint, grantType: event.grantType,
            outcome: event.refusal?.code.error.description ?? (endpoint == .token ? "issued" : "answered"),
            clientID: isPerClient ? event.client?.id : nil)
        counter(kind).increment()
    }

    private func counter(_ kind: Kind) -> PrometheusCounter {
        let shard = shards[Int(UInt(bitPattern: kind.clientID.hashValue) % UInt(shards.count))]
        if let known = shard.counters.withLock({ $0[kind] }) { return known }
        // The registry returns the same counter for the same name and labels, even if two threads get here.
        let counter = registry.counter(kind.name, kind.labels)
        shard.counters.withLock { $0[kind] = counter }
        return counter
    }

    /// Drops the counters of clients that are no longer registered.
    func forget(except clients: ClientRegistry) {
        let isDone = known.withLock { known in
            defer { known = clients }
            return known === clients
        }
        // A request of a client that was removed meanwhile may still be counted: its counter goes with the next reload.
        guard !isDone else { return }
        for shard in shards {
            let gone = shard.counters.withLock { counters in
                let gone = counters.keys.filter { $0.clientID.map { clients[$0] == nil } ?? false }
                for kind in gone { counters[kind] = nil }
                return gone
            }
            for kind in gone { registry.remove(kind.name, kind.labels) }
        }
    }
}
