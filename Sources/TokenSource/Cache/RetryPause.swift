/// The pause after a failed request, in which no other is made. It doubles with each failure. Time and jitter are arguments.
struct RetryPause: Sendable {
    typealias Instant = ContinuousClock.Instant

    private var failures = 0
    private var end: Instant?
    /// When the last failure was counted.
    private var counted: Instant?
    /// Why the last request failed; `nil` after one that succeeded.
    private(set) var failure: TokenSourceError?
    /// Whether a request is under way that tries whether the cause of the pause is gone.
    private var isProbed = false

    /// Whether a request may be made now.
    func permits(now: Instant) -> Bool { end.map { $0 <= now } ?? true }

    /// - Parameter start: when the request was made. One that was under way before a failure says nothing about it.
    mutating func succeed(startedAt start: Instant) {
        isProbed = false
        if let counted, start < counted { return }
        self = RetryPause()
    }

    /// Why a request of many may not be made now; `nil` if it may. After a pause one request tries for all.
    mutating func failureUnlessProbing(now: Instant) -> TokenSourceError? {
        guard let failure else { return nil }
        guard permits(now: now), !isProbed else { return failure }
        isProbed = true
        return nil
    }

    /// The request that tried for all has failed for a reason of its own.
    mutating func endProbe() { isProbed = false }

    /// - Parameters:
    ///   - start: when the request was made. Requests that were under way together count as one failure.
    ///   - jitter: from 0 to 1.
    mutating func fail(_ error: TokenSourceError, startedAt start: Instant, now: Instant, jitter: Double) {
        if counted.map({ $0 <= start }) ?? true {
            failures += 1
            counted = now
        }
        failure = error
        isProbed = false
        // An error that needs a person is not worth a request every second.
        let (first, longest): (Duration, Duration) =
            error.isTemporary ? (.seconds(1), .seconds(60)) : (.seconds(30), .seconds(300))
        var pause = min(first * (1 << min(failures - 1, 10)), longest) * (0.5 + 0.5 * jitter)
        if let retryAfter = error.retryAfter { pause = max(pause, retryAfter * (1 + 0.1 * jitter)) }
        let end = now.advanced(by: pause)
        self.end = max(self.end ?? end, end)
    }
}
