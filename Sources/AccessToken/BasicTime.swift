package import AccessToken

/// A UTC time in the basic format of ISO 8601, to the second: `20261123T093000Z`. It sorts as text.
package struct BasicTime: Sendable, Hashable, CustomStringConvertible {
    /// In whole seconds, never before 1970.
    package let date: NumericDate
    /// 16 characters, `YYYYMMDDThhmmssZ`.
    package let description: String

    /// - Returns: nil for what is no time of the years 1970 to 9999.
    package init?(_ text: String) {
        let characters = Array(text.utf8)
        guard characters.count == 16, characters[8] == UInt8(ascii: "T"), characters[15] == UInt8(ascii: "Z") else {
            return nil
        }
        func number(_ range: Range<Int>) -> Int64? {
            guard characters[range].allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            return characters[range].reduce(0) { $0 * 10 + Int64($1 - 0x30) }
        }
        guard let year = number(0..<4), let month = number(4..<6), let day = number(6..<8),
            let hour = number(9..<11), let minute = number(11..<13), let second = number(13..<15),
            year >= 1970, (1...12).contains(month), hour < 24, minute < 60, second < 60
        else { return nil }
        let date = NumericDate(
            CivilDate(year: year, month: month, day: day).daysSince1970 * 86400 + hour * 3600 + minute * 60 + second)
        // A day that the month does not have comes back as one of the next.
        guard BasicTime(date).description == text else { return nil }
        self.date = date
        description = text
    }

    /// - Parameter date: at or after 1970.
    package init(_ date: NumericDate) {
        let day = CivilDate(daysSince1970: date.seconds / 86400)
        let second = date.seconds % 86400
        func digits(_ value: Int64, _ count: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
        }
        self.date = date
        description =
            digits(day.year, 4) + digits(day.month, 2) + digits(day.day, 2) + "T"
            + digits(second / 3600, 2) + digits(second / 60 % 60, 2) + digits(second % 60, 2) + "Z"
    }
}
