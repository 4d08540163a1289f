import NIOCore

/// How long things may take at a connection to the store.
struct StoreTiming: Sendable {
    /// A command, with the connection that it may have to wait for.
    let wait: TimeAmount
    /// An attempt to connect, with TLS, `AUTH` and `SELECT`. It may take longer than a command waits.
    let attempt: TimeAmount
    /// Between two commands that only find out whether the server answers.
    let probeInterval: TimeAmount = .seconds(10)
    /// Makes the time before an attempt from the longest that it may be.
    var jitter: @Sendable (_ longest: Int64) -> Int64 = { .random(in: ($0 / 2)...$0) }

    private static let firstPause: TimeAmount = .milliseconds(50)
    private static let longestPause: TimeAmount = .seconds(2)

    init(wait: TimeAmount) {
        self.wait = wait
        attempt = max(wait, .seconds(2))
    }

    /// The time before the next attempt. After a connection that was good there is none.
    ///
    /// - Parameter failures: how many connections failed since a command was answered.
    func pause(after failures: Int) -> TimeAmount {
        guard failures > 1 else { return .zero }
        let longest = Self.firstPause.nanoseconds << min(failures - 2, 10)
        return .nanoseconds(jitter(min(longest, Self.longestPause.nanoseconds)))
    }
}
