import AccessToken
import Foundation
import JOSE
package import Logging
import SystemPackage

/// Writes each event as a JSON object on one line, for log collectors. Its members are `time`, `level`, `message` and
/// the event's metadata.
package struct JSONLogHandler: LogHandler {
    /// Metadata that is added to every event.
    package var metadata: Logger.Metadata = [:]
    /// Events below this level are not written.
    package var logLevel: Logger.Level = .info

    private let write: @Sendable ([UInt8]) -> Void

    /// - Parameter write: called with one whole line at a time, its line feed included.
    package init(_ write: @escaping @Sendable ([UInt8]) -> Void) {
        self.write = write
    }

    /// Writes to standard error, each line with one system call.
    package static let standardError = JSONLogHandler { line in
        // A log line that cannot be written has nowhere to be reported.
        _ = try? FileDescriptor.standardError.writeAll(line)
    }

    /// An entry of ``metadata``.
    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes the event at any level: the logger has already compared it with ``logLevel``.
    package func log(event: LogEvent) {
        var writer = JSONWriter(reservingCapacity: 768)
        writer.object { line in
            line.member("time", LogTime(Date()).text)
            line.member("level", event.level.rawValue)
            line.member("message", event.message.description)
            let own = event.metadata ?? [:]
            let all = metadata.isEmpty ? own : metadata.merging(own) { $1 }
            for (key, value) in all.sorted(by: { $0.key < $1.key }) where !Self.isReserved(key) {
                line.name(key)
                Self.write(value, to: &line)
            }
        }
        write(writer.bytes + [UInt8(ascii: "\n")])
    }

    private static func isReserved(_ key: String) -> Bool { key == "time" || key == "level" || key == "message" }

    private static func write(_ value: Logger.MetadataValue, to writer: inout JSONWriter) {
        switch value {
        case .string(let text): writer.string(text)
        case .stringConvertible(let number as Int): writer.integer(Int64(number))
        case .stringConvertible(let other): writer.string(other.description)
        case .array(let elements):
            writer.array { array in
                for element in elements { write(element, to: &array) }
            }
        case .dictionary(let members):
            writer.object { object in
                for (key, value) in members.sorted(by: { $0.key < $1.key }) {
                    object.name(key)
                    write(value, to: &object)
                }
            }
        }
    }
}

/// The format of times in the log: RFC 3339, UTC, with milliseconds. (Foundation's formatter takes longer than the rest
/// of a line.)
struct LogTime {
    /// 2026-11-23T09:30:00.123Z
    let text: String

    init(_ date: Date) {
        let milliseconds = max(0, Int64(date.timeIntervalSince1970 * 1000))
        text = RFC3339.write(NumericDate(milliseconds / 1000), milliseconds: milliseconds % 1000)
    }
}
