package import AccessToken
package import OAuth
package import WireText

/// Slows down clients that guess secrets, RFC 6749 section 2.3.1.
///
/// It limits refusals and the checks of password hashes. Credentials that match at once are accepted whatever is
/// counted here.
///
/// Failures count for a client identifier and an address together, and for an address alone with a higher limit. Wrong
/// secrets that took the check of a password hash also count for the client over all addresses: otherwise an IPv6 site
/// could guess from 65,536 addresses. Over that limit a site still has one check in each window, so that no stranger
/// keeps a client that comes from elsewhere out.
///
/// Counts go down at a steady rate. Refusals over a limit and credentials that were not checked do not count. Memory is
/// bounded: if there are too many counts, the oldest are dropped.
package struct AuthenticationThrottle: Sendable {
    private struct Pair: Hashable {
        let client: ClientID
        let address: AddressBlock
    }

    private let limits: FailureLimits
    private var pairs: LeakyBuckets<Int>
    private var addresses: LeakyBuckets<AddressBlock>
    /// Checks of password hashes that failed, by the client, and by the client with a network.
    private var clients: LeakyBuckets<Int>
    private var networks: LeakyBuckets<Int>

    /// - Parameter capacity: how many counts of each kind there are in each of two generations.
    package init(_ limits: FailureLimits, capacity: Int = 1 << 15) {
        self.limits = limits
        pairs = LeakyBuckets(capacity: capacity, window: limits.window)
        addresses = LeakyBuckets(capacity: capacity, window: limits.window)
        clients = LeakyBuckets(capacity: capacity, window: limits.window)
        networks = LeakyBuckets(capacity: capacity, window: limits.window)
    }

    /// Whether a password hash may be checked.
    ///
    /// - Parameter claimed: the clients that the credentials may belong to.
    /// - Returns: seconds to wait; `nil` if it may be checked now.
    package func waitForPasswordCheck(
        of claimed: [ClientID], from address: AddressBlock, now: NumericDate
    ) -> Int? {
        claimed.compactMap { client in
            let waits = [
                wait(for: client, from: address, now: now), waitOverAllAddresses(for: client, from: address, now: now),
            ]
            return waits.compactMap { $0 }.max()
        }.max()
    }

    /// The refusal of credentials that were checked, which is counted.
    ///
    /// - Returns: ``TokenRefusal/Code/tooManyFailures``, without counting, if a limit is reached.
    package mutating func refusal(
        _ failure: AuthenticationFailure, of claimed: [ClientID], from address: AddressBlock, now: NumericDate
    ) -> TokenRefusal {
        // A password hash was checked only if no limit was reached.
        if failure.weight != .wrongPassword,
            let wait = claimed.compactMap({ wait(for: $0, from: address, now: now) }).max()
        {
            return TokenRefusal(.tooManyFailures, retryAfter: wait)
        }
        for client in claimed { count(failure.weight, of: client, from: address, now: now) }
        return failure.refusal
    }

    /// Drops the failures of a client that has authenticated; those of its address stay.
    package mutating func succeed(_ client: ClientID, from address: AddressBlock) {
        guard !pairs.isEmpty else { return }
        pairs.remove(Self.key(client, address))
    }

    /// Seconds until a failure is within the limits of the pair and of the address; `nil` if it already is.
    private func wait(for client: ClientID, from address: AddressBlock, now: NumericDate) -> Int? {
        let waits = [
            limits.failures.flatMap { pairs.wait(for: Self.key(client, address), limit: $0, now: now) },
            limits.addressFailures.flatMap { addresses.wait(for: address, limit: $0, now: now) },
        ]
        return waits.compactMap { $0 }.max()
    }

    /// The same for the limit of the client over all addresses. Over it, a network waits until its own failures have
    /// drained at a rate of one in each window.
    private func waitOverAllAddresses(for client: ClientID, from address: AddressBlock, now: NumericDate) -> Int? {
        guard let limit = limits.clientFailures, let wait = clients.wait(for: client.hashValue, limit: limit, now: now),
            let own = networks.wait(for: Self.key(client, address.network), limit: 1, now: now)
        else { return nil }
        return min(wait, own)
    }

    private mutating func count(
        _ failure: AuthenticationFailure.Weight, of client: ClientID, from address: AddressBlock, now: NumericDate
    ) {
        if let limit = limits.failures { pairs.add(to: Self.key(client, address), limit: limit, now: now) }
        // What the client knows is no guess, and costs the others at its address nothing.
        guard failure != .notAccepted else { return }
        if let limit = limits.addressFailures { addresses.add(to: address, limit: limit, now: now) }
        guard failure == .wrongPassword, let limit = limits.clientFailures else { return }
        clients.add(to: client.hashValue, limit: limit, now: now)
        networks.add(to: Self.key(client, address.network), limit: 1, now: now)
    }

    /// The hash represents the pair. Swift seeds it for each process, so that an attacker cannot choose pairs that
    /// collide, and long identifiers take no memory.
    private static func key(_ client: ClientID, _ address: AddressBlock) -> Int {
        Pair(client: client, address: address).hashValue
    }
}
