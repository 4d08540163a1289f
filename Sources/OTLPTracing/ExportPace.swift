/// When the next batch may be sent. Instants are arguments.
struct ExportPace {
    typealias Instant = ContinuousClock.Instant

    /// The longest time without an attempt.
    static let longestWait: Duration = .seconds(30)

    private var failureCount = 0
    private var waitingUntil: Instant?

    /// After failures 1, 2, 4, 8 and 16 seconds are waited, then ``longestWait`` each time.
    func mayAttempt(now: Instant) -> Bool {
        waitingUntil.map { $0 <= now } ?? true
    }

    /// - Returns: whether it is the first one after a success, or ever.
    mutating func fail(now: Instant) -> Bool {
        let wait: Duration = failureCount < 5 ? .seconds(1 << failureCount) : Self.longestWait
        waitingUntil = now.advanced(by: wait)
        failureCount += 1
        return failureCount == 1
    }

    /// - Returns: whether there was a failure before.
    mutating func succeed() -> Bool {
        defer { (failureCount, waitingUntil) = (0, nil) }
        return failureCount > 0
    }
}
