/// A dictionary of bounded size. It has two generations: when the younger one is full it becomes the older one, and what was
/// the older one until then is dropped. So an entry survives at least `capacity` insertions of others after its own.
package struct TwoGenerationCache<Key: Hashable, Value> {
    private let capacity: Int
    private var younger: [Key: Value] = [:]
    private var older: [Key: Value] = [:]

    /// - Parameter capacity: entries of each generation; at least 1.
    package init(capacity: Int) {
        self.capacity = max(capacity, 1)
    }

    /// Entries of both generations.
    package var count: Int { younger.count + older.count }

    /// Entries of the younger generation.
    package var youngerCount: Int { younger.count }

    /// Whether there is no entry at all.
    package var isEmpty: Bool { younger.isEmpty && older.isEmpty }

    /// The value for `key` in either generation.
    package subscript(key: Key) -> Value? { younger[key] ?? older[key] }

    /// Whether the younger generation has an entry for `key`.
    package func isYounger(_ key: Key) -> Bool { younger[key] != nil }

    /// Puts an entry into the younger generation. If that is full, a new one begins.
    package mutating func insert(_ value: Value, for key: Key) {
        if younger.count >= capacity, younger[key] == nil { beginGeneration() }
        younger[key] = value
    }

    /// Removes an entry from both generations.
    package mutating func removeValue(for key: Key) {
        younger[key] = nil
        older[key] = nil
    }

    /// Makes the younger generation the older one, and drops what was the older one.
    package mutating func beginGeneration() {
        older = younger
        younger = [:]
    }
}

extension TwoGenerationCache: Sendable where Key: Sendable, Value: Sendable {}
