/// The limits on failed authentications, RFC 6749 section 2.3.1: `throttle` of the configuration.
package struct FailureLimits: Sendable, Equatable {
    /// Failures of one client from one address, at least 1; `nil` for no limit.
    package var failures: Int?
    /// Failures from one address, at least 1; `nil` for no limit.
    package var addressFailures: Int?
    /// The time in which a count at its limit drains to zero.
    package var window: Duration

    /// In a minute, ten failures of one client from one address and a hundred from one address.
    package static let standard = FailureLimits(failures: 10, addressFailures: 100, window: .seconds(60))

    /// - Parameters:
    ///   - failures: at least 1; `nil` for no limit.
    ///   - addressFailures: at least 1; `nil` for no limit.
    package init(failures: Int?, addressFailures: Int?, window: Duration) {
        self.failures = failures
        self.addressFailures = addressFailures
        self.window = window
    }
}
