import Synchronization

@testable import OTLPTracing

/// A clock that a test moves.
final class ManualTime: Sendable {
    private let start = ContinuousClock.now
    private let state = Mutex((elapsed: Duration.zero, readCount: 0))
    private let ticks = AsyncStream<Void>.makeStream()
    private let patience = AsyncStream<Void>.makeStream()

    var time: SpanExporter.Time {
        SpanExporter.Time(
            now: { self.read() },
            sleep: { duration in
                let ends = duration == SpanExporter.interval ? self.ticks.stream : self.patience.stream
                for await _ in ends { return }
                throw CancellationError()
            },
            jitter: { 0 })
    }

    private func read() -> ContinuousClock.Instant {
        state.withLock { state in
            state.readCount += 1
            return start.advanced(by: state.elapsed)
        }
    }

    /// How many times the clock was read.
    var readCount: Int { state.withLock { $0.readCount } }

    func pass(_ duration: Duration) { state.withLock { $0.elapsed += duration } }

    /// Ends the exporter's wait for the next second.
    func tick() { ticks.continuation.yield() }

    /// Ends the wait for the last flush.
    func losePatience() { patience.continuation.yield() }
}
