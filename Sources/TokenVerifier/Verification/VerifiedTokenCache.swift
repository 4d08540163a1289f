import AccessToken
import Libcrypto
import Synchronization

/// A bounded cache of verified tokens, by their digests. Tokens that were not used recently are dropped first.
final class VerifiedTokenCache: Sendable {
    typealias Digest = [UInt8]

    private struct Entry {
        let token: VerifiedAccessToken
        /// The version of the key set that verified the token. With another key set it must be verified again.
        let version: Int
        let verifiedAt: NumericDate
    }

    private let entries: Mutex<TwoGenerationCache<Digest, Entry>>

    /// - Parameter capacity: in tokens; at least 2.
    init(capacity: Int) {
        entries = Mutex(TwoGenerationCache(capacity: max(2, capacity) / 2))
    }

    /// The digest that identifies the token; `nil` if libcrypto fails. Then the token is not cached.
    func digest(of token: String) -> Digest? {
        try? HashFunction.sha256.digest(of: token.utf8.span)
    }

    /// - Returns: `nil` for a token that is not cached, or was verified with other keys or, by this clock, in the
    ///   future.
    func token(_ digest: Digest, version: Int, now: NumericDate) -> VerifiedAccessToken? {
        entries.withLock { entries in
            guard let (entry, isYounger) = entries.find(digest), entry.version == version, entry.verifiedAt <= now
            else { return nil }
            // Keeps a token that is used in the younger generation.
            if !isYounger { entries.insert(entry, for: digest) }
            return entry.token
        }
    }

    func insert(_ token: VerifiedAccessToken, _ digest: Digest, version: Int, now: NumericDate) {
        let entry = Entry(token: token, version: version, verifiedAt: now)
        entries.withLock { _ = $0.insert(entry, for: digest) }
    }

    /// The number of cached tokens.
    var count: Int { entries.withLock { $0.count } }
}
