package import AccessToken
package import Libcrypto
package import OAuth
import Synchronization

/// Records the assertions that were used, so that none is used twice (RFC 7523 section 3, number 7).
///
/// There are two generations, each as long as an assertion can be accepted; the older one is dropped as a whole. An
/// assertion is stored as a code of 16 octets under a key that exists only here. A client gets no more of the capacity
/// than it leaves free for the others, so that a client in a loop takes half of it at most.
///
/// What was used before the service started is not known. So an assertion that may have been used then is refused: one
/// that the client did not make since, unless it expires too late to have been accepted before. Five and a half minutes
/// after the start every assertion that can be accepted is of the second kind.
package final class ReplayCache: Sendable {
    private struct Identifier: Hashable {
        let high: UInt64
        let low: UInt64
    }

    private struct State {
        var used: TwoGenerationCache<Identifier, Void>
        /// The number of each client's assertions in the younger generation.
        var counts: [ClientID: Int] = [:]
        /// The time at which the younger generation began.
        var since = NumericDate(.min)
        /// The first second in which this cache records uses.
        var start: NumericDate
    }

    /// Assertions of each generation, some 40 MiB for both if they are full.
    package static let standardCapacity = 1 << 19

    private let key: SecretBytes
    private let capacity: Int
    private let state: Mutex<State>

    /// - Parameters:
    ///   - start: the first second in which uses are recorded: no assertion was accepted earlier in the same second.
    ///   - capacity: how many assertions can be used in ``AssertionTiming/longestUse``.
    package init(start: NumericDate, capacity: Int = standardCapacity) throws(LibcryptoError) {
        key = try SecretBytes(randomCount: 32)
        self.capacity = capacity
        state = Mutex(State(used: TwoGenerationCache(capacity: capacity), start: start))
    }

    /// Records the use of an assertion that meets every other rule.
    package func use(_ assertion: UsedAssertion, now: NumericDate) throws(TokenRefusal) -> AssertionUse {
        let clientID = assertion.clientID
        let identifier: Identifier
        do throws(LibcryptoError) { identifier = try self.identifier(assertion.tokenID, clientID) } catch {
            throw .failure(error)
        }
        return state.withLock { state in
            if state.since + AssertionTiming.longestUse <= now {
                state.used.beginGeneration()
                state.counts = [:]
                state.since = now
            } else if now + AssertionTiming.longestUse < state.since {
                // The clock was set back. Neither that nor a request that was overtaken drops an entry early.
                state.since = now
            }
            // If the clock was set back so far, no assertion from before the start can be accepted now, and none that
            // clients make now has a later time.
            if now + AssertionTiming.longestUse < state.start { state.start = now }
            guard state.used[identifier] == nil else { return .repeated }
            guard !assertion.mayHaveBeenUsed(before: state.start) else { return .possiblyRepeated }
            let count = state.counts[clientID, default: 0]
            guard count < capacity - state.used.youngerCount else { return .full }
            state.used.insert((), for: identifier)
            state.counts[clientID] = count + 1
            return .first
        }
    }

    /// A client identifier has no line feed, so the two parts cannot run into each other.
    private func identifier(_ tokenID: String, _ clientID: ClientID) throws(LibcryptoError) -> Identifier {
        let code = try MessageAuthenticationCode.make(
            for: "\(clientID)\n\(tokenID)".utf8.span, key: key, hash: .sha256)
        func word(_ start: Int) -> UInt64 { code[start..<(start + 8)].reduce(0) { $0 << 8 | UInt64($1) } }
        return Identifier(high: word(0), low: word(8))
    }
}
