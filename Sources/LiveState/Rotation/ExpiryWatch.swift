import OAuth

/// Which keys have looked expired for so long that it was no clock which was wrong for a while.
struct ExpiryWatch {
    /// A clock that is wrong for longer than that is not noticed.
    static let patience: Duration = .seconds(3600)

    private var beginnings: [KeyFileName: ContinuousClock.Instant] = [:]

    /// - Parameters:
    ///   - expired: all that look so now.
    ///   - uptime: of a clock that nobody sets.
    /// - Returns: those that have looked so at each look for ``patience``.
    mutating func look(at expired: [KeyFileName], uptime: ContinuousClock.Instant) -> [KeyFileName] {
        let earlier = beginnings
        beginnings = Dictionary(
            expired.map { ($0, earlier[$0] ?? uptime) }, uniquingKeysWith: { first, _ in first })
        return expired.filter { name in beginnings[name].map { $0 + Self.patience <= uptime } ?? false }
    }
}
