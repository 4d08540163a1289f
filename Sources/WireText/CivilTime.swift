/// A date with a time of day in UTC, by the proleptic Gregorian calendar, to the second and without leap seconds.
package struct CivilTime: Sendable {
    package let year: Int64
    /// 1 to 12.
    package let month: Int64
    /// 1 to 31.
    package let day: Int64
    package let hour: Int64
    package let minute: Int64
    package let second: Int64

    /// - Parameter year: 0 or later.
    /// - Returns: `nil` for a date or a time of day that does not exist.
    package init?(year: Int64, month: Int64, day: Int64, hour: Int64, minute: Int64, second: Int64) {
        guard (1...12).contains(month), (0..<24).contains(hour), (0..<60).contains(minute), (0..<60).contains(second),
            (1...Self.length(ofMonth: month, in: year)).contains(day)
        else { return nil }
        (self.year, self.month, self.day) = (year, month, day)
        (self.hour, self.minute, self.second) = (hour, minute, second)
    }

    /// Every second has a civil time. The years before 1 are 0, -1 and so on.
    package init(secondsSince1970: Int64) {
        let (days, second) = Self.dividing(secondsSince1970, by: 86400)
        // Days are counted in eras of 400 years that begin in March, so that the leap day comes last.
        let (era, dayOfEra) = Self.dividing(days + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        hour = second / 3600
        minute = second / 60 % 60
        self.second = second % 60
    }

    /// The same moment in seconds since 1970-01-01T00:00:00Z, without leap seconds.
    package var secondsSince1970: Int64 {
        let (era, yearOfEra) = Self.dividing(month <= 2 ? year - 1 : year, by: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        return days * 86400 + hour * 3600 + minute * 60 + second
    }

    private static func length(ofMonth month: Int64, in year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// The quotient, rounded down, and the remainder, which is never negative.
    private static func dividing(_ number: Int64, by divisor: Int64) -> (Int64, Int64) {
        let (quotient, rest) = number.quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? (quotient - 1, rest + divisor) : (quotient, rest)
    }
}

extension [UInt8] {
    /// Appends a number that is not negative, with `digits` decimal digits.
    package mutating func append(_ number: Int64, digits: Int) {
        var power: Int64 = 1
        for _ in 1..<digits { power *= 10 }
        while power > 0 {
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / power % 10))
            power /= 10
        }
    }
}

extension Span<UInt8> {
    /// The number that the decimal digits in `range` form; `nil` if one is not a digit, or `range` ends beyond the
    /// span.
    package func number(_ range: Range<Int>) -> Int64? {
        guard range.upperBound <= count else { return nil }
        var number: Int64 = 0
        for index in range {
            guard ASCII.isDigit(self[index]) else { return nil }
            number = number * 10 + Int64(self[index] - UInt8(ascii: "0"))
        }
        return number
    }
}
