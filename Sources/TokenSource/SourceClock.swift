import AccessToken

/// The time and the chance that a source depends on. Tests have their own.
package struct SourceClock: Sendable {
    /// A monotonic clock.
    let now: @Sendable () -> ContinuousClock.Instant
    /// The date, for assertions, `Retry-After` and the expiry that callers see.
    let date: @Sendable () -> NumericDate
    /// From 0 to 1, chosen anew at each call, so that programs that started together do not ask together.
    let jitter: @Sendable () -> Double
    /// How long a caller waits at most for the next token while the present one lives.
    var patience: Duration = .seconds(2)

    package static let system = SourceClock(now: { .now }, date: { .now }, jitter: { .random(in: 0...1) })
}
