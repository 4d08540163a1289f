import Synchronization

/// The token for one access, and the callers that wait for it. However many callers there are, one request runs at a time.
final class CachedAccess: Sendable {
    private typealias Outcome = Result<IssuedAccessToken, TokenSourceError>

    /// What a caller gets.
    private enum Step {
        case now(Outcome)
        /// The outcome of the request that is under way.
        case wait
    }

    private struct State: Sendable {
        var token: IssuedAccessToken?
        var lifetime: TokenLifetime?
        var pause = RetryPause()
        var isFetching = false
        var waiting: [Int: CheckedContinuation<Outcome, Never>] = [:]
        var lastNumber = 0
        var invalidatedAt: ContinuousClock.Instant?
    }

    /// The minimum time between two invalidations. A resource server that refuses every token does not make the issuer
    /// sign one for each request.
    private static let invalidationPause: Duration = .seconds(10)

    private let access: RequestedAccess
    private let fetcher: TokenFetcher
    private let state = Mutex(State())

    init(_ access: RequestedAccess, _ fetcher: TokenFetcher) {
        self.access = access
        self.fetcher = fetcher
    }

    /// Whether a request is under way, and how many callers wait for it.
    var load: (isFetching: Bool, waiting: Int) { state.withLock { ($0.isFetching, $0.waiting.count) } }

    func token() async throws(TokenSourceError) -> IssuedAccessToken {
        let now = fetcher.clock.now()
        if case .now(let outcome) = state.withLock({ step(&$0, now: now) }) { return try outcome.get() }
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { wait(with: $0, number, now: now) }
        } onCancel: {
            leave(number)
        }
        return try outcome.get()
    }

    /// Has the next caller wait for another token, unless one has replaced this one, or the same was done just before. The
    /// token stays in use if no other can be had: not every 401 is about the token.
    func invalidate(_ token: IssuedAccessToken) {
        let now = fetcher.clock.now()
        state.withLock { state in
            guard let current = state.token, current.isSame(as: token) else { return }
            if let last = state.invalidatedAt, last.duration(to: now) < Self.invalidationPause { return }
            state.invalidatedAt = now
            state.lifetime?.replace(now: now)
        }
    }

    /// What a caller gets now. It starts a request if one is due and none is under way.
    private func step(_ state: inout State, now: ContinuousClock.Instant) -> Step {
        guard let token = state.token, let lifetime = state.lifetime else {
            return start(&state, now: now).map { .now(.failure($0)) } ?? .wait
        }
        switch lifetime.advice(now: now) {
        case .use: return .now(.success(token))
        case .useAndRefresh:
            _ = start(&state, now: now)
            return .now(.success(token))
        case .replace: return start(&state, now: now) == nil ? .wait : .now(.success(token))
        case .fetch: return start(&state, now: now).map { .now(.failure($0)) } ?? .wait
        }
    }

    /// - Returns: why no request may be made now; `nil` if one is under way.
    private func start(_ state: inout State, now: ContinuousClock.Instant) -> TokenSourceError? {
        if state.isFetching { return nil }
        if !state.pause.permits(now: now), let failure = state.pause.failure { return failure }
        if let failure = fetcher.failure(now: now) { return failure }
        state.isFetching = true
        // It is no child of the caller's task: the cancellation of one caller does not end the request of all.
        Task { await self.fetch() }
        return nil
    }

    private func fetch() async {
        let start = fetcher.clock.now()
        let result: Result<(IssuedAccessToken, TokenLifetime), TokenSourceError>
        do throws(TokenSourceError) { result = .success(try await fetcher.fetch(access)) } catch {
            result = .failure(error)
        }
        let now = fetcher.clock.now()
        let jitter = fetcher.clock.jitter()
        let (waiting, outcome): ([CheckedContinuation<Outcome, Never>], Outcome) = state.withLock { state in
            let waiting = Array(state.waiting.values)
            state.isFetching = false
            state.waiting = [:]
            switch result {
            case .success(let (token, lifetime)):
                state.token = token
                state.lifetime = lifetime
                state.pause.succeed(startedAt: start)
                return (waiting, .success(token))
            case .failure(let error):
                state.pause.fail(error, startedAt: start, now: now, jitter: jitter)
                // A token that lives is better than none.
                guard let token = state.token, state.lifetime?.advice(now: now) != .fetch else {
                    return (waiting, .failure(error))
                }
                return (waiting, .success(token))
            }
        }
        for continuation in waiting { continuation.resume(returning: outcome) }
    }

    private func wait(
        with continuation: CheckedContinuation<Outcome, Never>, _ number: Int, now: ContinuousClock.Instant
    ) {
        let outcome: Outcome? = state.withLock { state in
            // The request may have ended since, and the caller may have been cancelled.
            if Task.isCancelled { return .failure(TokenSourceError(.cancelled)) }
            if case .now(let outcome) = step(&state, now: now) { return outcome }
            state.waiting[number] = continuation
            leaveInTime(number, state, now: now)
            return nil
        }
        if let outcome { continuation.resume(returning: outcome) }
    }

    /// Has a caller that could use the present token wait for the next one no longer than a moment, and no longer than half
    /// of the time for which the present one lives.
    private func leaveInTime(_ number: Int, _ state: State, now: ContinuousClock.Instant) {
        guard let token = state.token, let rest = state.lifetime?.rest(now: now), rest > .zero else { return }
        let wait = min(fetcher.clock.patience, rest / 2)
        Task {
            try? await Task.sleep(for: wait)
            let continuation = self.state.withLock { $0.waiting.removeValue(forKey: number) }
            continuation?.resume(returning: .success(token))
        }
    }

    private func leave(_ number: Int) {
        let continuation = state.withLock { $0.waiting.removeValue(forKey: number) }
        continuation?.resume(returning: .failure(TokenSourceError(.cancelled)))
    }
}
