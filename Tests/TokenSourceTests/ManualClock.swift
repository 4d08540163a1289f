import AccessToken
import Synchronization

@testable import TokenSource

/// A clock that stands still until a test advances it. Its jitter is 0.
final class ManualClock: Sendable {
    private let elapsed = Mutex(Duration.zero)
    private let patience: Duration
    private let start = ContinuousClock.now
    /// The date at the start.
    static let date = NumericDate(1_800_000_000)

    /// - Parameter patience: how long a caller waits for the next token while the present one lives.
    init(patience: Duration = .seconds(30)) {
        self.patience = patience
    }

    func advance(by duration: Duration) {
        elapsed.withLock { $0 += duration }
    }

    var clock: SourceClock {
        SourceClock(
            now: { self.start.advanced(by: self.elapsed.withLock { $0 }) },
            date: { Self.date + self.elapsed.withLock { $0 } }, jitter: { 0 }, patience: patience)
    }
}

/// Waits until something is so that needs no more than other tasks to run. The time limit of the suite ends it.
func eventually(_ condition: () async throws -> Bool) async throws {
    while try await !condition() { await Task.yield() }
}
