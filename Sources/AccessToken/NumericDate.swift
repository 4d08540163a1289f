package import JOSE
import Libcrypto
import WireText

/// Seconds since 1970-01-01T00:00:00Z without leap seconds, RFC 7519 section 2.
public struct NumericDate: Sendable, Hashable, Comparable {
    /// Negative before 1970.
    public let seconds: Int64

    /// Accepts any value.
    public init(_ seconds: Int64) {
        self.seconds = seconds
    }

    /// Whether `first` is earlier.
    public static func < (first: NumericDate, second: NumericDate) -> Bool {
        first.seconds < second.seconds
    }

    /// Adds the whole seconds of `duration`. The result saturates at the limits of 64 bits.
    public static func + (date: NumericDate, duration: Duration) -> NumericDate {
        let (sum, overflow) = date.seconds.addingReportingOverflow(seconds(of: duration))
        return NumericDate(overflow ? (duration < .zero ? .min : .max) : sum)
    }

    /// Subtracts the whole seconds of `duration`. The result saturates at the limits of 64 bits.
    public static func - (date: NumericDate, duration: Duration) -> NumericDate {
        let (difference, overflow) = date.seconds.subtractingReportingOverflow(seconds(of: duration))
        return NumericDate(overflow ? (duration < .zero ? .max : .min) : difference)
    }

    /// Sums of durations may have more seconds than 64 bits can hold.
    private static func seconds(of duration: Duration) -> Int64 {
        let longest = Duration.seconds(Int64.max)
        return min(max(duration, .zero - longest), longest).components.seconds
    }
}

extension NumericDate: Decodable {
    /// Reads the seconds, which may have a fraction (RFC 7519 section 2).
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let seconds = try? container.decode(Int64.self) {
            self.init(seconds)
            return
        }
        guard let seconds = Int64(exactly: try container.decode(Double.self).rounded(.down)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "the date is too far away")
        }
        self.init(seconds)
    }
}

extension NumericDate {
    /// The time of the machine's clock. Rules never read it: they take the time as an argument.
    public static var now: NumericDate { NumericDate(SystemClock.seconds) }

    /// Reads a NumericDate, which may have a fraction (RFC 7519 section 2); `nil` for any other value. A literal is taken for
    /// seconds.
    @_disfavoredOverload
    package init?(_ value: JSONValue) {
        switch value {
        case .integer(let seconds): self.init(seconds)
        case .number(let seconds):
            guard let whole = Int64(exactly: seconds.rounded(.down)) else { return nil }
            self.init(whole)
        default: return nil
        }
    }
}
