/// A dictionary of bounded size. It has two generations: when the younger one is full it becomes the older one, and what was
/// the older one until then is dropped. So an entry survives at least `capacity` insertions of others after its own.
///
/// It is `@inlinable` so that other modules have it compiled for their types: else each lookup takes three times as long.
@usableFromInline package struct TwoGenerationCache<Key: Hashable, Value> {
    @usableFromInline let capacity: Int
    @usableFromInline var younger: [Key: Value] = [:]
    @usableFromInline var older: [Key: Value] = [:]

    /// - Parameter capacity: entries of each generation; at least 1.
    @inlinable package init(capacity: Int) {
        self.capacity = max(capacity, 1)
    }

    /// Entries of both generations.
    @inlinable package var count: Int { younger.count + older.count }

    /// Entries of the younger generation.
    @inlinable package var youngerCount: Int { younger.count }

    /// Whether there is no entry at all.
    @inlinable package var isEmpty: Bool { younger.isEmpty && older.isEmpty }

    /// The value for `key` in either generation.
    @inlinable package subscript(key: Key) -> Value? { younger[key] ?? older[key] }

    /// Whether the younger generation has an entry for `key`.
    @inlinable package func isYounger(_ key: Key) -> Bool { younger[key] != nil }

    /// Puts an entry into the younger generation. If that is full, a new one begins.
    @inlinable package mutating func insert(_ value: Value, for key: Key) {
        if younger.count >= capacity, younger[key] == nil { beginGeneration() }
        younger[key] = value
    }

    /// Removes an entry from both generations.
    @inlinable package mutating func removeValue(for key: Key) {
        younger[key] = nil
        older[key] = nil
    }

    /// Makes the younger generation the older one, and drops what was the older one.
    @inlinable package mutating func beginGeneration() {
        older = younger
        younger = [:]
    }
}

extension TwoGenerationCache: Sendable where Key: Sendable, Value: Sendable {}
