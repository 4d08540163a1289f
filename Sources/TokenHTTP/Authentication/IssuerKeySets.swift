import AccessToken
import JOSE
import OAuth
import RemoteKeys
import ServiceFiles
import Synchronization
import SystemPackage
import Telemetry

/// The keys of trusted issuers. They outlive a reload, so that a reload fetches no keys again.
final class IssuerKeySets: Sendable {
    /// All that decides which keys are trusted: two entries that differ in any of it share nothing.
    private struct Location: Hashable {
        let identifier: String
        let place: String
        let caFile: String?
        let bearerTokenFile: String?
    }

    private struct Entry {
        let keys: RemoteDocument<JWKSet>
        let fetches: IssuerFetches
    }

    /// Fetches the keys of an issuer once. They may be none.
    typealias Fetch = @Sendable (TrustedIssuer) async throws(DocumentFetchError) -> FetchedDocument<JWKSet>

    private let entries = Mutex<[Location: Entry]>([:])
    private let fetch: Fetch
    private let report: @Sendable (KeySetEvent) -> Void
    private let skippedKeys: SkippedKeys<Location>

    /// - Parameter report: called once for each failed fetch, and once for each change of keys that were skipped, if they
    ///   matter: see ``SkippedKeys``. Clients do not see the reasons.
    convenience init(
        http: OutgoingHTTP = .writ(), access: FileAccess = .service,
        report: @escaping @Sendable (KeySetEvent) -> Void
    ) {
        self.init(
            fetch: { (issuer) async throws(DocumentFetchError) in
                try await IssuerKeysSource(issuer, through: http, access).fetchAny()
            }, report: report)
    }

    init(fetch: @escaping Fetch, report: @escaping @Sendable (KeySetEvent) -> Void) {
        self.fetch = fetch
        self.report = report
        skippedKeys = SkippedKeys { location, set in
            let reasons = set.ignored.map(\.description)
            report(.keysSkipped(url: location.identifier, reasons: reasons, usableCount: set.keys.count))
        }
    }

    /// The keys that may have signed the token, if they are in memory.
    ///
    /// - Returns: `nil` if ``fetchedKeys(for:after:)`` may find more.
    func cachedKeys(for check: PendingIdentityCheck) -> JWKSet? {
        if case .fixed(let keys, _) = check.issuer.keys { return keys }
        guard let keys = entry(of: check.issuer)?.keys.cached?.value, !check.lacksKey(in: keys) else { return nil }
        return keys
    }

    /// Whether ``fetchedKeys(for:after:)`` may find the key that made the signature, which `keys` have not.
    func mayHaveNewerKey(
        for check: PendingIdentityCheck, than keys: JWKSet,
        after result: Result<AuthenticatedClient, AuthenticationFailure>
    ) -> Bool {
        if case .fixed = check.issuer.keys { return false }
        guard case .failure(let failure) = result else { return false }
        return failure.cause == .identitySignature && check.mayNameNewerKey(than: keys)
    }

    /// The keys that may have signed the token. They are fetched on a cache miss, and fetched once more if they lack the key
    /// that the token names, but not more often than ``RemoteDocument`` allows.
    ///
    /// - Parameter tried: the keys that the signature was checked with in vain.
    /// - Throws: ``TokenRefusal/Code/issuerKeysUnavailable`` if there are no keys to check with.
    func fetchedKeys(
        for check: PendingIdentityCheck, after tried: JWKSet? = nil
    ) async throws(TokenRefusal) -> JWKSet {
        if case .fixed(let keys, _) = check.issuer.keys { return keys }
        do throws(DocumentFetchError) {
            let document = document(of: check.issuer, amongst: check.trusted)
            let keys = try await document.current().value
            guard tried != nil || check.lacksKey(in: keys) else { return keys }
            let reloaded = try await document.reloaded(whileLacking: check.lacksKey).value
            if check.lacksKey(in: reloaded) {
                skippedKeys.look(at: reloaded, of: Self.location(of: check.issuer), askedFor: check.keyID)
            }
            return reloaded
        } catch {
            // The failure of the fetch is reported once, and not with each request.
            throw TokenRefusal(.issuerKeysUnavailable).about(check.trace)
        }
    }

    /// Whether what is fetched for one of them are the keys of the other.
    static func haveSameKeys(_ first: TrustedIssuer, _ second: TrustedIssuer) -> Bool {
        location(of: first) == location(of: second)
    }

