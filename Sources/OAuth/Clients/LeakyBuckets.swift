import AccessToken

/// Counts that leak away, for a bounded number of keys.
///
/// There are two generations. When the younger is full, the elder is dropped: what was counted last is kept.
struct LeakyBuckets<Key: Hashable & Sendable>: Sendable {
    private struct Count {
        var level: Double
        var at: NumericDate
    }

    private let capacity: Int
    private let window: Duration
    private var young: [Key: Count] = [:]
    private var old: [Key: Count] = [:]

    init(capacity: Int, window: Duration) {
        self.capacity = max(capacity, 1)
        self.window = window
    }

    var isEmpty: Bool { young.isEmpty && old.isEmpty }

    /// Seconds until one more does not pass `limit`; nil where it does not now.
    func wait(for key: Key, limit: Int, now: NumericDate) -> Int? {
        guard let count = young[key] ?? old[key] else { return nil }
        let excess = level(of: count, limit: limit, now: now) - Double(limit - 1)
        guard excess > 0 else { return nil }
        return max(1, Int((excess / rate(limit)).rounded(.up)))
    }

    mutating func add(to key: Key, limit: Int, now: NumericDate) {
        let known = young[key] ?? old[key]
        let level = known.map { self.level(of: $0, limit: limit, now: now) } ?? 0
        if young.count >= capacity, young[key] == nil {
            old = young
            young = [:]
        }
        // Of attempts that are under way at once more than the limit can fail; they are waited for, within reason.
        let at = known.map { isCurrent($0, now: now) ? max($0.at, now) : now } ?? now
        young[key] = Count(level: min(level + 1, Double(limit) * 10), at: at)
    }

    mutating func remove(_ key: Key) {
        young[key] = nil
        old[key] = nil
    }

    /// A count that lies further ahead than any request can be late is of a clock that was set back.
    private func isCurrent(_ count: Count, now: NumericDate) -> Bool { count.at <= now + window }

    private func level(of count: Count, limit: Int, now: NumericDate) -> Double {
        guard isCurrent(count, now: now) else { return 0 }
        let elapsed = Double(max(0, now.seconds - count.at.seconds))
        return max(0, count.level - elapsed * rate(limit))
    }

    /// In counts a second.
    private func rate(_ limit: Int) -> Double {
        Double(limit) / Double(max(1, window.components.seconds))
    }
}
