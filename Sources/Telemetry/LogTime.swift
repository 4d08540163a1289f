import Foundation
import OAuth

/// A moment as the log writes it: RFC 3339, UTC, with milliseconds. (Foundation's formatter takes longer than the rest of a line.)
struct LogTime {
    /// 2026-11-23T09:30:00.123Z
    let text: String

    init(_ date: Date) {
        let milliseconds = max(0, Int64(date.timeIntervalSince1970 * 1000))
        let seconds = milliseconds / 1000
        let day = CivilDate(daysSince1970: seconds / 86400)
        var octets: [UInt8] = []
        octets.reserveCapacity(24)
        func append(_ number: Int64, digits: Int, _ end: Unicode.Scalar) {
            var power: Int64 = 1
            for _ in 1..<digits { power *= 10 }
            while power > 0 {
                octets.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / power % 10))
                power /= 10
            }
            octets.append(UInt8(ascii: end))
        }
        append(day.year, digits: 4, "-")
        append(day.month, digits: 2, "-")
        append(day.day, digits: 2, "T")
        append(seconds % 86400 / 3600, digits: 2, ":")
        append(seconds % 3600 / 60, digits: 2, ":")
        append(seconds % 60, digits: 2, ".")
        append(milliseconds % 1000, digits: 3, "Z")
        text = String(decoding: octets, as: UTF8.self)
    }
}
