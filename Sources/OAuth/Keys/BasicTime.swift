package import AccessToken
import WireText

/// A UTC time in the basic format of ISO 8601, to the second: `20261123T093000Z`. It sorts as text.
package struct BasicTime: Sendable, Hashable, CustomStringConvertible {
    /// In whole seconds, never before 1970.
    package let date: NumericDate
    /// 16 characters, `YYYYMMDDThhmmssZ`.
    package let description: String

    /// - Returns: `nil` unless `text` is a time in the years 1970 to 9999.
    package init?(_ text: String) {
        let octets = Array(text.utf8)
        let span = octets.span
        guard span.count == 16, span[8] == UInt8(ascii: "T"), span[15] == UInt8(ascii: "Z"),
            let year = span.number(0..<4), year >= 1970, let month = span.number(4..<6), let day = span.number(6..<8),
            let hour = span.number(9..<11), let minute = span.number(11..<13), let second = span.number(13..<15),
            let time = CivilTime(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
        else { return nil }
        date = NumericDate(time.secondsSince1970)
        description = text
    }

    /// A time outside of the years 1970 to 9999 counts as the nearest one within.
    package init(_ date: NumericDate) {
        let date = min(max(date, NumericDate(0)), NumericDate(253_402_300_799))
        let time = CivilTime(secondsSince1970: date.seconds)
        var octets: [UInt8] = []
        octets.append(time.year, digits: 4)
        octets.append(time.month, digits: 2)
        octets.append(time.day, digits: 2)
        octets.append(UInt8(ascii: "T"))
        octets.append(time.hour, digits: 2)
        octets.append(time.minute, digits: 2)
        octets.append(time.second, digits: 2)
        octets.append(UInt8(ascii: "Z"))
        self.date = date
        description = String(decoding: octets, as: UTF8.self)
    }
}
