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
