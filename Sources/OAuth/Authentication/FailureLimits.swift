/// The limits on failed authentications, RFC 6749 section 2.3.1: `throttle` of the configuration.
package struct FailureLimits: Sendable, Equatable {
    /// Failures of one client from one address, at least 1; `nil` for no limit.
    package var failures: Int?
    /// Failures from one address, at least 1; `nil` for no limit.
    package var addressFailures: Int?
    /// Wrong secrets of one client that took the check of a password hash, over all addresses, at least 1; `nil` for no
    /// limit.
    package var clientFailures: Int?
    /// The time in which a count at its limit drains to zero.
    package var window: Duration

    /// In a minute, ten failures of one client from one address, a hundred from one address, and a hundred wrong
    /// secrets of one client that took the check of a password hash.
    package static let standard = FailureLimits(
        failures: 10, addressFailures: 100, clientFailures: 100, window: .seconds(60))

    /// - Parameters:
    ///   - failures: at least 1; `nil` for no limit.
    ///   - addressFailures: at least 1; `nil` for no limit.
    ///   - clientFailures: at least 1; `nil` for no limit.
    package init(failures: Int?, addressFailures: Int?, clientFailures: Int?, window: Duration) {
        self.failures = failures
        self.addressFailures = addressFailures
        self.clientFailures = clientFailures
        self.window = window
    }
}
