import Atomics
import JOSE
import Synchronization

/// A key set that somebody else keeps: fetched when it is first needed and before it has become old, and kept when its
/// server does not answer.
public final class RemoteKeySet: Sendable {
    /// Gets the set, once.
    public typealias Fetch = @Sendable () async throws(KeySetFetchError) -> FetchedKeySet

    private struct State {
        var age: KeySetAge
        var running: Task<Void, Never>?
    }

    /// A set that is young, with the end of its youth. It is read without a lock.
    private final class YoungSet: AtomicReference, Sendable {
        let keys: VersionedKeySet
        let end: ContinuousClock.Instant

        init(_ keys: VersionedKeySet, until end: ContinuousClock.Instant) {
            self.keys = keys
            self.end = end
        }
    }

    private let young = ManagedAtomic<YoungSet?>(nil)
    private let state: Mutex<State>
    private let fetch: Fetch
    private let reportFailure: @Sendable (KeySetFetchError) -> Void
    private let now: @Sendable () -> ContinuousClock.Instant

    /// Fetches nothing before it is asked.
    ///
    /// - Parameters:
    ///   - reportFailure: told of each fetch that failed, also where there is an older set to go on with.
    ///   - now: a clock that is never set.
    public init(
        caching: KeySetCaching = .standard, reportFailure: @escaping @Sendable (KeySetFetchError) -> Void = { _ in },
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }, fetch: @escaping Fetch
    ) {
        state = Mutex(State(age: KeySetAge(caching)))
        self.fetch = fetch
        self.reportFailure = reportFailure
        self.now = now
    }

    /// The set behind a URL.
    public convenience init(
        _ fetcher: KeySetFetcher, caching: KeySetCaching = .standard,
        reportFailure: @escaping @Sendable (KeySetFetchError) -> Void = { _ in }
    ) {
        self.init(caching: caching, reportFailure: reportFailure) { () throws(KeySetFetchError) in
            try await fetcher.fetch()
        }
    }

    /// The set in hand, where it may be used without waiting; nil where ``set()`` is to be asked. Where it becomes old soon
    /// another one is fetched meanwhile.
    public var inHand: VersionedKeySet? {
        let now = now()
        if let young = young.load(ordering: .acquiring), now < young.end { return young.keys }
        return state.withLock { state in
            switch state.age.advice(now: now) {
            case .ask: return nil
            case .useAndAsk: _ = ask(&state, isForMissingKey: false, now: now)
            case .use: break
            }
            return state.age.current
        }
    }

    /// A set that is young where it can be had, else the last good one.
    ///
    /// - Throws: where there never was a good one, or it is too old.
    public func set() async throws(KeySetFetchError) -> VersionedKeySet {
        if let inHand { return inHand }
        return try await asked(isForMissingKey: false)
    }

    /// The set after it was asked for because it lacks a key: at most once in a cool-down and once at a time, however many
    /// ask here.
    public func refreshed() async throws(KeySetFetchError) -> VersionedKeySet {
        try await asked(isForMissingKey: true)
    }

    private func asked(isForMissingKey: Bool) async throws(KeySetFetchError) -> VersionedKeySet {
        let now = now()
        await state.withLock { ask(&$0, isForMissingKey: isForMissingKey, now: now) }?.value
        let later = self.now()
        return try state.withLock { (state) throws(KeySetFetchError) in try state.age.lastGood(now: later) }
    }

    /// - Returns: the request that runs; nil where it is too early for one.
    private func ask(
        _ state: inout sending State, isForMissingKey: Bool, now: ContinuousClock.Instant
    ) -> Task<Void, Never>? {
        if let running = state.running { return running }
        guard state.age.begin(isForMissingKey: isForMissingKey, now: now, jitter: .random(in: 0...1)) else {
            return nil
        }
        let task = Task { await self.askOnce() }
        state.running = task
        return task
    }

    private func askOnce() async {
        let result: Result<FetchedKeySet, KeySetFetchError>
        do throws(KeySetFetchError) { result = .success(try await fetch()) } catch { result = .failure(error) }
        let now = now()
        let failure: KeySetFetchError? = state.withLock { state in
            state.running = nil
            do throws(KeySetFetchError) {
                try state.age.receive(result.get(), now: now)
                if let (keys, end) = state.age.youth { young.store(YoungSet(keys, until: end), ordering: .releasing) }
                return nil
            } catch {
                state.age.fail(error)
                return error
            }
        }
        if let failure { reportFailure(failure) }
    }
}
