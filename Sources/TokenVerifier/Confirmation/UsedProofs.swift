import AccessToken
import Libcrypto
import Synchronization
import WireText

/// Records the DPoP proofs that were used, so that none is used twice (RFC 9449 section 11.1).
///
/// A proof is stored as a code of 16 octets, until it is too old and a minute more, so that a clock that goes ahead for a
/// moment drops none. The record is in parts with a lock each, and no lock is held longer than it takes to look into one
/// part. An owner gets no more of a part than it leaves free for the others.
final class UsedProofs: Sendable {
    /// What the use of a proof is.
    enum Use: Sendable {
        case first
        case repeated
        /// Whether it is the first cannot be recorded.
        case full
    }

    private final class Part: Sendable {
        let record = Mutex(ProofRecord())
    }

    /// How long a proof is kept after it is too old, at least.
    private static let patience: Duration = .seconds(60)
    private static let mostParts = 16

    private let parts: [Part]
    /// Of each part.
    private let capacity: Int

    /// - Parameter capacity: the most proofs that are recorded.
    init(capacity: Int) {
        let count = min(max(capacity / 1024, 1), Self.mostParts)
        self.capacity = max(capacity, 0) / count
        parts = (0..<count).map { _ in Part() }
    }

    /// How many proofs are recorded.
    var count: Int { parts.reduce(0) { $0 + $1.record.withLock(\.count) } }

    /// Records the use of a proof that meets every other rule.
    ///
    /// - Parameter owner: who uses it: a client, and the subject of its token.
    func use(_ proof: DPoPProof, by owner: String, now: NumericDate) throws(LibcryptoError) -> Use {
        // A thumbprint has no line feed, so that the two cannot run into each other.
        let digest = try HashFunction.sha256.digest(of: "\(proof.thumbprint)\n\(proof.tokenID)".utf8.span)
        let code = ProofRecord.Code(digest)
        let owner = ExactText(owner).hashValue
        return parts[Int(code.low % UInt64(parts.count))].record.withLock { record in
            record.dropExpired(now: now, patience: Self.patience)
            guard !record.contains(code, expiringAt: proof.expiresAt) else { return .repeated }
            if !record.hasRoom(for: owner, capacity) {
                record.removeAll(expiredBy: now)
                guard record.hasRoom(for: owner, capacity) else { return .full }
            }
            record.insert(code, of: owner, expiringAt: proof.expiresAt)
            return .first
        }
    }
}

/// Used proofs, grouped by the second in which they become too old: a group is dropped as a whole.
struct ProofRecord: Sendable {
    /// What a proof is recorded by: a proof always has the same.
    struct Code: Hashable, Sendable {
        let high: UInt64
        let low: UInt64

        /// - Parameter digest: at least 16 octets.
        init(_ digest: [UInt8]) {
            func word(_ start: Int) -> UInt64 { digest[start..<(start + 8)].reduce(0) { $0 << 8 | UInt64($1) } }
            (high, low) = (word(0), word(8))
        }
    }

    /// The owners of the proofs, by their hashes. If two have the same, they share their part of the room.
    private var groups: [Int64: [Code: Int]] = [:]
    private var counts: [Int: Int] = [:]
    /// How many there are.
    private(set) var count = 0
    /// The time at which expired proofs were last looked for.
    private var lookedAt = NumericDate(.min)

    func contains(_ code: Code, expiringAt end: NumericDate) -> Bool { groups[end.seconds]?[code] != nil }

    func hasRoom(for owner: Int, _ capacity: Int) -> Bool { counts[owner, default: 0] < capacity - count }

    /// Records a proof that is not recorded yet.
    mutating func insert(_ code: Code, of owner: Int, expiringAt end: NumericDate) {
        groups[end.seconds, default: [:]][code] = owner
        counts[owner, default: 0] += 1
        count += 1
    }

    /// Removes those that were too old before the last look, if that was `patience` ago.
    mutating func dropExpired(now: NumericDate, patience: Duration) {
        if lookedAt + patience <= now {
            removeAll(expiredBy: lookedAt)
            lookedAt = now
        } else if now + patience < lookedAt {
            // The clock was set back.
            lookedAt = now
        }
    }

    /// Removes all that are too old at `now`.
    mutating func removeAll(expiredBy now: NumericDate) {
        for second in groups.keys where second <= now.seconds {
            guard let group = groups.removeValue(forKey: second) else { continue }
            count -= group.count
            for owner in group.values {
                let rest = counts[owner, default: 0] - 1
                counts[owner] = rest > 0 ? rest : nil
            }
        }
    }
}
