import CoreMetrics
import JOSE
import Logging
import RemoteKeys

/// Logs and counts what happens to the keys of one source.
struct KeySourceTelemetry: Sendable {
    private let source: String
    private let logger: Logger
    private let metrics: any MetricsFactory
    private let age: Gauge

    init(source: String, logger: Logger, metrics: any MetricsFactory) {
        self.source = source
        self.logger = logger
        self.metrics = metrics
        age = Gauge(label: "token_verifier_keys_age_seconds", dimensions: [("source", source)], factory: metrics)
    }

    func fetched(_ keys: JWKSet) {
        count("fetched")
        age.record(0)
        for key in keys.ignored {
            logger.debug(
                "A key of the issuer was skipped",
                metadata: ["source": .string(source), "key": .string(key.description)])
        }
    }

    func failed(_ error: DocumentFetchError) {
        count(error.code.word)
        logger.warning(
            "The keys of an issuer could not be fetched",
            metadata: ["source": .string(source), "error": .string(error.description)])
    }

    /// - Parameter duration: the time since the keys were fetched last.
    func record(age duration: Duration) {
        age.record(duration.components.seconds)
    }

    private func count(_ outcome: String) {
        Counter(
            label: "token_verifier_key_fetches", dimensions: [("source", source), ("outcome", outcome)],
            factory: metrics
        ).increment()
    }
}

extension DocumentFetchError.Code {
    /// A word for metrics. There are as many as there are cases.
    var word: String {
        switch self {
        case .insecureURL: "insecure_url"
        case .unreachable: "unreachable"
        case .status: "status"
        case .tooLarge: "too_large"
        case .malformed: "malformed"
        case .empty: "empty"
        case .otherIssuer: "other_issuer"
        case .unreadableFile: "unreadable_file"
        case .tooFrequent: "too_frequent"
        }
    }
}
