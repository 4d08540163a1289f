package import AccessToken

/// What a server remembers of the keys that it publishes, so that none signs before everybody can know it.
///
/// A key that is in the folder when the server starts follows name and clock alone: a whole fleet that is started anew
/// must come to the same answer. A key that appears later beside one that works is held back until every key set that
/// was fetched before it appeared has become old. What counts is the key, its `kid`, and that it was published: other
/// contents under a known name are a new key, and so is one that had expired.
package struct KeyAnnouncements: Sendable {
    private struct Publication {
        /// When this server first published the key.
        var since: NumericDate
        /// The name under which it need not wait for its announcement to end.
        var trustedName: KeyFileName?
        /// Verifiers know a key that has signed, whatever its file is called.
        var hasSigned = false
    }

    private var publications: [String: Publication] = [:]
    private var hasStarted = false

    /// How long a key is published before it signs.
    private let announcement: Duration

    /// - Parameter announcement: as long as a key set may be cached, and a leeway for clocks.
    package init(announcement: Duration) {
        self.announcement = announcement
    }

    /// What keys that follow one another do now: all signing keys for one algorithm. Takes note of those that are
    /// published from now on.
    ///
    /// - Parameter retention: as of ``KeySchedule``.
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
        // Beside one that is still to come there is nobody to wait for: without the new key nothing could sign.
        let hasKnownKey = keys.contains { publications[$0.keyID] != nil && KeyStart($0.name).hasCome(at: now) }
        let mustWait = hasStarted && hasKnownKey
        let known = publications
        publications = [:]
        for key in keys {
            // A key that was met while the clock was ahead is not waited for longer than one that is met now.
            var publication = known[key.keyID] ?? Publication(since: now, trustedName: mustWait ? nil : key.name)
            publication.since = min(publication.since, now)
            publications[key.keyID] = publication
        }
        hasStarted = true
        // Where nothing can sign, as when the key that did was retired, nobody is helped by holding all others back.
        guard !keys.contains(where: { start(of: $0).hasCome(at: now) }), let best = bestKnown(of: keys, now: now)
        else { return }
        publications[best.keyID]?.trustedName = best.name
    }

    /// Of the keys whose names say that they may sign, the one that verifiers have known for the longest time.
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
