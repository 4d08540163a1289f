package import AccessToken
package import OAuth
package import WireText

/// Slows down clients that guess secrets, RFC 6749 section 2.3.1.
///
/// Failures count for a client identifier and an address together, so that an attacker cannot lock out a client that
/// comes from another address; and for an address alone, with a higher limit. Counts go down at a steady rate. Attempts
/// that are refused here cost nothing and do not count. Memory is bounded: if there are too many counts, the oldest are
/// dropped.
package struct AuthenticationThrottle: Sendable {
    private struct Pair: Hashable {
        let client: ClientID
        let address: AddressBlock
    }

    private let limits: FailureLimits
    private var pairs: LeakyBuckets<Int>
    private var addresses: LeakyBuckets<AddressBlock>

    /// - Parameter capacity: how many pairs, and how many addresses, are counted in each of two generations.
    package init(_ limits: FailureLimits, capacity: Int = 1 << 15) {
        self.limits = limits
        pairs = LeakyBuckets(capacity: capacity, window: limits.window)
        addresses = LeakyBuckets(capacity: capacity, window: limits.window)
    }

    /// - Returns: seconds to wait before an attempt; `nil` if it may be made now.
    package func wait(for client: ClientID, from address: AddressBlock, now: NumericDate) -> Int? {
        let waits = [
            limits.failures.flatMap { pairs.wait(for: Self.key(client, address), limit: $0, now: now) },
            limits.addressFailures.flatMap { addresses.wait(for: address, limit: $0, now: now) },
        ]
        return waits.compactMap { $0 }.max()
    }

    /// Counts a secret that no fast check matched and that was not checked further. Otherwise an attacker that keeps
    /// the service busy could guess at no cost.
    package mutating func missed(_ client: ClientID, from address: AddressBlock, now: NumericDate) {
        if let limit = limits.failures { pairs.add(to: Self.key(client, address), limit: limit, now: now) }
    }

    /// Counts a failed attempt.
    package mutating func fail(_ client: ClientID, from address: AddressBlock, now: NumericDate) {
        missed(client, from: address, now: now)
        if let limit = limits.addressFailures { addresses.add(to: address, limit: limit, now: now) }
    }

    /// Drops the failures of a client that has authenticated; those of its address stay.
    package mutating func succeed(_ client: ClientID, from address: AddressBlock) {
        guard !pairs.isEmpty else { return }
        pairs.remove(Self.key(client, address))
    }

    /// The hash represents the pair. Swift seeds it for each process, so that an attacker cannot choose pairs that
    /// collide, and long identifiers take no memory.
    private static func key(_ client: ClientID, _ address: AddressBlock) -> Int {
        Pair(client: client, address: address).hashValue
    }
}
