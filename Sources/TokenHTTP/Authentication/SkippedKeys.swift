import JOSE
import OAuth
import Synchronization
import WireText

/// Reports the keys of fetched sets that were skipped (RFC 7517 section 5), if that keeps a client from authenticating:
/// if a set has no other key, and if an assertion names one of them. A key with private members is reported in any case:
/// its owner is not the only one who can sign. Other keys are not, such as one for encryption.
final class SkippedKeys<Location: Hashable & Sendable>: Sendable {
    private let report: @Sendable (Location, JWKSet) -> Void
    /// What was last reported of each set.
    private let reported = Mutex<[Location: [IgnoredKey]]>([:])

    init(report: @escaping @Sendable (Location, JWKSet) -> Void) {
        self.report = report
    }

    /// Drops what was reported of all other sets.
    func keep(only locations: Set<Location>) {
        reported.withLock { reported in reported = reported.filter { locations.contains($0.key) } }
    }

    /// - Parameter keyID: the `kid` that an assertion names, if the set lacks it.
    func look(at set: JWKSet, of location: Location, askedFor keyID: String? = nil) {
        let matters =
            set.keys.isEmpty
            || set.ignored.contains { $0.reason == .invalid(.privateMember) }
            || set.ignored.contains { key in keyID.map { key.keyID?.isSameText(as: $0) == true } ?? false }
        guard matters, !set.ignored.isEmpty else {
            // If a set without such keys gets them again, that is news.
            if set.ignored.isEmpty { reported.withLock { $0[location] = nil } }
            return
        }
        let isNew = reported.withLock { $0.updateValue(set.ignored, forKey: location) } != set.ignored
        if isNew { report(location, set) }
    }
}
