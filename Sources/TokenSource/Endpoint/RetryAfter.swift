import AccessToken
import NIOHTTP1
import WireText

/// The field `Retry-After`, RFC 9110 section 10.2.3.
enum RetryAfter {
    /// The longest time that an issuer can ask for. A longer one counts as this.
    static let maximum: Duration = .seconds(3600)

    /// - Returns: the time from `now` on, from 0 to ``maximum``; `nil` if the field is absent or malformed.
    static func read(_ headers: HTTPHeaders, now: NumericDate) -> Duration? {
        guard let text = headers.first(name: "retry-after").map({ Octets($0).trimmed }) else { return nil }
        if !text.isEmpty, text.allSatisfy(ASCII.isDigit) {
            return text.decimal.map { min(Duration.seconds($0), maximum) } ?? maximum
        }
        // The clock that the date is of: that of the issuer, if it says what it shows, and that is within a day.
        let shown = headers.first(name: "date").flatMap { HTTPDate.read(Octets($0).trimmed, now: now) }
        let now = shown.flatMap { abs($0.seconds - now.seconds) < 86400 ? $0 : nil } ?? now
        return HTTPDate.read(text, now: now).map { date in
            .seconds(min(max(0, date.seconds - now.seconds), maximum.components.seconds))
        }
    }
}

/// A date in a field, RFC 9110 section 5.6.7, in each of its three forms.
enum HTTPDate {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// - Parameter now: decides on the century of the form with two digits for the year.
    static func read(_ text: Octets, now: NumericDate) -> NumericDate? {
        let words = text.parts(between: " ").filter { !$0.isEmpty }
        switch words.count {
        case 6:  // Sun, 06 Nov 1994 08:49:37 GMT
            guard words[5].isSame(as: "GMT") else { return nil }
            return date(words[1], words[2], year(words[3], digits: 4), words[4])
        case 4:  // Sunday, 06-Nov-94 08:49:37 GMT
            let parts = words[1].parts(between: "-")
            guard words[3].isSame(as: "GMT"), parts.count == 3 else { return nil }
            return date(parts[0], parts[1], year(parts[2], digits: 2).map { century($0, now: now) }, words[2])
        case 5:  // Sun Nov  6 08:49:37 1994
            return date(words[2], words[1], year(words[4], digits: 4), words[3])
        default: return nil
        }
    }

    private static func date(_ day: Octets, _ month: Octets, _ year: Int64?, _ time: Octets) -> NumericDate? {
        let parts = time.parts(between: ":").map { $0.count == 2 ? $0.decimal.map { Int64($0) } : nil }
        guard parts.count == 3, let hour = parts[0], let minute = parts[1], let second = parts[2],
            let year, let dayNumber = day.count <= 2 ? day.decimal : nil,
            let index = months.firstIndex(where: { month.isSame(as: $0) }),
            let time = CivilTime(
                year: year, month: Int64(index) + 1, day: Int64(dayNumber), hour: hour, minute: minute, second: second)
        else { return nil }
        return NumericDate(time.secondsSince1970)
    }

    private static func year(_ text: Octets, digits: Int) -> Int64? {
        text.count == digits ? text.decimal.map { Int64($0) } : nil
    }

    /// RFC 9110 section 5.6.7: of the years with these two digits, the last one that is not more than 50 years in the
    /// future.
    private static func century(_ year: Int64, now: NumericDate) -> Int64 {
        let last = CivilTime(secondsSince1970: now.seconds).year + 50
        let candidate = last - last % 100 + year
        return candidate > last ? candidate - 100 : candidate
    }
}
