import JOSE

/// What is known of a key set, and what its age means. Instants and chance are arguments.
struct KeySetAge {
    typealias Instant = ContinuousClock.Instant

    /// What to do for somebody who needs the set.
    enum Advice: Equatable {
        /// The one in hand is good.
        case use
        /// It is good, and another should be asked for meanwhile.
        case useAndAsk
        /// Another must be asked for, and waited for.
        case ask
    }

    private let caching: KeySetCaching
    private(set) var current: VersionedKeySet?
    /// From when on another set should be asked for, though the one in hand is still good.
    private var askFrom: Instant?
    /// When the one in hand is no longer good.
    private var oldFrom: Instant?
    private var attemptedAt: Instant?
    /// The last attempt for a key that was missing, or that failed.
    private var cooledFrom: Instant?
    private(set) var failure: KeySetFetchError?
    /// From 0 to 1, chosen anew with each attempt.
    private var jitter = 0.0

    init(_ caching: KeySetCaching) {
        self.caching = caching
    }

    func advice(now: Instant) -> Advice {
        guard let askFrom, let oldFrom else { return .ask }
        if now < askFrom { return .use }
        if now < oldFrom { return .useAndAsk }
        // A server that failed is asked behind the back of those who need the old set now.
        return hasFailedRecently(now: now) && !isStale(now: now) ? .useAndAsk : .ask
    }

    /// The set, and how long there is nothing to do but use it; nil where there is none.
    var youth: (keys: VersionedKeySet, end: Instant)? {
        guard let current, let askFrom else { return nil }
        return (current, askFrom)
    }

    /// A failure of long ago says nothing of the server now.
    private func hasFailedRecently(now: Instant) -> Bool {
        guard failure != nil, let attemptedAt else { return false }
        return attemptedAt.duration(to: now) < caching.coolDown * 2
    }

    /// The last good set.
    ///
    /// - Throws: where there never was one, or where it is too old.
    func lastGood(now: Instant) throws(KeySetFetchError) -> VersionedKeySet {
        guard let current, !isStale(now: now) else { throw failure ?? .unreachable("cancelled") }
        return current
    }

    private func isStale(now: Instant) -> Bool {
        oldFrom.map { $0.advanced(by: caching.maximumStaleness) <= now } ?? true
    }

    /// Whether the server may be asked now. If so, the attempt counts.
    ///
    /// - Parameter isForMissingKey: whether it is not the set's age that is the reason. A set that has just been fetched does
    ///   not keep a key from being asked for that came right after; the next one has to wait.
    mutating func begin(isForMissingKey: Bool = false, now: Instant, jitter: Double) -> Bool {
        // As long as there is no set that can be used, nothing else can be done: then a second is enough.
        let coolDown = (isStale(now: now) ? .seconds(1) : caching.coolDown) * (1 + 0.25 * self.jitter)
        if let last = isForMissingKey ? cooledFrom : attemptedAt, last.duration(to: now) < coolDown { return false }
        attemptedAt = now
        if isForMissingKey { cooledFrom = now }
        self.jitter = jitter
        return true
    }

    mutating func receive(_ fetched: FetchedKeySet, now: Instant) throws(KeySetFetchError) {
        guard !caching.refusesEmptySets || !fetched.keys.keys.isEmpty else {
            throw .empty
        }
        failure = nil
        // From three quarters of its life on, so that nobody has to wait when it ends.
        askFrom = now.advanced(by: fetched.maximumAge * (0.75 + 0.15 * jitter))
        oldFrom = now.advanced(by: fetched.maximumAge)
        if let current, current.keys.json() == fetched.keys.json() { return }
        current = VersionedKeySet(keys: fetched.keys, version: (current?.version ?? 0) + 1)
    }

    mutating func fail(_ error: KeySetFetchError) {
        failure = error
        cooledFrom = attemptedAt
    }
}
