/// Decides when a token is used, when it is replaced and when it is no longer used. Time and jitter are arguments.
struct TokenLifetime: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// The lifetime of a token whose issuer does not say how long it lives.
    static let unknown: Duration = .seconds(300)
    /// The time before the end in which callers wait for the next token: the token must not expire on the way to the
    /// resource server.
    private static let longestReserve: Duration = .seconds(10)

    /// What to do for a caller.
    enum Advice: Equatable {
        /// Use the token.
        case use
        /// Use the token, and request the next one meanwhile.
        case useAndRefresh
        /// Wait for the next token. If there is none, this one is used until its end.
        case replace
        /// Wait for the next token.
        case fetch
    }

    private var refreshAfter: Instant
    private var replaceAfter: Instant
    private let end: Instant

    /// - Parameters:
    ///   - start: when the token was requested. It cannot have been issued earlier.
    ///   - jitter: from 0 to 1.
    init(_ lifetime: Duration, from start: Instant, jitter: Double) {
        end = start.advanced(by: lifetime)
        replaceAfter = end.advanced(by: .zero - min(lifetime / 10, Self.longestReserve))
        // After 70 to 85 per cent: the rest is the time that the issuer may be down without harm.
        refreshAfter = start.advanced(by: lifetime * (0.7 + 0.15 * jitter))
    }

    /// Callers wait for the next token from now on.
    mutating func replace(now: Instant) {
        refreshAfter = min(refreshAfter, now)
        replaceAfter = min(replaceAfter, now)
    }

    /// The time for which the token lives; negative after its end.
    func rest(now: Instant) -> Duration { now.duration(to: end) }

    func advice(now: Instant) -> Advice {
        if now < refreshAfter { return .use }
        if now < replaceAfter { return .useAndRefresh }
        return now < end ? .replace : .fetch
    }
}
