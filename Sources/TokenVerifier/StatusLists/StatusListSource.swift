import AccessToken
import JOSE
import RemoteKeys

/// Fetches Status Lists of one issuer, and checks that it has signed them.
struct StatusListSource: Sendable {
    /// How many octets a list may have: 2^20 entries of the largest size.
    static let maximumOctets = 1 << 20
    /// How long an answer counts that is no list. It is short, since a replica of the issuer may not know of a list yet that
    /// another one has named.
    private static let lifeWithoutList = Duration.seconds(5)
    /// An answer is fresh for this time though its `Cache-Control` says less, if `ttl` allows.
    private static let shortestFreshness = Duration.seconds(2)
    private static let longestFreshness = Duration.seconds(86400)

    private let fetch: StatusListRules.Fetch
    private let clock: @Sendable () -> ContinuousClock.Instant
    private let keys: KeySource
    private let algorithms: [SignatureAlgorithm]
    private let leeway: Duration
    private let now: @Sendable () -> NumericDate

    init(
        _ rules: StatusListRules, keys: KeySource, algorithms: [SignatureAlgorithm], leeway: Duration,
        now: @escaping @Sendable () -> NumericDate
    ) {
        let settings = rules.settings
        if let own = rules.fetch {
            fetch = { uri in try await Deadline.race(settings.timeLimit) { try await own(uri) } }
        } else {
            fetch = { uri in try await DocumentDownload(url: uri, settings: settings).fetchStatusListToken() }
        }
        clock = rules.clock
        self.keys = keys
        self.algorithms = algorithms
        self.leeway = leeway
        self.now = now
    }

    /// Fetches a list once.
    ///
    /// - Throws: also if the answer is not this list, or not signed by the issuer: then it says nothing.
    func fetch(_ uri: String) async throws(DocumentFetchError) -> FetchedDocument<StatusListAnswer> {
        let start = clock()
        guard let answer = try await octets(uri) else { return Self.withoutList(.unknown) }
        let jws: CompactJWS
        do throws(JWSError) {
            jws = try CompactJWS(
                parsing: String(decoding: answer.value, as: UTF8.self), maximumLength: DocumentDownload.maximumSize)
        } catch {
            throw Self.notThisList("\(AccessTokenRejection.signature(error))")
        }
        let verified = try await keys.verified(jws, among: algorithms)
        let now = now()
        let token: StatusListToken
        do throws(StatusListError) {
            token = try StatusListToken(
                verified, of: uri, maximumOctets: Self.maximumOctets, now: now, leeway: leeway)
        } catch {
            guard error.isAboutContent else { throw Self.notThisList("\(error)") }
            return Self.withoutList(.unreadable(error))
        }
        // Section 8.2: `ttl` counts before `Cache-Control`. It counts from the request on, since the list may have changed as
        // soon as it was answered.
        let freshness = min(max(answer.maximumAge, Self.shortestFreshness), token.timeToLive ?? Self.longestFreshness)
        return FetchedDocument(
            .list(token), maximumAge: min(freshness, Self.longestFreshness) - start.duration(to: clock()),
            usableFor: token.expiresAt.map { Self.duration(from: now, to: $0) } ?? .seconds(Int32.max))
    }

    /// - Returns: `nil` if there is no such list.
    private func octets(_ uri: String) async throws(DocumentFetchError) -> FetchedDocument<[UInt8]>? {
        do { return try await fetch(uri) } catch {
            guard let error = error as? DocumentFetchError else { throw DocumentFetchError(.unreachable, "\(error)") }
            guard error.code == .status(404) else { throw error }
            return nil
        }
    }

    private static func withoutList(_ answer: StatusListAnswer) -> FetchedDocument<StatusListAnswer> {
        FetchedDocument(answer, maximumAge: lifeWithoutList, usableFor: lifeWithoutList)
    }

    private static func notThisList(_ reason: String) -> DocumentFetchError {
        DocumentFetchError(.malformed, "not this status list: \(reason)")
    }

    private static func duration(from now: NumericDate, to end: NumericDate) -> Duration {
        let (seconds, overflow) = end.seconds.subtractingReportingOverflow(now.seconds)
        return .seconds(overflow ? Int64(Int32.max) : seconds)
    }
}
