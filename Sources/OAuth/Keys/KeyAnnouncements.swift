package import AccessToken

/// Records when a server first published each of its keys, so that no key signs before every verifier can know it.
///
/// For a key that is in the folder when the server starts, only its name and the clock count: all servers of a fleet
/// that is restarted must decide alike. A key that appears later, beside one that can sign, is held back until every
/// key set that was fetched before has expired. A key is identified by its `kid`: other contents under a known name are
/// a new key, and a key that had expired counts as a new one.
package struct KeyAnnouncements: Sendable {
    private struct Publication {
        /// When this server first published the key.
        var since: NumericDate
        /// The file name under which the key may sign before its announcement ends.
        var trustedName: KeyFileName?
        /// Whether the key has signed. Verifiers then know it, under any file name.
        var hasSigned = false
    }

    private var publications: [String: Publication] = [:]
    private var hasStarted = false

    /// How long a key is published before it signs.
    private let announcement: Duration

    /// - Parameter announcement: how long a key set may be cached, plus a leeway for clocks.
    package init(announcement: Duration) {
        self.announcement = announcement
    }

    /// The schedule at `now` of all signing keys for one algorithm. Records the keys that are published from now on.
    ///
    /// - Parameter retention: as in ``KeySchedule``.
    package mutating func schedule(_ keys: [NamedKey], now: NumericDate, retention: Duration) -> KeySchedule {
        note(keys, now: now)
        let schedule = KeySchedule(keys.map(start(of:)), now: now, retention: retention)
        let states = Dictionary(schedule.entries.map { ($0.name, $0.state) }) { first, _ in first }
        for key in keys {
            switch states[key.name] {
            case .signing, .published: publications[key.keyID]?.hasSigned = true
            case .expired: publications[key.keyID] = nil
            case .next, nil: break
            }
        }
        return schedule
    }

    private mutating func note(_ keys: [NamedKey], now: NumericDate) {
        // If the only other key is still in the future, the new key is not held back: no other key could sign.
        let hasKnownKey = keys.contains { publications[$0.keyID] != nil && KeyStart($0.name).hasCome(at: now) }
        let mustWait = hasStarted && hasKnownKey
        let known = publications
        publications = [:]
        for key in keys {
            // A key that was first seen while the clock was ahead is held back no longer than one that is first seen
            // now.
            var publication = known[key.keyID] ?? Publication(since: now, trustedName: mustWait ? nil : key.name)
            publication.since = min(publication.since, now)
            publications[key.keyID] = publication
        }
        hasStarted = true
        // If no key can sign, as when the signing key was retired, holding back all keys helps no verifier.
        guard !keys.contains(where: { start(of: $0).hasCome(at: now) }), let best = bestKnown(of: keys, now: now)
        else { return }
        publications[best.keyID]?.trustedName = best.name
    }

    /// Among the keys that may sign by their names, the one that verifiers have known longest.
    private func bestKnown(of keys: [NamedKey], now: NumericDate) -> NamedKey? {
        keys.filter { KeyStart($0.name).hasCome(at: now) }.sorted { $0.name > $1.name }
            .min { (publications[$0.keyID]?.since ?? now) < (publications[$1.keyID]?.since ?? now) }
    }

    private func start(of key: NamedKey) -> KeyStart {
        guard let publication = publications[key.keyID], !publication.hasSigned, publication.trustedName != key.name
        else { return KeyStart(key.name) }
        return KeyStart(key.name, heldBackUntil: publication.since + announcement)
    }
}
