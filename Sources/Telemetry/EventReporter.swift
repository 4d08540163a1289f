package import Logging
import OAuth
import Synchronization

/// Counts and logs what happens. The log has one line for each event, but for refusals of addresses and
/// clients over their limit.
package final class EventReporter: Sendable {
    private let logger: Logger
    private let metrics: ServiceMetrics
    private let refusals = Mutex(RefusalSummaries())
    private let remotePlaces = Mutex(RemotePlaces())

    package init(_ logger: Logger, _ metrics: ServiceMetrics) {
        self.logger = logger
        self.metrics = metrics
    }

    /// Whether ``RequestEvent/steps`` are logged: at the level `trace`.
    package var logsSteps: Bool { logger.logLevel <= .trace }

    /// Reports a request that an endpoint has answered.
    package func report(_ event: RequestEvent) {
        metrics.count(event)
        if let error = event.refusal?.underlyingError { logger.error("A request could not be answered: \(error)") }
        guard logger.logLevel <= .info else { return }
        if let code = event.refusal?.code, RefusalSummaries.codes.contains(code), let address = event.address {
            guard refusals.withLock({ $0.add(code, address, event.client?.id) }) else { return }
        }
        logger.info(event.message, metadata: event.metadata)
        if !event.steps.isEmpty { logger.trace("Steps", metadata: RequestSteps(event: event).metadata) }
    }

    /// Reports what did not reach an endpoint.
    package func report(_ event: HTTPEvent) {
        metrics.count(event)
        logger.log(level: event.level, event.message, metadata: event.metadata)
    }

    /// Reports a fetch of a client's key set.
    package func report(_ event: KeySetEvent) {
        logger.log(level: event.level, event.message, metadata: event.metadata)
    }

    /// Reports that the store of `replay` fails, or answers again.
    package func report(_ event: ReplayStoreEvent) { logger.log(level: event.level, event.message) }

    /// Reports a signature of another place.
    package func report(_ outcome: RemoteSignatureOutcome) {
        metrics.count(outcome)
        if let change = remotePlaces.withLock({ $0.note(outcome) }) { log(change) }
    }

    private func log(_ change: RemotePlaces.Change) {
        logger.log(level: change.level, change.message, metadata: change.metadata)
    }

    /// Logs the refusals that were counted and not logged, and which places make signatures again. Call it once a second.
    package func reportSummaries() {
        for change in remotePlaces.withLock({ $0.takeRecoveries() }) { log(change) }
        for summary in refusals.withLock({ $0.take() }) { logger.info("Refused", metadata: summary.metadata) }
    }
}
