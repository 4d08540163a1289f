/// How many failed authentications are too many, RFC 6749 section 2.3.1: `throttle` of the configuration.
package struct FailureLimits: Sendable, Equatable {
    /// For a client and an address, at least 1; `nil` for no limit.
    package var failures: Int?
    /// For an address, at least 1; `nil` for no limit.
    package var addressFailures: Int?
    /// The time in which a full count goes down to zero.
    package var window: Duration

    /// Ten failures in a minute, and a hundred from one address.
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
