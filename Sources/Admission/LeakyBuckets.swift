import AccessToken

/// Leaky buckets for a bounded number of keys: counts that go down at a steady rate. If there are too many keys, those
/// that were counted least recently are dropped.
struct LeakyBuckets<Key: Hashable & Sendable>: Sendable {
    private struct Bucket {
        var level: Double
        var at: NumericDate
    }

    private let window: Duration
    private var buckets: TwoGenerationCache<Key, Bucket>

    /// - Parameters:
    ///   - capacity: the number of keys of each of two generations.
    ///   - window: the time in which a full bucket runs empty; a century at most.
    init(capacity: Int, window: Duration) {
        self.window = min(window, .seconds(100 * 366 * 86400))
        buckets = TwoGenerationCache(capacity: capacity)
    }

    var isEmpty: Bool { buckets.isEmpty }

    /// Seconds until one more is within `limit`; `nil` if it already is. A limit below 1 counts as 1.
    func wait(for key: Key, limit: Int, now: NumericDate) -> Int? {
        let limit = max(limit, 1)
        guard let bucket = buckets[key] else { return nil }
        let excess = level(of: bucket, limit: limit, now: now) - Double(limit - 1)
        guard excess > 0 else { return nil }
        return max(1, Int((excess / rate(limit)).rounded(.up)))
    }

    mutating func add(to key: Key, limit: Int, now: NumericDate) {
        let limit = max(limit, 1)
        let known = buckets[key]
        let level = known.map { self.level(of: $0, limit: limit, now: now) } ?? 0
        let at = known.map { isCurrent($0, now: now) ? max($0.at, now) : now } ?? now
        // More attempts than the limit can fail if they are under way at once. They count, up to ten times the limit.
        buckets.insert(Bucket(level: min(level + 1, Double(limit) * 10), at: at), for: key)
    }

    mutating func remove(_ key: Key) { buckets.removeValue(for: key) }

    /// A bucket that is further in the future than any request can be late was filled before the clock was set back.
    private func isCurrent(_ bucket: Bucket, now: NumericDate) -> Bool { bucket.at <= now + window }

    private func level(of bucket: Bucket, limit: Int, now: NumericDate) -> Double {
        guard isCurrent(bucket, now: now) else { return 0 }
        let elapsed = Double(max(0, now.seconds - bucket.at.seconds))
        return max(0, bucket.level - elapsed * rate(limit))
    }

    /// In counts per second.
    private func rate(_ limit: Int) -> Double {
        Double(limit) / Double(max(1, window.components.seconds))
    }
}
