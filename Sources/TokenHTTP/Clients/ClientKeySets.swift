import JOSE
import OAuth
import RemoteKeys
import Synchronization

/// The key sets behind the `jwks_uri` of clients. They outlive a reload of the registry, so that none has to be fetched
/// anew for it.
final class ClientKeySets: Sendable {
    private let sets = Mutex<[String: RemoteDocument<JWKSet>]>([:])
    private let reportFailure: @Sendable (String, any Error) -> Void

    /// - Parameter reportFailure: told which URL gives no keys and why, once for each fetch; clients are not.
    init(reportFailure: @escaping @Sendable (String, any Error) -> Void) {
        self.reportFailure = reportFailure
    }

    /// The keys that may have made the assertion: fetched where that is needed, and once more where they lack the one
    /// that it names, but not more often than ``RemoteDocument`` allows. Empty where there are none.
    func keys(for trial: AssertionTrial) async -> JWKSet {
        switch trial.keys {
        case nil: return JWKSet([])
        case .fixed(let keys): return keys
        case .remote(let url):
            do {
                let set = try set(url)
                let keys = try await set.current().value
                return trial.needsOtherKeys(than: keys) ? try await set.reloaded().value : keys
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
