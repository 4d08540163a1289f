import CoreMetrics
import Logging
import RemoteKeys
import WireText

/// Logs and counts what happens to the Status Lists of one issuer. A list is no dimension of a metric: tokens name new ones
/// all the time.
struct StatusListTelemetry: Sendable {
    private let issuer: String
    private let logger: Logger
    private let metrics: any MetricsFactory
    private let age: Gauge

    init(issuer: String, logger: Logger, metrics: any MetricsFactory) {
        self.issuer = issuer
        self.logger = logger
        self.metrics = metrics
        age = Gauge(
            label: "token_verifier_status_list_age_seconds", dimensions: [("issuer", issuer)], factory: metrics)
    }

    func fetched(_ answer: StatusListAnswer, _ uri: String) {
        switch answer {
        case .list: count("fetched")
        case .unknown:
            count("unknown")
            warn("The issuer does not have a status list that a token names", uri, [:])
        case .unreadable(let error):
            count("unreadable")
            warn("A status list of an issuer cannot be read", uri, ["error": .string(error.description)])
        }
    }

    func failed(_ error: DocumentFetchError, _ uri: String) {
        count(error.code.word)
        warn("A status list of an issuer could not be fetched", uri, ["error": .string(error.description)])
    }

    /// - Parameter duration: the time since the list was fetched that was fetched the longest ago.
    func record(age duration: Duration) {
        age.record(duration.components.seconds)
    }

    private func warn(_ message: Logger.Message, _ uri: String, _ metadata: Logger.Metadata) {
        // A query may have a secret.
        let list = Octets(uri).split(at: "?").head.text
        logger.warning(
            message, metadata: metadata.merging(["issuer": .string(issuer), "list": .string(list)]) { own, _ in own })
    }

    private func count(_ outcome: String) {
        Counter(
            label: "token_verifier_status_list_fetches", dimensions: [("issuer", issuer), ("outcome", outcome)],
            factory: metrics
        ).increment()
    }
}
