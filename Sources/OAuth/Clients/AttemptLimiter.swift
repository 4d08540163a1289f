package import AccessToken

/// Attempts that wait for slow work. None of them has failed yet, and so none is counted; without a bound as many as fit
/// into a moment would be free.
package struct AttemptLimiter: Sendable {
    /// What an attempt counts for.
    private enum Key: Hashable {
        case pair(ClientID, AddressBlock)
        case address(AddressBlock)
    }

    /// So many times the failures that are allowed may wait: a client that starts with many connections fails nothing.
    private static let factor = 4

    private let pairLimit: Int?
    private let addressLimit: Int?
    private var counts: [Key: Int] = [:]

    /// The limits on failures bound the attempts too.
    ///
    /// - Parameter room: for how many attempts there is room at all; no address gets more than a quarter of it, so that
    ///   none can keep the others out. nil where there is room for any number.
    package init(_ limits: AuthenticationThrottle.Limits, room: Int? = nil) {
        pairLimit = limits.failures.map { $0 * Self.factor }
        addressLimit = limits.addressFailures.map { min($0 * Self.factor, room.map { max(1, $0 / 4) } ?? .max) }
    }

    /// Counts an attempt until ``end(_:from:)``.
    ///
    /// - Returns: false, and counts nothing, where as many wait as may.
    package mutating func begin(_ client: ClientID, from address: AddressBlock) -> Bool {
        let bounds = [(Key.pair(client, address), pairLimit), (Key.address(address), addressLimit)]
        for case (let key, let limit?) in bounds where counts[key, default: 0] >= limit { return false }
        for (key, _) in bounds { counts[key, default: 0] += 1 }
        return true
    }

    /// Ends an attempt that was begun.
    package mutating func end(_ client: ClientID, from address: AddressBlock) {
        for key in [Key.pair(client, address), Key.address(address)] {
            let rest = counts[key, default: 1] - 1
            counts[key] = rest > 0 ? rest : nil
        }
    }
}
