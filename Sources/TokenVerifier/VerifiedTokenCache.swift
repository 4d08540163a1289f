import AccessToken
import Libcrypto
import Synchronization

/// Tokens that one verifier has verified, by their digests. Bounded: when half of the room is used up, what was not asked for
/// since the last time is forgotten.
final class VerifiedTokenCache: Sendable {
    typealias Digest = [UInt8]

    private struct Entry {
        let token: VerifiedAccessToken
        /// Of the key set that verified it: with another, it has to be verified again.
        let version: Int
        let verifiedAt: NumericDate
    }

    private struct State {
        var recent: [Digest: Entry] = [:]
        var older: [Digest: Entry] = [:]
    }

    private let capacity: Int
    private let state = Mutex(State())

    /// - Parameter capacity: entries; at least 2.
    init(capacity: Int) {
        self.capacity = max(2, capacity)
    }

    /// nil where libcrypto gives none; then nothing is remembered.
    func digest(of token: String) -> Digest? {
        try? HashFunction.sha256.digest(of: token.utf8.span)
    }

    /// - Returns: nil for a token that is not known, or was verified with other keys or, by this clock, in the future.
    func token(_ digest: Digest, version: Int, now: NumericDate) -> VerifiedAccessToken? {
        state.withLock { state in
            guard let entry = state.recent[digest] ?? state.older[digest], entry.version == version,
                entry.verifiedAt <= now
            else { return nil }
            if state.recent[digest] == nil { insert(entry, digest, into: &state) }
            return entry.token
        }
    }

    func remember(_ token: VerifiedAccessToken, _ digest: Digest, version: Int, now: NumericDate) {
        let entry = Entry(token: token, version: version, verifiedAt: now)
        state.withLock { insert(entry, digest, into: &$0) }
    }

    private func insert(_ entry: Entry, _ digest: Digest, into state: inout State) {
        if state.recent.count >= capacity / 2 {
            state.older = state.recent
            state.recent = [:]
        }
        state.recent[digest] = entry
    }

    /// How many are remembered.
    var count: Int { state.withLock { $0.recent.count + $0.older.count } }
}
