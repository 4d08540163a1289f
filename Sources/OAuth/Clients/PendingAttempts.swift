public import AccessToken

/// Attempts that wait for slow work. None of them has failed yet, and so none is counted; without a bound as many as fit
/// into a moment would be free.
public struct PendingAttempts: Sendable {
    /// What an attempt counts for.
    private enum Key: Hashable {
        case pair(ClientID, AddressBlock)
        case address(AddressBlock)
    }

    /// So many times the failures that are allowed may wait: a client that starts with many connections fails nothing.
    private static let factor = 4

    private let limits: AuthenticationThrottle.Limits
    private var counts: [Key: Int] = [:]

    /// The limits on failures bound the attempts too.
    public init(_ limits: AuthenticationThrottle.Limits) { self.limits = limits }

    /// Counts an attempt until ``end(_:from:)``.
    ///
    /// - Returns: false, and counts nothing, where as many wait as may.
    public mutating func begin(_ client: ClientID, from address: AddressBlock) -> Bool {
        let bounds = [
            (Key.pair(client, address), limits.failures), (Key.address(address), limits.addressFailures),
        ]
        for case (let key, let limit?) in bounds where counts[key, default: 0] >= limit * Self.factor { return false }
        for (key, _) in bounds { counts[key, default: 0] += 1 }
        return true
    }

    /// Ends an attempt that was begun.
    public mutating func end(_ client: ClientID, from address: AddressBlock) {
        for key in [Key.pair(client, address), Key.address(address)] {
            let rest = counts[key, default: 1] - 1
            counts[key] = rest > 0 ? rest : nil
        }
    }
}
