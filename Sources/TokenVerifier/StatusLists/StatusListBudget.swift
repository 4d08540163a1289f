/// Limits the fetches of lists that no good answer has come for yet: tokens may name ever more lists. It fills evenly.
struct StatusListBudget {
    typealias Instant = ContinuousClock.Instant

    /// How many fetches may begin at once, and how many within each minute.
    static let capacity = 600
    private static let interval = Duration.seconds(60) / capacity

    /// When it is full.
    private var fullAt: Instant?

    /// - Returns: whether a fetch may begin now. If so, it is counted.
    mutating func take(now: Instant) -> Bool {
        let start = max(fullAt ?? now, now)
        guard now.duration(to: start) <= Self.interval * (Self.capacity - 1) else { return false }
        fullAt = start.advanced(by: Self.interval)
        return true
    }
}
