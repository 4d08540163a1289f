import JOSE
import OAuth
import RemoteKeys
import Synchronization

/// The key sets at the `jwks_uri` of clients. They outlive a reload of the registry, so that a reload fetches no key
/// set again.
final class ClientKeySets: Sendable {
    private let sets = Mutex<[String: RemoteDocument<JWKSet>]>([:])
    private let reportFailure: @Sendable (String, any Error) -> Void

    /// - Parameter reportFailure: called once for each failed fetch, with the URL and the reason. Clients do not see
    ///   the reason.
    init(reportFailure: @escaping @Sendable (String, any Error) -> Void) {
        self.reportFailure = reportFailure
    }

    /// The keys that may have signed the assertion, if they are in memory; empty if the client is unknown or has no
    /// keys.
    ///
    /// - Returns: `nil` if ``fetchedKeys(for:)`` may find more.
    func cachedKeys(for check: PendingAssertionCheck) -> JWKSet? {
        switch check.keys {
        case nil: return JWKSet([])
        case .fixed(let keys): return keys
        case .remote(let url):
            guard let keys = sets.withLock({ $0[url] })?.cached?.value, !check.lacksKey(in: keys) else { return nil }
            return keys
        }
    }

    /// The keys that may have signed the assertion. The set is fetched on a cache miss, and fetched once more if it
    /// lacks the key that the assertion names, but not more often than ``RemoteDocument`` allows.
    ///
    /// - Throws: ``TokenRefusal/Code/clientKeysUnavailable`` if there is no set to check with.
    func fetchedKeys(for check: PendingAssertionCheck) async throws(TokenRefusal) -> JWKSet {
        guard case .remote(let url) = check.keys else { return cachedKeys(for: check) ?? JWKSet([]) }
        do throws(DocumentFetchError) {
            let set = try set(url)
            let keys = try await set.current().value
            return check.lacksKey(in: keys) ? try await set.reloaded().value : keys
        } catch {
            // The failure of the fetch is reported once, and not with each request.
            throw TokenRefusal(.clientKeysUnavailable)
        }
    }

    private func set(_ url: String) throws(DocumentFetchError) -> RemoteDocument<JWKSet> {
        let download = try DocumentDownload(url: url)
        return sets.withLock { sets in
            if let set = sets[url] { return set }
            // An empty set is valid: the client has withdrawn all of its keys.
            let set = RemoteDocument.keySet(download, acceptsEmpty: true) { [reportFailure] in
                reportFailure(url, $0)
            }
            sets[url] = set
            return set
        }
    }
}
