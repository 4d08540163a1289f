import Atomics
import Synchronization

/// A document that another server publishes. It is fetched on first use, refreshed before it expires, and served stale
/// while its server is unreachable.
public final class RemoteDocument<Value: Equatable & Sendable>: Sendable {
    /// Fetches the document once.
    public typealias Fetch = @Sendable () async throws(DocumentFetchError) -> FetchedDocument<Value>

    private struct State {
        var freshness: DocumentFreshness
        var current: CachedDocument<Value>?
        var isFetching = false
        /// The callers that wait for the fetch, each with a number. They get whether it has ended.
        var waiting: [Int: CheckedContinuation<Bool, Never>] = [:]
        var lastNumber = 0
    }

    /// What a caller does that needs another document than the cached one.
    private enum Step {
        case wait(Int)
        case useCached
        case fail(DocumentFetchError)
    }

    /// The document until its refresh begins. It is read without a lock.
    private final class Fresh: AtomicReference, Sendable {
        let end: ContinuousClock.Instant
        let document: CachedDocument<Value>

        init(_ document: CachedDocument<Value>, until end: ContinuousClock.Instant) {
            self.document = document
            self.end = end
        }
    }

    private let fresh = ManagedAtomic<Fresh?>(nil)
    private let state: Mutex<State>
    private let fetch: Fetch
    private let reportFailure: @Sendable (DocumentFetchError) -> Void
    private let now: @Sendable () -> ContinuousClock.Instant

    /// Fetches nothing before the first use.
    ///
    /// - Parameters:
    ///   - reportFailure: called once for each fetch that failed, even if an older document can still be served.
    ///   - now: a monotonic clock.
    public init(
        caching: DocumentCaching = .standard,
        reportFailure: @escaping @Sendable (DocumentFetchError) -> Void = { _ in },
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }, fetch: @escaping Fetch
    ) {
        state = Mutex(State(freshness: DocumentFreshness(caching)))
        self.fetch = fetch
        self.reportFailure = reportFailure
        self.now = now
    }

    /// The cached document if it may be used without waiting, else `nil`: then call ``current()``. If the document
    /// expires soon, this starts a refresh.
    public var cached: CachedDocument<Value>? {
        let now = now()
        if let fresh = fresh.load(ordering: .acquiring), now < fresh.end { return fresh.document }
        return state.withLock { state in
            switch state.freshness.advice(now: now) {
            case .fetch: return nil
            case .useAndRefresh: startFetch(&state, isReload: false, now: now)
            case .use: break
            }
            return state.current
        }
    }

    /// Why the document may be another by now: the last fetch failed, and not long ago. `nil` if there is no reason.
    package var recentFailure: DocumentFetchError? {
        let now = now()
        return state.withLock { $0.freshness.recentFailure(now: now) }
    }

    /// A fresh document if the server answers, else the last one that it sent.
    ///
    /// - Throws: if no document has been received, or the last one is too stale; and if the task is cancelled meanwhile. The
    ///   fetch goes on for others.
    public func current() async throws(DocumentFetchError) -> CachedDocument<Value> {
        if let cached { return cached }
        return try await fetched(isReload: false)
    }

    /// Reloads the document because the fresh one lacks something that the caller needs. However many callers there
    /// are, one fetch runs at a time, and at most one reload begins in a cool-down. A fetch that another caller has begun, from
    /// a server that has failed recently, is not waited for.
    ///
    /// - Throws: the same errors as ``current()``, and the recent failure in place of waiting.
    public func reloaded() async throws(DocumentFetchError) -> CachedDocument<Value> {
        try await fetched(isReload: true)
    }

    /// Whether there is a document that is not too stale.
    package var hasDocument: Bool {
        let now = now()
        return state.withLock { $0.current != nil && !$0.freshness.isStale(now: now) }
    }

    /// The time since the server sent the document last; `nil` without one.
    package var age: Duration? {
        let now = now()
        return state.withLock { state in state.freshness.receivedAt.map { $0.duration(to: now) } }
    }

    /// Starts a fetch if one is due, and does not wait for it: so that no caller of ``current()`` has to.
    ///
    /// - Returns: the time until the next is due.
    package func refreshIfDue() -> Duration {
        let now = now()
        return state.withLock { state in
            if state.freshness.advice(now: now) != .use { startFetch(&state, isReload: false, now: now) }
            return state.freshness.delay(now: now)
        }
    }

    private func fetched(isReload: Bool) async throws(DocumentFetchError) -> CachedDocument<Value> {
        let now = now()
        switch state.withLock({ step(&$0, isReload: isReload, now: now) }) {
        case .useCached: break
        case .fail(let error): throw error
        case .wait(let number):
            let hasEnded = await withTaskCancellationHandler {
                await withCheckedContinuation { wait(with: $0, number) }
            } onCancel: {
                leave(number)
            }
            if !hasEnded { throw DocumentFetchError(.unreachable, "the caller was cancelled") }
        }
        let later = self.now()
        return try state.withLock { (state) throws(DocumentFetchError) in
            guard let current = state.current, !state.freshness.isStale(now: later) else {
                throw state.freshness.failure ?? DocumentFetchError(.unreachable, "it was not fetched")
            }
            return current
        }
    }

    private func step(_ state: inout State, isReload: Bool, now: ContinuousClock.Instant) -> Step {
        if isReload, state.isFetching, !state.freshness.isStale(now: now),
            let failure = state.freshness.recentFailure(now: now)
        {
            return .fail(failure)
        }
        guard startFetch(&state, isReload: isReload, now: now) else { return .useCached }
        state.lastNumber += 1
        return .wait(state.lastNumber)
    }

    /// - Returns: whether a fetch runs; if not, it is too early for one.
    @discardableResult
    private func startFetch(_ state: inout State, isReload: Bool, now: ContinuousClock.Instant) -> Bool {
        if state.isFetching { return true }
        guard state.freshness.begin(isReload: isReload, now: now, jitter: .random(in: 0...1)) else { return false }
        state.isFetching = true
        // It is no child of the caller's task: the cancellation of one caller does not end the fetch of all.
        Task { await self.fetchOnce() }
        return true
    }

    private func wait(with continuation: CheckedContinuation<Bool, Never>, _ number: Int) {
        let hasEnded: Bool? = state.withLock { state in
            // The fetch may have ended since, and the caller may have been cancelled.
            if !state.isFetching { return true }
            if Task.isCancelled { return false }
            state.waiting[number] = continuation
            return nil
        }
        if let hasEnded { continuation.resume(returning: hasEnded) }
    }

    private func leave(_ number: Int) {
        state.withLock { $0.waiting.removeValue(forKey: number) }?.resume(returning: false)
    }

    private func fetchOnce() async {
        let result: Result<FetchedDocument<Value>, DocumentFetchError>
        do throws(DocumentFetchError) { result = .success(try await fetch()) } catch { result = .failure(error) }
        let now = now()
        let waiting = state.withLock { state in
            defer { state.waiting = [:] }
            state.isFetching = false
            switch result {
            case .success(let fetched): receive(fetched, &state, now: now)
            case .failure(let error): state.freshness.fail(error)
            }
            return Array(state.waiting.values)
        }
        for continuation in waiting { continuation.resume(returning: true) }
        if case .failure(let error) = result { reportFailure(error) }
    }

    private func receive(_ fetched: FetchedDocument<Value>, _ state: inout State, now: ContinuousClock.Instant) {
        let refreshAfter = state.freshness.receive(
            maximumAge: fetched.maximumAge, usableFor: fetched.usableFor, now: now)
        let document: CachedDocument<Value>
        if let current = state.current, current.value == fetched.value {
            document = current
        } else {
            document = CachedDocument(value: fetched.value, version: (state.current?.version ?? 0) + 1)
        }
        state.current = document
        fresh.store(Fresh(document, until: refreshAfter), ordering: .releasing)
    }
}

