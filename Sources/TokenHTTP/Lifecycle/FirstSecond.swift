import AccessToken

/// The first second in which the service accepts assertions.
///
/// Times in assertions are whole seconds. If the process listened in the second in which it was started, an assertion
/// that another process accepted just before would look like one that was made since. So the service listens with the
/// next second, if it has clients that use assertions.
struct FirstSecond: Sendable {
    /// When the process was started, or a little later.
    private let started: NumericDate

    init(started: NumericDate = .now) {
        self.started = started
    }

    private static let interval: Duration = .milliseconds(10)
    private static let polls = 110

    /// Waits for the second after the one in which the process was started: little more than a second at most, also if
    /// the clock is set meanwhile.
    ///
    /// - Parameter isExact: whether to wait; if not, the second is the current one.
    /// - Returns: the current second.
    func begin(isExact: Bool, now: @Sendable () -> NumericDate = { .now }) async throws -> NumericDate {
        guard isExact else { return now() }
        for _ in 0..<Self.polls {
            if now() > started { break }
            try await Task.sleep(for: Self.interval)
        }
        return now()
    }
}
