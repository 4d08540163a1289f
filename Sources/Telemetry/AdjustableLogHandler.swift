package import Logging
import Synchronization

/// Passes events on to another handler, from a level that can change while the service runs.
package struct AdjustableLogHandler: LogHandler {
    private var handler: any LogHandler
    private let threshold: LogThreshold

    /// - Parameter threshold: decides which events are passed on, for all handlers that share it.
    package init(_ handler: any LogHandler, _ threshold: LogThreshold) {
        self.handler = handler
        self.threshold = threshold
    }

    /// The level of the threshold. Setting it changes the threshold.
    package var logLevel: Logger.Level {
        get { threshold.level }
        set { threshold.level = newValue }
    }

    /// Metadata that is added to every event.
    package var metadata: Logger.Metadata {
        get { handler.metadata }
        set { handler.metadata = newValue }
    }

    /// An entry of ``metadata``.
    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { handler[metadataKey: key] }
        set { handler[metadataKey: key] = newValue }
    }

    /// Passes the event on at any level: the logger has already compared it with ``logLevel``.
    package func log(event: LogEvent) { handler.log(event: event) }
}

/// The least severe level that is logged: `log_level` of the configuration.
package final class LogThreshold: Sendable {
    private let position: Atomic<Int>

    package init(_ level: Logger.Level) { position = Atomic(Self.position(of: level)) }

    /// Reading it takes no lock.
    package var level: Logger.Level {
        get { Logger.Level.allCases[position.load(ordering: .relaxed)] }
        set { position.store(Self.position(of: newValue), ordering: .relaxed) }
    }

    private static func position(of level: Logger.Level) -> Int {
        Logger.Level.allCases.firstIndex(of: level) ?? 0
    }
}
