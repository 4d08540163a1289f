import AccessToken
import Atomics
import Libcrypto

/// A bounded cache of verified tokens, by their digests. Tokens that were not used recently are dropped first.
///
/// It is a table of sets with a few places each, and the digest chooses the set. Reading takes no lock: threads that read one
/// token wait for no other. A token that is inserted takes a free place of its set, or that of one that was not used since
/// the last insertion passed it.
final class VerifiedTokenCache: Sendable {
    /// The SHA-256 of a token.
    typealias Digest = [UInt8]

    private final class Entry: AtomicReference, Sendable {
        let digest: Digest
        let token: VerifiedAccessToken
        /// The version of the key set that verified the token. With another key set it must be verified again.
        let version: Int
        let verifiedAt: NumericDate
        /// Whether the token was used since an insertion passed its place.
        let isUsed = ManagedAtomic(false)

        init(_ token: VerifiedAccessToken, _ digest: Digest, version: Int, verifiedAt: NumericDate) {
            self.token = token
            self.digest = digest
            self.version = version
            self.verifiedAt = verifiedAt
        }
    }

    private struct Place: Sendable {
        /// A part of the digest, which is compared before the entry is read: that costs a count of its references.
        let tag = ManagedAtomic<UInt64>(0)
        let entry = ManagedAtomic<Entry?>(nil)
    }

    private let places: [Place]
    private let placesInSet: Int
    private let setCount: UInt64
    /// At which place of its set the next insertion begins to look.
    private let hand = ManagedAtomic<Int>(0)

    /// - Parameter capacity: in tokens; at least 1.
    init(capacity: Int) {
        placesInSet = min(max(capacity, 1), 8)
        let count = max(capacity, 1) / placesInSet
        setCount = UInt64(count)
        places = (0..<count * placesInSet).map { _ in Place() }
    }

    /// The digest that identifies the token; `nil` if libcrypto fails. Then the token is not cached.
    func digest(of token: String) -> Digest? {
        try? HashFunction.sha256.digest(of: token.utf8.span)
    }

    /// - Returns: `nil` for a token that is not cached, or was verified with other keys or, by this clock, in the
    ///   future.
    func token(_ digest: Digest, version: Int, now: NumericDate) -> VerifiedAccessToken? {
        let (set, tag) = location(of: digest)
        for index in set where places[index].tag.load(ordering: .relaxed) == tag {
            guard let entry = places[index].entry.load(ordering: .acquiring), entry.digest == digest else { continue }
            guard entry.version == version, entry.verifiedAt <= now else { return nil }
            // A store for each use would have the threads contend for the entry.
            if !entry.isUsed.load(ordering: .relaxed) { entry.isUsed.store(true, ordering: .relaxed) }
            return entry.token
        }
        return nil
    }

    func insert(_ token: VerifiedAccessToken, _ digest: Digest, version: Int, now: NumericDate) {
        let (set, tag) = location(of: digest)
        let place = places[placeToReplace(in: set, by: digest, version: version, now: now)]
        place.entry.store(Entry(token, digest, version: version, verifiedAt: now), ordering: .releasing)
        place.tag.store(tag, ordering: .releasing)
    }

    /// The number of cached tokens.
    var count: Int { places.count { $0.entry.load(ordering: .relaxed) != nil } }

    private func placeToReplace(in set: Range<Int>, by digest: Digest, version: Int, now: NumericDate) -> Int {
        let useless = set.first { index in
            guard let entry = places[index].entry.load(ordering: .acquiring) else { return true }
            return entry.digest == digest || entry.version != version || entry.token.claims.expiresAt < now
        }
        if let useless { return useless }
        let start = hand.wrappingIncrementThenLoad(ordering: .relaxed)
        // All may be in use: then each lost its mark in the first round, and the second finds one.
        for step in 0..<2 * placesInSet {
            let index = set.lowerBound + Int(UInt(bitPattern: start &+ step) % UInt(placesInSet))
            let wasUsed = places[index].entry.load(ordering: .acquiring)?.isUsed.exchange(false, ordering: .relaxed)
            if wasUsed != true { return index }
        }
        return set.lowerBound
    }

    /// The places of the set that the digest chooses, and the tag that its entry has there.
    private func location(of digest: Digest) -> (set: Range<Int>, tag: UInt64) {
        let (first, second) = (Self.word(digest, at: 0), Self.word(digest, at: 8))
        let start = Int(first % setCount) * placesInSet
        return (start..<start + placesInSet, second)
    }

    private static func word(_ digest: Digest, at start: Int) -> UInt64 {
        digest[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) }
    }
}