    /// Of how many issuers keys were asked for.
    var count: Int { entries.withLock { $0.count } }

    /// What is known of the fetches of an issuer's keys; `nil` if there was none.
    func fetches(of issuer: TrustedIssuer) -> IssuerFetches? { entry(of: issuer)?.fetches }

    private func entry(of issuer: TrustedIssuer) -> Entry? {
        let location = Self.location(of: issuer)
        return entries.withLock { $0[location] }
    }

    /// - Parameter trusted: every trusted issuer. Keys of others are dropped.
    private func document(of issuer: TrustedIssuer, amongst trusted: [TrustedIssuer]) -> RemoteDocument<JWKSet> {
        let location = Self.location(of: issuer)
        return entries.withLock { entries in
            if let entry = entries[location] { return entry.keys }
            // Keys that no entry names any more would stay for ever. One that is added is a rare event.
            let locations = Set(trusted.map(Self.location))
            entries = entries.filter { locations.contains($0.key) }
            skippedKeys.keep(only: locations)
            let (fetches, name) = (IssuerFetches(), "\(issuer.identifier) (issuer \(issuer.name))")
            let keys = RemoteDocument<JWKSet>.keySet(
                reportFailure: { [report] error in
                    fetches.fail()
                    report(.failed(url: name, reason: "\(error)"))
                },
                fetch: { [fetch, skippedKeys] () async throws(DocumentFetchError) in
                    let fetched = try await fetch(issuer)
                    skippedKeys.look(at: fetched.value, of: location)
                    if !fetched.value.keys.isEmpty { fetches.succeed(now: .now) }
                    return fetched
                })
            entries[location] = Entry(keys: keys, fetches: fetches)
            return keys
        }
    }

    private static func location(of issuer: TrustedIssuer) -> Location {
        let place =
            switch issuer.keys {
            case .discovery: "discovery"
            case .keySet(let url): "jwks_uri \(url)"
            case .bundle(let url): "spiffe_bundle \(url)"
            case .fixed(_, let file): "file \(file)"
            }
        return Location(
            identifier: issuer.identifier, place: place, caFile: issuer.caFile, bearerTokenFile: issuer.bearerTokenFile)
    }
}

/// How the fetches of an issuer's keys have gone, for metrics.
final class IssuerFetches: Sendable {
    private struct State {
        var succeededAt: NumericDate?
        var failures = 0
        var hasFailed = false
    }

    private let state = Mutex(State())

    func succeed(now: NumericDate) {
        state.withLock {
            $0.succeededAt = now
            $0.hasFailed = false
        }
    }

    func fail() {
        state.withLock {
            $0.failures += 1
            $0.hasFailed = true
        }
    }

    /// When keys were last fetched; `nil` if they never were.
    var succeededAt: NumericDate? { state.withLock { $0.succeededAt } }

    /// How many fetches have failed.
    var failureCount: Int { state.withLock { $0.failures } }

    /// Whether the last fetch failed.
    var hasFailed: Bool { state.withLock { $0.hasFailed } }
}

extension IssuerKeysSource {
    /// - Parameter access: decides whose files are accepted.
    init(
        _ issuer: TrustedIssuer, through http: OutgoingHTTP, _ access: FileAccess
    ) throws(DocumentFetchError) {
        let place: Place
        let origin: String
        switch issuer.keys {
        case .keySet(let url): (place, origin) = (.keySet(url: url), url)
        case .bundle(let url): (place, origin) = (.bundle(url: url), url)
        case .discovery, .fixed:
            do throws(InvalidValue) { place = .discovery(try Issuer(issuer.identifier)) } catch {
                throw DocumentFetchError(.insecureURL)
            }
            origin = issuer.identifier
        }
        let credentials: BearerCredentials?
        do throws(InvalidValue) {
            credentials = try issuer.bearerTokenFile.map { (path) throws(InvalidValue) in
                try BearerCredentials(forOriginOf: origin) { try BearerTokenFile(FilePath(path), access).token() }
            }
        } catch {
            throw DocumentFetchError(.insecureURL)
        }
        self.init(
            place, through: http,
            trusting: issuer.caFile.map { CertificateAuthorities(CertificateAuthoritiesFile(FilePath($0), access)) },
            credentials: credentials)
    }
}
