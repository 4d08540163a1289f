/// Decides when a cached document is used, refreshed and discarded (RFC 9111 section 4.2). Time and jitter are
/// arguments.
struct DocumentFreshness {
    typealias Instant = ContinuousClock.Instant

    /// The action for a caller that needs the document.
    enum Advice: Equatable {
        /// Use the cached document.
        case use
        /// Use the cached document, and refresh it meanwhile.
        case useAndRefresh
        /// Wait for a fetch.
        case fetch
    }

    private let caching: DocumentCaching
    /// When a refresh begins, though the document is still fresh. This and the next two are `nil` until a document is
    /// received.
    private var refreshAfter: Instant?
    /// When the document expires.
    private var freshUntil: Instant?
    /// When the expired document may no longer be used, even while its server is unreachable.
    private var staleAfter: Instant?
    private(set) var receivedAt: Instant?
    private var attemptedAt: Instant?
    /// The start of the last attempt that was a reload or that failed.
    private var cooledFrom: Instant?
    /// Why the last attempt failed.
    private(set) var failure: DocumentFetchError?
    /// From 0 to 1, chosen anew with each attempt.
    private var jitter = 0.0

    init(_ caching: DocumentCaching) {
        self.caching = caching
    }

    func advice(now: Instant) -> Advice {
        guard let refreshAfter, let freshUntil else { return .fetch }
        if now < refreshAfter { return .use }
        if now < freshUntil { return .useAndRefresh }
        // Callers do not wait for a server that has just failed, as long as there is a stale document.
        return recentFailure(now: now) != nil && !isStale(now: now) ? .useAndRefresh : .fetch
    }

    /// The time until a fetch is due that nothing but the time asks for.
    func delay(now: Instant) -> Duration {
        if let refreshAfter, now < refreshAfter { return now.duration(to: refreshAfter) }
        guard let attemptedAt else { return .zero }
        return max(.zero, now.duration(to: attemptedAt.advanced(by: coolDown(now: now))))
    }

    /// Whether the document is too old to be used at all. `true` if there is none.
    func isStale(now: Instant) -> Bool {
        staleAfter.map { $0 <= now } ?? true
    }

    /// Why the last attempt failed, if it was within two cool-downs. An older failure says nothing about the server now.
    func recentFailure(now: Instant) -> DocumentFetchError? {
        guard let failure, let attemptedAt, attemptedAt.duration(to: now) < caching.coolDown * 2 else { return nil }
        return failure
    }

    /// Whether a fetch may begin now. If so, it counts as an attempt.
    ///
    /// - Parameter isReload: whether the fresh document lacks something that the caller needs. A reload waits for the
    ///   cool-down after another reload or a failure, but not for the one after an ordinary fetch.
    mutating func begin(isReload: Bool = false, now: Instant, jitter: Double) -> Bool {
        if let last = isReload ? cooledFrom : attemptedAt, last.duration(to: now) < coolDown(now: now) { return false }
        attemptedAt = now
        if isReload { cooledFrom = now }
        self.jitter = jitter
        return true
    }

    /// Without a usable document every caller fails until a fetch succeeds, so the next one may begin after a second.
    private func coolDown(now: Instant) -> Duration {
        if let shortest = caching.shortestFreshness, receivedAt != nil, failure == nil { return shortest }
        return (isStale(now: now) ? .seconds(1) : caching.coolDown) * (1 + 0.25 * jitter)
    }

    /// Counts a document with this freshness lifetime as received.
    ///
    /// - Parameter usableFor: the time after which it may not be used, however stale a document may be.
    /// - Returns: when its refresh begins.
    mutating func receive(
        maximumAge: Duration, usableFor: Duration = .seconds(Int32.max), now: Instant
    ) -> Instant {
        failure = nil
        receivedAt = now
        // No fetch begins before the cool-down ends. Without that time each caller would find the document expired.
        let maximumAge = min(max(maximumAge, caching.shortestFreshness ?? caching.coolDown), usableFor)
        // After three quarters of the lifetime, so that no caller has to wait at its end.
        let refreshAfter = now.advanced(by: maximumAge * (0.75 + 0.15 * jitter))
        let freshUntil = now.advanced(by: maximumAge)
        self.refreshAfter = refreshAfter
        self.freshUntil = freshUntil
        staleAfter = min(freshUntil.advanced(by: caching.maximumStaleness), now.advanced(by: usableFor))
        return refreshAfter
    }

    mutating func fail(_ error: DocumentFetchError) {
        failure = error
        cooledFrom = attemptedAt
    }
}
