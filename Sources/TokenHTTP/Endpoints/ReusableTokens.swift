import AccessToken
import OAuth
import Synchronization

/// Tokens that may answer more than one request: `access_token.reuse`. Requests that arrive while a token is being made
/// wait for it, so that a stampede of one client costs one signature.
final class ReusableTokens: Sendable {
    private enum Turn {
        case made(Result<IssuedAccessToken, TokenRefusal>)
        /// No other request is making the token, so this one makes it.
        case first
    }

    private struct State {
        var recent = RecentTokens()
        /// Requests that wait for a token that another request is making. They wait for as long as its signature may
        /// wait. Their number is limited by that of connections and streams.
        var waiting: [TokenReuseKey: [CheckedContinuation<Turn, Never>]] = [:]
    }

    private let state = Mutex(State())

    /// How many requests wait for a token that another request is making.
    var waitingCount: Int { state.withLock { $0.waiting.values.reduce(0) { $0 + $1.count } } }

    /// The token for all requests with this key.
    ///
    /// - Parameter make: called if no cached token may be reused and none is being made.
    /// - Throws: the error of `make`, for all requests that wait for the token.
    func token(
        for key: TokenReuseKey, now: NumericDate,
        make: () async throws(TokenRefusal) -> IssuedAccessToken
    ) async throws(TokenRefusal) -> (token: IssuedAccessToken, isReused: Bool) {
        if case .made(let result) = await turn(key, now: now) { return (try result.get(), true) }
        do throws(TokenRefusal) {
            let token = try await make()
            finish(key, .success(token), now: now)
            return (token, false)
        } catch {
            finish(key, .failure(error), now: now)
            throw error
        }
    }

    private func turn(_ key: TokenReuseKey, now: NumericDate) async -> Turn {
        if let token = state.withLock({ $0.recent[key] }), token.isReusable(at: now) {
            return .made(.success(token))
        }
        return await withCheckedContinuation { continuation in
            let turn: Turn? = state.withLock { state in
                if let token = state.recent[key], token.isReusable(at: now) { return .made(.success(token)) }
                guard state.waiting[key] == nil else {
                    state.waiting[key]?.append(continuation)
                    return nil
                }
                state.waiting[key] = []
                return .first
            }
            if let turn { continuation.resume(returning: turn) }
        }
    }

    private func finish(_ key: TokenReuseKey, _ result: Result<IssuedAccessToken, TokenRefusal>, now: NumericDate) {
        let waiting = state.withLock { state in
            if case .success(let token) = result { state.recent.insert(token, key, now: now) }
            return state.waiting.removeValue(forKey: key) ?? []
        }
        // The error is logged once, with the request that failed.
        let shared = result.mapError { TokenRefusal($0.code, cause: $0.cause, retryAfter: $0.retryAfter) }
        for continuation in waiting { continuation.resume(returning: .made(shared)) }
    }
}

/// A bounded cache of recently issued tokens.
struct RecentTokens {
    /// The most tokens in each of two generations. A token with its key takes about two kilobytes.
    static let capacity = 2048

    private var tokens = TwoGenerationCache<TokenReuseKey, IssuedAccessToken>(capacity: capacity)
    /// When the younger generation began.
    private var since: NumericDate?

    var count: Int { tokens.count }

    subscript(key: TokenReuseKey) -> IssuedAccessToken? { tokens[key] }

    mutating func insert(_ token: IssuedAccessToken, _ key: TokenReuseKey, now: NumericDate) {
        let began = since ?? now
        // After the clock was set back, all tokens count as old.
        let isOver = now < began || began + IssuancePolicy.longestReuse < now
        if isOver { tokens.beginGeneration() }
        let isFull = tokens.insert(token, for: key)
        since = isOver || isFull ? now : began
    }
}
