public import JOSE
import Synchronization

/// The key set behind a URL: fetched when it is first needed and when it has become old, and kept when its server
/// does not answer.
public final class RemoteKeySet: Sendable {
    private struct State {
        var fetched: FetchedKeySet?
        var fetchedAt = ContinuousClock.Instant.now
        var lastAttempt: ContinuousClock.Instant?
        var running: Task<Void, any Error>?
    }

    /// How long to wait before an unknown key, or a server that failed, is a reason to ask again: short as long as
    /// there is no set at all.
    private static func coolDown(_ hasSet: Bool) -> Duration { hasSet ? .seconds(30) : .seconds(1) }

    private let fetcher: KeySetFetcher
    private let state = Mutex(State())
    private let reportFailure: @Sendable (KeySetFetchError) -> Void

    /// Fetches nothing before it is asked.
    ///
    /// - Parameter reportFailure: told of each fetch that failed, also where there is an older set to go on with.
    public init(
        _ fetcher: KeySetFetcher, reportFailure: @escaping @Sendable (KeySetFetchError) -> Void = { _ in }
    ) {
        self.fetcher = fetcher
        self.reportFailure = reportFailure
    }

    /// The set in hand, where it is young enough to be used without asking.
    public var fresh: JWKSet? {
        state.withLock { state in
            guard let fetched = state.fetched, state.fetchedAt.duration(to: .now) < fetched.maximumAge else {
                return nil
            }
            return fetched.keys
        }
    }

    /// A fresh set where it can be had, else the last good one.
    ///
    /// - Throws: where there never was a good one.
    public func keys() async throws(KeySetFetchError) -> JWKSet {
        if let fresh { return fresh }
        return try await refreshed()
    }

    /// Asks the server, at most once in a cool-down and once at a time, however many ask here.
    public func refreshed() async throws(KeySetFetchError) -> JWKSet {
        let task = state.withLock { state -> Task<Void, any Error>? in
            if let running = state.running { return running }
            if let last = state.lastAttempt, last.duration(to: .now) < Self.coolDown(state.fetched != nil) {
                return nil
            }
            state.lastAttempt = .now
            let task = Task { try await self.fetch() }
            state.running = task
            return task
        }
        let result = await task?.result
        if let keys = state.withLock({ $0.fetched?.keys }) { return keys }
        if case .failure(let error as KeySetFetchError) = result { throw error }
        throw .unreachable("cancelled")
    }

    private func fetch() async throws {
        defer { state.withLock { $0.running = nil } }
        let fetched: FetchedKeySet
        do throws(KeySetFetchError) { fetched = try await fetcher.fetch() } catch {
            reportFailure(error)
            throw error
        }
        state.withLock { state in
            state.fetched = fetched
            state.fetchedAt = .now
        }
    }
}
