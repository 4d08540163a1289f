import AccessToken
package import Libcrypto
import Synchronization

/// Remembers the assertions that were used, so that none is used twice (RFC 7523 section 3, number 7).
///
/// Two generations, each as long as an assertion can live: the elder is dropped whole. What is kept of an assertion is
/// 16 octets under a key that exists only here. No client has more of the room than is left free for the others, so
/// that one in a loop takes half of it at most.
package final class ReplayCache: Sendable {
    /// What became of an assertion.
    enum Use {
        case first
        case repeated
        /// Nothing more can be remembered, so nothing more can be accepted.
        case full
    }

    private struct Identifier: Hashable {
        let high: UInt64
        let low: UInt64
    }

    private struct State {
        var current: Set<Identifier> = []
        /// How many of the current ones are of which client.
        var counts: [ClientID: Int] = [:]
        var previous: Set<Identifier> = []
        var since = NumericDate(.min)
    }

    /// How many are remembered for each generation, unless a test says less: some 40 MiB for both, where they are full.
    package static let standardCapacity = 1 << 19

    private let key: SecretBytes
    private let capacity: Int
    private let state = Mutex(State())

    /// - Parameter capacity: how many assertions may be used in five and a half minutes.
    package init(capacity: Int = standardCapacity) throws(LibcryptoError) {
        key = try SecretBytes(randomCount: 32)
        self.capacity = capacity
    }

    func use(_ tokenID: String, of clientID: ClientID, now: NumericDate) throws(LibcryptoError) -> Use {
        let identifier = try identifier(tokenID, clientID)
        return state.withLock { state in
            if state.since + AssertionTiming.longestUse <= now {
                state.previous = state.current
                state.current = []
                state.counts = [:]
                state.since = now
            } else if now + AssertionTiming.longestUse < state.since {
                // The clock was set back. Nothing is forgotten sooner for that, nor for a request that was overtaken.
                state.since = now
            }
            guard !state.current.contains(identifier), !state.previous.contains(identifier) else { return .repeated }
            let count = state.counts[clientID, default: 0]
            guard count < capacity - state.current.count else { return .full }
            state.current.insert(identifier)
            state.counts[clientID] = count + 1
            return .first
        }
    }

    /// A client identifier has no line feed, so that the two parts cannot run into each other.
    private func identifier(_ tokenID: String, _ clientID: ClientID) throws(LibcryptoError) -> Identifier {
        let code = try MessageAuthenticationCode.make(
            for: "\(clientID)\n\(tokenID)".utf8.span, key: key, hash: .sha256)
        func word(_ start: Int) -> UInt64 { code[start..<(start + 8)].reduce(0) { $0 << 8 | UInt64($1) } }
        return Identifier(high: word(0), low: word(8))
    }
}
