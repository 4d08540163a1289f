/// The limits on failed authentications, RFC 6749 section 2.3.1: `throttle` of the configuration.
package struct FailureLimits: Sendable, Equatable {
    /// Failures of one client from one address, from 1 to 1,000,000; `nil` for no limit.
    package let failures: Int?
    /// Failures from one address, in the same range; `nil` for no limit.
    package let addressFailures: Int?
    /// Wrong secrets of one client that took the check of a password hash, over all addresses, in the same range;
    /// `nil` for no limit.
    package let clientFailures: Int?
    /// The time in which a count at its limit drains to zero, from a second to a day.
    package let window: Duration

    /// In a minute, ten failures of one client from one address, a hundred from one address, and a hundred wrong
    /// secrets of one client that took the check of a password hash.
    package static let standard = FailureLimits(
        failures: 10, addressFailures: 100, clientFailures: 100, window: .seconds(60))

    /// The limits that there may be.
    package static let range = 1...1_000_000
    /// The windows that there may be.
    package static let windows: ClosedRange<Duration> = .seconds(1) ... .seconds(86400)

    /// A value outside of its range counts as the nearest one within.
    ///
    /// - Parameters:
    ///   - failures: `nil` for no limit.
    ///   - addressFailures: `nil` for no limit.
    ///   - clientFailures: `nil` for no limit.
    package init(failures: Int?, addressFailures: Int?, clientFailures: Int?, window: Duration) {
        func limit(_ count: Int?) -> Int? { count.map { min(max($0, Self.range.lowerBound), Self.range.upperBound) } }
        self.failures = limit(failures)
        self.addressFailures = limit(addressFailures)
        self.clientFailures = limit(clientFailures)
        self.window = min(max(window, Self.windows.lowerBound), Self.windows.upperBound)
    }
}
