public import JOSE
import Libcrypto

/// Seconds since 1970-01-01T00:00:00Z without leap seconds, RFC 7519 section 2.
public struct NumericDate: Sendable, Hashable, Comparable {
    /// Negative before 1970.
    public let seconds: Int64

    /// Takes any value, however far from now.
    public init(_ seconds: Int64) {
        self.seconds = seconds
    }

    /// The earlier one is less.
    public static func < (first: NumericDate, second: NumericDate) -> Bool {
        first.seconds < second.seconds
    }

    /// Whole seconds are counted; the result stays within what can be expressed.
    public static func + (date: NumericDate, duration: Duration) -> NumericDate {
        let (sum, overflow) = date.seconds.addingReportingOverflow(duration.components.seconds)
        return NumericDate(overflow ? (duration < .zero ? .min : .max) : sum)
    }

    /// Whole seconds are counted, as with `+`.
    public static func - (date: NumericDate, duration: Duration) -> NumericDate {
        let (difference, overflow) = date.seconds.subtractingReportingOverflow(duration.components.seconds)
        return NumericDate(overflow ? (duration < .zero ? .max : .min) : difference)
    }
}

extension NumericDate {
    /// The machine's clock. Rules never read it: they get the time as an argument.
    public static var now: NumericDate { NumericDate(SystemClock.seconds) }

    /// Reads a NumericDate, which may have a fraction (RFC 7519 section 2); `nil` for any other value.
    public init?(_ value: JSONValue) {
        switch value {
        case .integer(let seconds): self.init(seconds)
        case .number(let seconds):
            guard let whole = Int64(exactly: seconds.rounded(.down)) else { return nil }
            self.init(whole)
        default: return nil
        }
    }
}
