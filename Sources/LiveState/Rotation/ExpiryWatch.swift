import OAuth

/// How long each key has been expired without interruption, so that a briefly wrong clock deletes nothing.
struct ExpiryWatch {
    /// A clock that is wrong for longer is not noticed.
    static let patience: Duration = .seconds(3600)

    private var beginnings: [KeyFileName: ContinuousClock.Instant] = [:]

    /// - Parameters:
    ///   - expired: all that look so now.
    ///   - uptime: of a clock that no operator sets.
    /// - Returns: those that have looked so at each look for ``patience``.
    mutating func look(at expired: [KeyFileName], uptime: ContinuousClock.Instant) -> [KeyFileName] {
        let earlier = beginnings
        beginnings = Dictionary(
            expired.map { ($0, earlier[$0] ?? uptime) }, uniquingKeysWith: { first, _ in first })
        return expired.filter { name in beginnings[name].map { $0 + Self.patience <= uptime } ?? false }
    }
}
