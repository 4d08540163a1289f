public import AccessToken

/// What a server remembers of the keys that it has met, so that none signs before everybody can know it.
///
/// A key that is in the folder when the server starts follows name and clock alone: a whole fleet that is started anew
/// must come to the same answer. A key that appears later beside one that works is held back until every key set that
/// was fetched before it appeared has become old.
public struct KeyAnnouncements: Sendable {
    private var heldBackUntil: [KeyFileName: NumericDate?] = [:]
    private var hasStarted = false

    /// How long a key is published before it signs.
    private let announcement: Duration

    /// - Parameter announcement: as long as a key set may be cached, and a leeway for clocks.
    public init(announcement: Duration) {
        self.announcement = announcement
    }

    /// Takes note of the keys that are in the folder now and says when each may begin.
    ///
    /// - Parameter names: keys that follow one another: all signing keys for one algorithm.
    public mutating func starts(of names: [KeyFileName], now: NumericDate) -> [KeyStart] {
        // Beside one that is still to come there is nobody to wait for: without the new key nothing could sign.
        let hasWorkingKey = names.contains { name in
            guard let known = heldBackUntil[name] else { return false }
            return KeyStart(name, heldBackUntil: known).hasCome(at: now)
        }
        var current: [KeyFileName: NumericDate?] = [:]
        for name in names {
            let known = heldBackUntil[name]
            current[name] = known ?? (hasStarted && hasWorkingKey ? now + announcement : nil)
        }
        // Where nothing can sign, as when the key that did was retired, nobody is helped by holding another back.
        if !names.contains(where: { KeyStart($0, heldBackUntil: current[$0] ?? nil).hasCome(at: now) }) {
            for name in names where KeyStart(name).hasCome(at: now) { current[name] = .some(nil) }
        }
        heldBackUntil = current
        hasStarted = true
        return names.map { KeyStart($0, heldBackUntil: current[$0] ?? nil) }
    }
}
