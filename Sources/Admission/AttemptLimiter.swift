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
        case network(AddressBlock)
    }

    /// The attempts that may wait, as a multiple of the failures that are allowed: a client that starts with many
    /// connections is not guessing.
    private static let factor = 4

    private let pairLimit: Int?
    private let addressLimit: Int?
    private let networkLimit: Int?
    private var counts: [Key: Int] = [:]

    /// The limits on failures bound the attempts too.
    ///
    /// - Parameter room: how many attempts may wait in all; no address gets more than a quarter of it and no IPv6 site
    ///   more than a half, so that neither can keep the others out. `nil` for any number.
    package init(_ limits: FailureLimits, room: Int? = nil) {
        let room = room.map { max($0, 0) }
        pairLimit = limits.failures.map { $0 * Self.factor }
        addressLimit = limits.addressFailures.map { min($0 * Self.factor, room.map { max(1, $0 / 4) } ?? .max) }
        networkLimit = limits.addressFailures.flatMap { _ in room.map { max(1, $0 / 2) } }
    }

    /// Counts an attempt until ``end(_:from:)``.
    ///
    /// - Returns: false, without counting it, if the limit is reached.
    package mutating func begin(_ client: ClientID, from address: AddressBlock) -> Bool {
        let keys = Self.keys(client, address)
        for (key, limit) in zip(keys, [pairLimit, addressLimit, networkLimit]) {
            if let limit, counts[key, default: 0] >= limit { return false }
        }
        for key in keys { counts[key, default: 0] += 1 }
        return true
    }

    /// Ends an attempt that was begun.
    package mutating func end(_ client: ClientID, from address: AddressBlock) {
        for key in Self.keys(client, address) {
            let rest = counts[key, default: 1] - 1
            counts[key] = rest > 0 ? rest : nil
        }
    }

    private static func keys(_ client: ClientID, _ address: AddressBlock) -> [Key] {
        [.pair(client, address), .address(address), .network(address.network)]
    }
}
