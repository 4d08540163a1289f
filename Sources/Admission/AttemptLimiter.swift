package import AccessToken
package import OAuth
package import WireText

/// Limits the attempts that wait for slow work. They have not failed yet, so the throttle does not count them. Without
/// a limit, an attacker could make any number of guesses at once.
package struct AttemptLimiter: Sendable {
    /// What an attempt is counted under.
    private enum Key: Hashable {
        case pair(ClientID, AddressBlock)
        case address(AddressBlock)
    }

    /// The attempts that may wait, as a multiple of the failures that are allowed: a client that starts with many
    /// connections is not guessing.
    private static let factor = 4

    private let pairLimit: Int?
    private let addressLimit: Int?
    private var counts: [Key: Int] = [:]

    /// The limits on failures bound the attempts too.
    ///
    /// - Parameter room: how many attempts may wait in all; no address gets more than a quarter of it, so that no
    ///   address can keep the others out. `nil` for any number.
    package init(_ limits: FailureLimits, room: Int? = nil) {
        pairLimit = limits.failures.map { $0 * Self.factor }
        addressLimit = limits.addressFailures.map { min($0 * Self.factor, room.map { max(1, $0 / 4) } ?? .max) }
    }

    /// Counts an attempt until ``end(_:from:)``.
    ///
    /// - Returns: false, without counting it, if the limit is reached.
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
