import AccessToken
import OAuth
import Synchronization

/// Tokens that may answer more than one request: `access_token.reuse`. Requests that come while one is made wait for it, so
/// that a stampede of one client costs one signature.
final class ReusableTokens: Sendable {
    private enum Turn {
        case made(Result<IssuedAccessToken, TokenError>)
        /// Nobody makes it yet.
        case first
    }

    private struct State {
        var recent = RecentTokens()
        /// Requests that wait for a token that another one makes, as long as its signature may wait. There are not more than
        /// connections and their streams.
        var waiting: [TokenReuseKey: [CheckedContinuation<Turn, Never>]] = [:]
    }

    private let state = Mutex(State())

    /// How many requests wait for a token that another one makes.
    var waitingCount: Int { state.withLock { $0.waiting.values.reduce(0) { $0 + $1.count } } }

    /// The token that answers requests like this one.
    ///
    /// - Parameter make: called where there is none that is young enough, and none is being made.
    /// - Throws: what `make` throws, to everybody who waits for it.
    func token(
        like likeness: TokenReuseKey, now: NumericDate,
        make: () async throws(TokenError) -> IssuedAccessToken
    ) async throws(TokenError) -> (token: IssuedAccessToken, isReused: Bool) {
        if case .made(let result) = await turn(likeness, now: now) { return (try result.get(), true) }
        do throws(TokenError) {
            let token = try await make()
            finish(likeness, .success(token), now: now)
            return (token, false)
        } catch {
            finish(likeness, .failure(error), now: now)
            throw error
        }
    }

    private func turn(_ likeness: TokenReuseKey, now: NumericDate) async -> Turn {
        if let token = state.withLock({ $0.recent[likeness] }), token.isReusable(at: now) {
            return .made(.success(token))
        }
        return await withCheckedContinuation { continuation in
            let turn: Turn? = state.withLock { state in
                if let token = state.recent[likeness], token.isReusable(at: now) { return .made(.success(token)) }
                guard state.waiting[likeness] == nil else {
                    state.waiting[likeness]?.append(continuation)
                    return nil
                }
                state.waiting[likeness] = []
                return .first
            }
            if let turn { continuation.resume(returning: turn) }
        }
    }

    private func finish(_ likeness: TokenReuseKey, _ result: Result<IssuedAccessToken, TokenError>, now: NumericDate) {
        let waiting = state.withLock { state in
            if case .success(let token) = result { state.recent.insert(token, likeness, now: now) }
            return state.waiting.removeValue(forKey: likeness) ?? []
        }
        for continuation in waiting { continuation.resume(returning: .made(result)) }
    }
}
