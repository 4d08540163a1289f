import AccessToken
package import Foundation
import JOSE
package import Logging

/// How a log line is written.
package enum LogFormat: Sendable {
    /// A JSON object with `time`, `level`, `message` and the fields of the event, for log collectors.
    case json
    /// Time, level, message and fields, for a terminal. Nothing in it controls the terminal.
    case text

    /// One line, without its line feed.
    package func line(
        _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata = [:], at time: Date = Date()
    ) -> [UInt8] {
        switch self {
        case .json:
            var writer = JSONWriter(reservingCapacity: 768)
            writer.object { line in
                line.member("time", LogTime(time).text)
                line.member("level", level.rawValue)
                line.member("message", message)
                line.add(metadata)
            }
            return writer.bytes
        case .text:
            var line = TextLogLine(LogTime(time).text, level.rawValue, message)
            line.add(metadata)
            return line.octets
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
