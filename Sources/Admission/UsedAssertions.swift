import AccessToken

/// The assertions that were used, grouped by the minute in which they expire: a group is dropped as a whole.
struct UsedAssertions: Sendable {
    /// What an assertion is recorded by: an assertion always has the same.
    struct Code: Hashable, Sendable {
        let high: UInt64
        let low: UInt64
    }

    private struct Group {
        var codes: Set<Code> = []
        var counts: [ClientID: Int] = [:]
    }

    private var groups: [Int64: Group] = [:]
    private var counts: [ClientID: Int] = [:]
    /// How many there are.
    private(set) var count = 0

    /// How many there are of one client.
    func count(of client: ClientID) -> Int { counts[client, default: 0] }

    /// Whether an assertion was recorded with this `exp`, which its signature covers.
    func contains(_ code: Code, expiringAt end: NumericDate) -> Bool {
        groups[Self.minute(end)]?.codes.contains(code) ?? false
    }

    /// Records an assertion that is not recorded yet.
    mutating func insert(_ code: Code, of client: ClientID, expiringAt end: NumericDate) {
        groups[Self.minute(end), default: Group()].codes.insert(code)
        groups[Self.minute(end), default: Group()].counts[client, default: 0] += 1
        counts[client, default: 0] += 1
        count += 1
    }

    /// Removes all that have expired at `now`, but for those of the same minute.
    mutating func removeAll(expiredBy now: NumericDate) {
        for minute in groups.keys where minute < Self.minute(now) {
            guard let group = groups.removeValue(forKey: minute) else { continue }
            count -= group.codes.count
            for (client, number) in group.counts {
                let rest = counts[client, default: 0] - number
                counts[client] = rest > 0 ? rest : nil
            }
        }
    }

    private static func minute(_ date: NumericDate) -> Int64 {
        let (quotient, remainder) = date.seconds.quotientAndRemainder(dividingBy: 60)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
