import JOSE
import OAuth
import RemoteKeys
import Synchronization

/// The key sets behind the `jwks_uri` of clients. They outlive a reload of the registry, so that none is fetched again for
/// it.
final class ClientKeySets: Sendable {
    private let sets = Mutex<[String: RemoteDocument<JWKSet>]>([:])
    private let reportFailure: @Sendable (String, any Error) -> Void

    /// - Parameter reportFailure: is called with the URL that gives no keys and the reason, once for each fetch. Clients do not
    ///   learn it.
    init(reportFailure: @escaping @Sendable (String, any Error) -> Void) {
        self.reportFailure = reportFailure
    }

    /// The keys that may have signed the assertion. They are fetched if needed, and once more if they lack the key that the
    /// assertion names, but not more often than ``RemoteDocument`` allows. Empty if there are none.
    func keys(for check: PendingAssertionCheck) async -> JWKSet {
        switch check.keys {
        case nil: return JWKSet([])
        case .fixed(let keys): return keys
        case .remote(let url):
            do {
                let set = try set(url)
                let keys = try await set.current().value
                return check.lacksKey(in: keys) ? try await set.reloaded().value : keys
            } catch {
                return JWKSet([])
            }
        }
    }

    private func set(_ url: String) throws(DocumentFetchError) -> RemoteDocument<JWKSet> {
        let download = try DocumentDownload(url: url)
        return sets.withLock { sets in
            if let set = sets[url] { return set }
            // A client that publishes no key any more has none.
            let set = RemoteDocument.keySet(download, acceptsEmpty: true) { [reportFailure] in
                reportFailure(url, $0)
            }
            sets[url] = set
            return set
        }
    }
}
