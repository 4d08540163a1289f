package import Logging

/// Gives each event as one line to whatever writes the log.
package struct ServiceLogHandler: LogHandler {
    /// Metadata that is added to every event.
    package var metadata: Logger.Metadata = [:]
    /// Events below this level are not written.
    package var logLevel: Logger.Level = .info

    private let format: LogFormat
    private let write: @Sendable ([UInt8]) -> Void

    /// - Parameter write: called with one line at a time, without its line feed.
    package init(_ format: LogFormat, _ write: @escaping @Sendable ([UInt8]) -> Void) {
        self.format = format
        self.write = write
    }

    /// An entry of ``metadata``.
    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes the event at any level: the logger has already compared it with ``logLevel``.
    package func log(event: LogEvent) {
        let own = event.metadata ?? [:]
        let all = metadata.isEmpty ? own : metadata.merging(own) { $1 }
        write(format.line(event.level, event.message.description, all))
    }
}
