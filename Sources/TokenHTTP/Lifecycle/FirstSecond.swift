import AccessToken

/// The first second in which the service accepts assertions that were made in it.
///
/// Times in assertions are whole seconds. In the second in which the process was started, an assertion that another
/// process accepted just before would look like one that was made since. So that is the second after it, if there are
/// clients that use assertions and no store remembers what was used, and the service is ready from then on. Other clients are
/// served before.
struct FirstSecond: Sendable {
    let second: NumericDate

    /// - Parameters:
    ///   - started: when the process was started, or a little later.
    ///   - hasAssertions: whether clients use assertions or DPoP proofs, and no store remembers which were used.
    init(started: NumericDate, hasAssertions: Bool) {
        second = hasAssertions ? started + .seconds(1) : started
    }

    /// Whether the second is still to come.
    func isAhead(now: NumericDate = .now) -> Bool { now < second }

    /// Waits for the second: little more than a second at most, also if the clock is set meanwhile.
    func wait(now: @Sendable () -> NumericDate = { .now }) async {
        await second.wait(atMost: .milliseconds(1100), now: now)
    }
}

extension NumericDate {
    /// Waits until this second has come: for the limit at most, also if the clock is set meanwhile.
    func wait(atMost limit: Duration, now: @Sendable () -> NumericDate = { .now }) async {
        let interval: Duration = .milliseconds(10)
        for _ in 0..<Int(limit / interval) {
            guard now() < self, (try? await Task.sleep(for: interval)) != nil else { return }
        }
    }
}
