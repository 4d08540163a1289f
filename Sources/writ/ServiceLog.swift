import Logging
import ServiceFiles
import SystemPackage
import Telemetry

/// The log of the service: on standard error, written by a thread of its own.
struct ServiceLog: Sendable {
    let format: LogFormat
    /// Logs from `info` on until another level is set.
    let logger: Logger
    private let writer: LogWriter
    private let threshold = LogThreshold(.info)

    init(_ format: LogFormat) {
        self.format = format
        let writer = LogWriter(
            describeGap: { count in
                format.line(
                    .warning, "Log lines were dropped because the log was not read in time",
                    ["dropped": .stringConvertible(count)])
            },
            { octets, range in try FileDescriptor.standardError.writeOnce(octets, range) })
        self.writer = writer
        logger = Logger(label: "writ") { [threshold] _ in
            AdjustableLogHandler(ServiceLogHandler(format) { writer.append($0) }, threshold)
        }
    }

    /// Logs from this level on.
    func setLevel(_ level: Logger.Level) { threshold.level = level }

    /// How many lines were dropped.
    var droppedCount: Int { writer.droppedCount }

    /// Writes text that is not an event.
    func note(_ text: String) { writer.append(Array(text.utf8)) }

    /// Waits until all lines are written, but no longer than a second: their reader may read no more.
    func finish() { writer.finish(within: .seconds(1)) }
}
