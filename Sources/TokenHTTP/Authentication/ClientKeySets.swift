import JOSE
import OAuth
import RemoteKeys
import Synchronization

/// The key sets behind the `jwks_uri` of clients. They outlive a reload of the registry, so that none is fetched again for
/// it.
final class ClientKeySets: Sendable {
    private let sets = Mutex<[String: RemoteKeySet]>([:])
    private let reportFailure: @Sendable (String, any Error) -> Void

    /// - Parameter reportFailure: is called with the URL that gives no keys and the reason, once for each fetch. Clients do not
    ///   learn it.
    init(reportFailure: @escaping @Sendable (String, any Error) -> Void) {
        self.reportFailure = reportFailure
    }

    /// The keys that may have signed the assertion. They are fetched if needed, and once more if they lack the key that the
    /// assertion names, but not more often than ``RemoteKeySet`` allows. Empty if there are none.
    func keys(for check: PendingAssertionCheck) async -> JWKSet {
        switch check.keys {
        case nil: return JWKSet([])
        case .fixed(let keys): return keys
        case .remote(let url):
            do {
                let set = try set(url)
                let keys = try await set.set().keys
                return check.lacksKey(in: keys) ? try await set.refreshed().keys : keys
            } catch {
                return JWKSet([])
            }
        }
    }

    private func set(_ url: String) throws(KeySetFetchError) -> RemoteKeySet {
        let fetcher = try KeySetFetcher(url: url)
        return sets.withLock { sets in
            if let set = sets[url] { return set }
            // A client that publishes no key any more has none.
            let set = RemoteKeySet(fetcher, caching: KeySetCaching(refusesEmptySets: false)) { [reportFailure] in
                reportFailure(url, $0)
            }
            sets[url] = set
            return set
        }
    }
}
