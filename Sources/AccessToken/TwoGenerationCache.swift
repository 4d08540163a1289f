/// A dictionary of bounded size with two generations. When the younger generation is full, it becomes the older one,
/// and the previous older one is dropped. So an entry survives at least `capacity` later insertions of other keys.
///
/// It is `@inlinable`, so that other modules compile it for their keys and values. Otherwise each lookup takes three times
/// as long.
@usableFromInline package struct TwoGenerationCache<Key: Hashable, Value> {
    @usableFromInline let capacity: Int
    @usableFromInline var younger: [Key: Value] = [:]
    @usableFromInline var older: [Key: Value] = [:]

    /// - Parameter capacity: the maximum number of entries in each generation; at least 1.
    @inlinable
    package init(capacity: Int) {
        self.capacity = max(capacity, 1)
    }

    /// The number of entries in both generations.
    @inlinable
    package var count: Int { younger.count + older.count }

    /// The number of entries in the younger generation.
    @inlinable
    package var youngerCount: Int { younger.count }

    /// Whether there is no entry at all.
    @inlinable
    package var isEmpty: Bool { younger.isEmpty && older.isEmpty }

    /// The value for `key` in either generation.
    @inlinable
    package subscript(key: Key) -> Value? { younger[key] ?? older[key] }

    /// The value for `key`, and whether it is in the younger generation.
    @inlinable
    package func find(_ key: Key) -> (value: Value, isYounger: Bool)? {
        if let value = younger[key] { return (value, true) }
        return older[key].map { ($0, false) }
    }

    /// Inserts an entry into the younger generation. If that is full, a new generation begins.
    ///
    /// - Returns: whether a new generation has begun.
    @inlinable
    @discardableResult
    package mutating func insert(_ value: Value, for key: Key) -> Bool {
        let isFull = younger.count >= capacity && younger[key] == nil
        if isFull { beginGeneration() }
        younger[key] = value
        return isFull
    }

    /// Removes an entry from both generations.
    @inlinable
    package mutating func removeValue(for key: Key) {
        younger[key] = nil
        older[key] = nil
    }

    /// Makes the younger generation the older one, and drops the previous older one.
    @inlinable
    package mutating func beginGeneration() {
        older = younger
        younger = [:]
    }
}

extension TwoGenerationCache: Sendable where Key: Sendable, Value: Sendable {}
