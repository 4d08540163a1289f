package import Logging

/// What becomes of the store that remembers for all replicas which assertions were used.
package enum ReplayStoreEvent: Sendable {
    /// It fails, or fails in another way than before.
    case failed(reason: String)
    /// It answers.
    case answers

    var level: Logger.Level {
        if case .failed = self { .error } else { .info }
    }

    /// The text of the log line.
    package var message: Logger.Message {
        switch self {
        case .failed(let reason): "No answer from the replay store: \(reason)"
        case .answers: "The replay store answers"
        }
    }
}
