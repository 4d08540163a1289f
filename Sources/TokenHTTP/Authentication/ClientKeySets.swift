import JOSE
import OAuth
import RemoteKeys
import ServiceFiles
import Synchronization
import SystemPackage
import Telemetry

/// The key sets at the `jwks_uri` of clients. They outlive a reload of the registry, so that a reload fetches no key
/// set again.
final class ClientKeySets: Sendable {
    /// Two clients that trust different authorities do not share the set of one URL.
    private let sets = Mutex<[RemoteKeysLocation: RemoteDocument<JWKSet>]>([:])
    /// Fetches the set at a location once.
    typealias Fetch = @Sendable (RemoteKeysLocation) async throws(DocumentFetchError) -> FetchedDocument<JWKSet>

    private let fetch: Fetch
    private let report: @Sendable (KeySetEvent) -> Void
    private let skippedKeys: SkippedKeys<RemoteKeysLocation>

    /// - Parameter report: called once for each failed fetch, and once for each change of a set with keys that were skipped,
    ///   if they matter: see ``SkippedKeys``. Clients do not see the reasons.
    convenience init(http: OutgoingHTTP = .writ(), report: @escaping @Sendable (KeySetEvent) -> Void) {
        self.init(
            fetch: { (location) async throws(DocumentFetchError) in
                let authorities = location.caFile.map {
                    CertificateAuthorities(CertificateAuthoritiesFile(FilePath($0), .service))
                }
                return try await DocumentDownload(url: location.url, through: http, trusting: authorities).fetchKeySet()
            }, report: report)
    }

    init(fetch: @escaping Fetch, report: @escaping @Sendable (KeySetEvent) -> Void) {
        self.fetch = fetch
        self.report = report
        skippedKeys = SkippedKeys { location, set in
            report(
                .keysSkipped(url: location.url, reasons: set.ignored.map(\.description), usableCount: set.keys.count))
        }
    }

    /// The keys that may have signed the assertion, if they are in memory; empty if the client is unknown or has no
    /// keys.
    ///
    /// - Returns: `nil` if ``fetchedKeys(for:after:of:)`` may find more.
    func cachedKeys(for check: PendingAssertionCheck) -> JWKSet? {
        switch check.keys {
        case nil: return JWKSet([])
        case .fixed(let keys): return keys
        case .remote(let location):
            guard let keys = sets.withLock({ $0[location] })?.cached?.value, !check.lacksKey(in: keys) else {
                return nil
            }
            return keys
        }
    }

    /// Whether ``fetchedKeys(for:after:of:)`` may find the key that made the signature, which `keys` have not.
    func mayHaveNewerKey(
        for check: PendingAssertionCheck, than keys: JWKSet,
        after result: Result<AuthenticatedClient, AuthenticationFailure>
    ) -> Bool {
        guard case .remote = check.keys, case .failure(let failure) = result else { return false }
        return failure.cause == .assertionSignature && check.mayNameNewerKey(than: keys)
    }

    /// The keys that may have signed the assertion. The set is fetched on a cache miss, and fetched once more if it
    /// lacks the key that the assertion names, but not more often than ``RemoteDocument`` allows.
    ///
    /// - Parameters:
    ///   - tried: the keys that the signature was checked with in vain.
    ///   - clients: all registered clients. Sets of others are dropped.
    /// - Throws: ``TokenRefusal/Code/clientKeysUnavailable`` if there is no set to check with.
    func fetchedKeys(
        for check: PendingAssertionCheck, after tried: JWKSet? = nil, of clients: ClientRegistry
    ) async throws(TokenRefusal) -> JWKSet {
        guard case .remote(let location) = check.keys else { return cachedKeys(for: check) ?? JWKSet([]) }
        do throws(DocumentFetchError) {
            let set = set(location, of: clients)
            let keys = try await set.current().value
            guard tried != nil || check.lacksKey(in: keys) else { return keys }
            let reloaded = try await set.reloaded(whileLacking: check.lacksKey).value
            if check.lacksKey(in: reloaded) { skippedKeys.look(at: reloaded, of: location, askedFor: check.keyID) }
            return reloaded
        } catch {
            // The failure of the fetch is reported once, and not with each request.
            throw TokenRefusal(.clientKeysUnavailable)
        }
    }

    /// How many sets are in memory.
    var count: Int { sets.withLock { $0.count } }

    private func set(_ location: RemoteKeysLocation, of clients: ClientRegistry) -> RemoteDocument<JWKSet> {
        sets.withLock { sets in
            if let set = sets[location] { return set }
            // A set that no client names any more would stay for ever. One that is added is a rare event.
            sets = sets.filter { clients.remoteKeys.contains($0.key) }
            skippedKeys.keep(only: clients.remoteKeys)
            let url = location.url
            // An empty set is valid: the client has withdrawn all of its keys.
            let set = RemoteDocument.keySet(
                acceptsEmpty: true, reportFailure: { [report] in report(.failed(url: url, reason: "\($0)")) },
                fetch: { [fetch, skippedKeys] () async throws(DocumentFetchError) in
                    let fetched = try await fetch(location)
                    skippedKeys.look(at: fetched.value, of: location)
                    return fetched
                })
            sets[location] = set
            return set
        }
    }
}
