package import AccessToken
package import Libcrypto
package import OAuth
import Synchronization

/// Records the assertions that were used, so that none is used twice (RFC 7523 section 3, number 7).
///
/// Each is kept until it has expired, whatever rules apply meanwhile, and for some minutes more, so that a clock that goes
/// ahead for a moment drops none. It is stored as a code of 16 octets under a key that exists only here. A client gets no
/// more of the capacity than it leaves free for the others, so that a client in a loop takes half of it at most.
///
/// What was used before the service started is not known. So an assertion that may have been used then is refused: see
/// ``UsedAssertion/mayHaveBeenUsed(before:longestUse:)``.
package final class ReplayCache: ReplayProtection {
    private struct State {
        var used = UsedAssertions()
        /// The time at which expired assertions were last looked for.
        var lookedAt = NumericDate(.min)
        /// The first second in which this cache records uses.
        var start: NumericDate
    }

    /// The most assertions that are recorded; they take some 40 MiB.
    package static let standardCapacity = 1 << 20
    /// How long an assertion is kept behind its end, at least. A clock that was ahead for less drops nothing.
    package static let patience: Duration = .seconds(330)

    private let key: SecretBytes
    private let capacity: Int
    private let lifetimes: AssertionLifetimes
    private let delayOfProofs: Duration
    private let state: Mutex<State>

    /// - Parameters:
    ///   - start: the first second in which uses are recorded: no assertion was accepted earlier in the same second.
    ///   - delayOfProofs: how much later than that DPoP proofs are taken for new ones.
    ///   - lifetimes: by which assertions were accepted before.
    ///   - capacity: how many assertions that have not expired are recorded at most.
    package init(
        start: NumericDate, delayOfProofs: Duration = .zero, lifetimes: AssertionLifetimes = .standard,
        capacity: Int = standardCapacity
    ) throws(LibcryptoError) {
        key = try SecretBytes(randomCount: 32)
        self.capacity = capacity
        self.lifetimes = lifetimes
        self.delayOfProofs = delayOfProofs
        state = Mutex(State(start: start))
    }

    /// How many assertions are recorded.
    package var count: Int { state.withLock { $0.used.count } }

    /// Records the use of an assertion that meets every other rule.
    package func use(_ assertion: UsedAssertion, now: NumericDate) throws(TokenRefusal) -> AssertionUse {
        let code = try code(of: assertion)
        return state.withLock { state in
            dropExpired(&state, now: now)
            guard !state.used.contains(code, expiringAt: assertion.expiresAt) else { return .repeated }
            let longestUse = lifetimes.longestUse(of: assertion.clientID)
            let start = assertion.isProof ? state.start + delayOfProofs : state.start
            let mayBeRepeated = assertion.mayHaveBeenUsed(before: start, longestUse: longestUse)
            guard !mayBeRepeated || !assertion.isSingleUse else { return .possiblyRepeated }
            return insert(code, of: assertion, &state, now: now) ? .first : .full
        }
    }

    /// Whether the use of an assertion is recorded.
    package func contains(_ assertion: UsedAssertion) throws(TokenRefusal) -> Bool {
        let code = try code(of: assertion)
        return state.withLock { $0.used.contains(code, expiringAt: assertion.expiresAt) }
    }

    /// Records a use that is recorded elsewhere too, if there is room for it.
    package func note(_ assertion: UsedAssertion, now: NumericDate) throws(TokenRefusal) {
        let code = try code(of: assertion)
        state.withLock { state in
            dropExpired(&state, now: now)
            guard !state.used.contains(code, expiringAt: assertion.expiresAt) else { return }
            _ = insert(code, of: assertion, &state, now: now)
        }
    }

    /// - Returns: whether there was room for it.
    private func insert(
        _ code: UsedAssertions.Code, of assertion: UsedAssertion, _ state: inout State, now: NumericDate
    ) -> Bool {
        guard hasRoom(for: assertion.clientID, &state, now: now) else { return false }
        state.used.insert(code, of: assertion.clientID, expiringAt: assertion.expiresAt)
        return true
    }

    private func dropExpired(_ state: inout State, now: NumericDate) {
        if state.lookedAt + Self.patience <= now {
            state.used.removeAll(expiredBy: state.lookedAt)
            state.lookedAt = now
        } else if now + Self.patience < state.lookedAt {
            // The clock was set back. Neither that nor a request that was overtaken drops an entry early.
            state.lookedAt = now
        }
        // If the clock was set back so far, what clients make now would be taken for older than the start for as long.
        if now + lifetimes.longestUse < state.start { state.start = now }
    }

    private func hasRoom(for client: ClientID, _ state: inout State, now: NumericDate) -> Bool {
        func hasRoom() -> Bool { state.used.count(of: client) < capacity - state.used.count }
        if hasRoom() { return true }
        state.used.removeAll(expiredBy: now)
        return hasRoom()
    }

    private func code(of assertion: UsedAssertion) throws(TokenRefusal) -> UsedAssertions.Code {
        let code: [UInt8]
        do throws(LibcryptoError) {
            code = try MessageAuthenticationCode.make(
                for: assertion.recordedAs.utf8.span, key: key, hash: .sha256)
        } catch {
            throw .failure(error)
        }
        func word(_ start: Int) -> UInt64 { code[start..<(start + 8)].reduce(0) { $0 << 8 | UInt64($1) } }
        return UsedAssertions.Code(high: word(0), low: word(8))
    }
}