/// How a document is cached.
public struct DocumentCaching: Sendable {
    /// How long an expired document is used while its server is unreachable. With a longer time a resource server
    /// survives a longer outage, but also accepts a key that was removed during the outage for longer.
    public var maximumStaleness: Duration
    /// The minimum time between two reloads, and between a failed fetch and the next one. Up to a quarter of it is
    /// added at random, so that processes that started together do not fetch together.
    public var coolDown: Duration
    /// The minimum time that a document is fresh, which is then also that between two fetches that succeed; by default
    /// ``coolDown``.
    package var shortestFreshness: Duration?

    /// A day of staleness, and a cool-down of 30 seconds.
    public static let standard = DocumentCaching()

    /// The defaults are ``standard``.
    public init(maximumStaleness: Duration = .seconds(86400), coolDown: Duration = .seconds(30)) {
        self.maximumStaleness = maximumStaleness
        self.coolDown = coolDown
    }
}

/// A document as its server sent it.
public struct FetchedDocument<Value: Sendable>: Sendable {
    /// What the document was decoded to.
    public let value: Value
    /// The freshness lifetime: `max-age` of `Cache-Control` (RFC 9111 section 5.2.2.1).
    public let maximumAge: Duration
    /// The time after which the document may not be used, even while its server is unreachable.
    package let usableFor: Duration

    /// Creates a document, for sources other than a URL.
    public init(_ value: Value, maximumAge: Duration) {
        self.init(value, maximumAge: maximumAge, usableFor: Self.longest)
    }

    /// - Parameter usableFor: at most some decades count.
    package init(_ value: Value, maximumAge: Duration, usableFor: Duration) {
        self.value = value
        self.maximumAge = maximumAge
        self.usableFor = min(usableFor, Self.longest)
    }

    /// So that sums of instants and durations do not overflow.
    private static var longest: Duration { .seconds(Int32.max) }
}

/// A document and its version.
public struct CachedDocument<Value: Sendable>: Sendable {
    /// What the document was decoded to.
    public let value: Value
    /// Increases when a document with another value is received.
    public let version: Int

    /// Creates a document. The default version is for a document that never changes.
    public init(value: Value, version: Int = 0) {
        self.value = value
        self.version = version
    }
}
