import Logging
import ServiceFiles
import ServiceLifecycle

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
