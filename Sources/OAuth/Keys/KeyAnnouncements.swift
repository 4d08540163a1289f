public import AccessToken

/// What a server remembers of the keys that it publishes, so that none signs before everybody can know it.
///
/// A key that is in the folder when the server starts follows name and clock alone: a whole fleet that is started anew
/// must come to the same answer. A key that appears later beside one that works is held back until every key set that
/// was fetched before it appeared has become old. What counts is the key, its `kid`: other contents under a known name
/// are a new key, and a published key under a new name is not.
public struct KeyAnnouncements: Sendable {
    /// Since when each key has been published; `.distantPast` for those that nobody waits for.
    private var publishedSince: [String: NumericDate] = [:]
    private var hasStarted = false

    /// How long a key is published before it signs.
    private let announcement: Duration

    /// - Parameter announcement: as long as a key set may be cached, and a leeway for clocks.
    public init(announcement: Duration) {
        self.announcement = announcement
    }

    /// Takes note of the keys that are in the folder now and says when each may begin.
    ///
    /// - Parameter keys: those that follow one another: all signing keys for one algorithm.
    public mutating func starts(of keys: [NamedKey], now: NumericDate) -> [KeyStart] {
        // Beside one that is still to come there is nobody to wait for: without the new key nothing could sign.
        let hasWorkingKey = keys.contains { publishedSince[$0.keyID] != nil && start(of: $0).hasCome(at: now) }
        let sinceNow = hasStarted && hasWorkingKey ? now : .distantPast
        publishedSince = Dictionary(
            // A key that was met while the clock was ahead is not waited for longer than one that is met now.
            keys.map { ($0.keyID, min(publishedSince[$0.keyID] ?? sinceNow, now)) },
            uniquingKeysWith: { first, _ in first })
        // Where nothing can sign, as when the key that did was retired, nobody is helped by holding another back.
        if !keys.contains(where: { start(of: $0).hasCome(at: now) }) {
            for key in keys where KeyStart(key.name).hasCome(at: now) { publishedSince[key.keyID] = .distantPast }
        }
        hasStarted = true
        return keys.map(start(of:))
    }

    private func start(of key: NamedKey) -> KeyStart {
        let since = publishedSince[key.keyID] ?? .distantPast
        return KeyStart(key.name, heldBackUntil: since == .distantPast ? nil : since + announcement)
    }
}

extension NumericDate {
    fileprivate static let distantPast = NumericDate(.min)
}
