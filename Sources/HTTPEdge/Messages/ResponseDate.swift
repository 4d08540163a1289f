import WireText

/// `Date`, RFC 9110 section 6.6.1, which is formatted once a second. It is used on one event loop.
struct ResponseDate {
    private let now: @Sendable () -> Int64
    private var second: Int64 = .min
    private var text = ""

    /// - Parameter now: returns the seconds since 1970-01-01T00:00:00Z.
    init(now: @escaping @Sendable () -> Int64) {
        self.now = now
    }

    /// The current time as an IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT`.
    mutating func current() -> String {
        let now = now()
        if now != second {
            second = now
            text = Self.format(now)
        }
        return text
    }

    static func format(_ seconds: Int64) -> String {
        let time = CivilTime(secondsSince1970: seconds)
        var octets: [UInt8] = []
        octets.reserveCapacity(29)
        let weekday = Int((((seconds - time.hour * 3600 - time.minute * 60 - time.second) / 86400) % 7 + 11) % 7)
        octets += weekdays[weekday].utf8
        octets += ", ".utf8
        octets.append(time.day, digits: 2)
        octets.append(UInt8(ascii: " "))
        octets += months[Int(time.month) - 1].utf8
        octets.append(UInt8(ascii: " "))
        octets.append(time.year, digits: 4)
        octets.append(UInt8(ascii: " "))
        octets.append(time.hour, digits: 2)
        octets.append(UInt8(ascii: ":"))
        octets.append(time.minute, digits: 2)
        octets.append(UInt8(ascii: ":"))
        octets.append(time.second, digits: 2)
        octets += " GMT".utf8
        return String(decoding: octets, as: UTF8.self)
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
