import JOSE
import WireText

/// Date and time as RFC 3339 section 5.6 writes them: `2027-01-01T00:00:00Z`.
package enum RFC3339 {
    /// The years 0 to 9999, which have four digits.
    private static let range = NumericDate(-62_167_219_200)...NumericDate(253_402_300_799)

    /// Writes a date in UTC. A date before the year 0 or after 9999 is written as the first or last second of these
    /// years.
    ///
    /// - Parameter milliseconds: 0 to 999, written after the seconds; `nil` for whole seconds.
    package static func write(_ date: NumericDate, milliseconds: Int64? = nil) -> String {
        let time = CivilTime(secondsSince1970: min(max(date, range.lowerBound), range.upperBound).seconds)
        var octets: [UInt8] = []
        octets.reserveCapacity(24)
        func append(_ number: Int64, digits: Int, _ end: Unicode.Scalar) {
            octets.append(number, digits: digits)
            octets.append(UInt8(ascii: end))
        }
        append(time.year, digits: 4, "-")
        append(time.month, digits: 2, "-")
        append(time.day, digits: 2, "T")
        append(time.hour, digits: 2, ":")
        append(time.minute, digits: 2, ":")
        append(time.second, digits: 2, milliseconds == nil ? "Z" : ".")
        if let milliseconds { append(milliseconds, digits: 3, "Z") }
        return String(decoding: octets, as: UTF8.self)
    }

    /// Parses the grammar strictly: `T` and `Z` in either case, a fraction, which is dropped, and an offset. Second 60,
    /// a leap second, is rejected, since a NumericDate has none.
    package static func read(_ text: String) throws(InvalidValue) -> NumericDate {
        let octets = Array(text.utf8)
        guard let (time, rest) = local(octets), let offset = offset(octets.span, from: rest) else {
            throw InvalidValue("is not a time such as 2027-01-01T00:00:00Z")
        }
        let date = NumericDate(time.secondsSince1970 - offset)
        guard range.contains(date) else { throw InvalidValue("is too far away") }
        return date
    }

    /// `full-date "T" time-hour ":" time-minute ":" time-second [time-secfrac]`, and the index of its end.
    private static func local(_ octets: [UInt8]) -> (CivilTime, end: Int)? {
        let span = octets.span
        guard span.count >= 20, span[4] == UInt8(ascii: "-"), span[7] == UInt8(ascii: "-"),
            span[10] | 0x20 == UInt8(ascii: "t"), span[13] == UInt8(ascii: ":"), span[16] == UInt8(ascii: ":"),
            let year = span.number(0..<4), let month = span.number(5..<7), let day = span.number(8..<10),
            let hour = span.number(11..<13), let minute = span.number(14..<16), let second = span.number(17..<19),
            let time = CivilTime(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
        else { return nil }
        guard span[19] == UInt8(ascii: ".") else { return (time, 19) }
        let end = octets[20...].firstIndex { !ASCII.isDigit($0) } ?? span.count
        return end > 20 ? (time, end) : nil
    }

    /// `"Z" / ("+" / "-") time-hour ":" time-minute`, in seconds; `nil` for anything else.
    private static func offset(_ octets: Span<UInt8>, from start: Int) -> Int64? {
        guard start < octets.count else { return nil }
        let sign = octets[start]
        if sign | 0x20 == UInt8(ascii: "z") { return start + 1 == octets.count ? 0 : nil }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), octets.count == start + 6,
            octets[start + 3] == UInt8(ascii: ":"), let hours = octets.number(start + 1..<start + 3), hours < 24,
            let minutes = octets.number(start + 4..<start + 6), minutes < 60
        else { return nil }
        let seconds = hours * 3600 + minutes * 60
        return sign == UInt8(ascii: "-") ? -seconds : seconds
    }
}

extension NumericDate {
    /// As ``RFC3339`` writes it, in UTC and whole seconds.
    package var rfc3339: String { RFC3339.write(self) }

    /// - Throws: if the text is not a date with a time and an offset, or is outside the years 0 to 9999.
    package init(rfc3339 text: String) throws(InvalidValue) {
        self = try RFC3339.read(text)
    }
}
