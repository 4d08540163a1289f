import AccessToken
import Foundation

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
