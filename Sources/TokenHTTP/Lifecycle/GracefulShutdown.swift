import Logging
import ServiceFiles
import ServiceLifecycle
import Synchronization

/// Ends readiness when the service is asked to stop, and keeps it serving until load balancers have noticed: graceful
/// shutdown.
struct GracefulShutdown: Service {
    let readiness: Readiness
    /// `drain_delay`
    let delay: Duration
    let logger: Logger

    func run() async throws {
        // If the task is cancelled instead, a listener could not start and no connection is open.
        guard (try? await gracefulShutdown()) != nil else { return }
        readiness.end()
        logger.info("Stopping", metadata: ["drain_delay": "\(DurationText.format(delay))"])
        try? await Task.sleep(for: delay)
    }
}

/// Readiness: whether the service is ready for requests, from the moment that it listens until it is asked to stop.
final class Readiness: Sendable {
    private let hasBegun = Atomic(false)
    private let hasEnded = Atomic(false)

    var isReady: Bool { hasBegun.load(ordering: .relaxed) && !hasEnded.load(ordering: .relaxed) }

    func begin() { hasBegun.store(true, ordering: .relaxed) }

    /// It does not begin again.
    func end() { hasEnded.store(true, ordering: .relaxed) }
}
