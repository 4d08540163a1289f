import Logging
import ServiceLifecycle

/// On the way down, says so and goes on serving until load balancers have noticed.
struct DrainService: Service {
    let readiness: Readiness
    let delay: Duration
    let logger: Logger

    func run() async throws {
        // Cancelled instead: a listener could not start, and there is nothing to drain.
        guard (try? await gracefulShutdown()) != nil else { return }
        readiness.end()
        logger.info("Stopping", metadata: ["drain_delay": "\(DurationText.format(delay))"])
        try? await Task.sleep(for: delay)
    }
}
