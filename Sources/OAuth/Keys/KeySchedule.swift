package import AccessToken

/// What keys that follow one another do at a moment: all signing keys for one algorithm.
///
/// It follows from their names and the clock alone, so that all replicas that see the same folder agree, to the second,
/// without talking to each other.
package struct KeySchedule: Sendable {
    /// What a key does.
    package enum State: String, Sendable {
        /// It will sign when its time comes, and is published already.
        case next
        /// It signs.
        case signing
        /// It no longer signs; tokens that it signed may still be valid.
        case published
        /// No token that it signed can be valid any more.
        case expired
    }

    /// A key with what it does.
    package struct Entry: Sendable {
        /// The file that holds the key.
        package let name: KeyFileName
        /// When it begins to sign; nil for a key that signs from the beginning.
        package let since: NumericDate?
        /// What it does at the moment of the schedule.
        package let state: State
        /// When it stops being published; nil as long as no later key is known.
        package let until: NumericDate?
    }

    /// In the order in which they sign.
    package let entries: [Entry]
    /// The next moment at which a key changes its state; nil where none will.
    package let nextChange: NumericDate?

    /// - Parameters:
    ///   - keys: when each key may begin.
    ///   - retention: how long a key stays published after its successor began to sign: the longest lifetime of an
    ///     access token, and a leeway for clocks.
    package init(_ keys: [KeyStart], now: NumericDate, retention: Duration) {
        let keys = keys.sorted()
        let signing = keys.lastIndex { $0.hasCome(at: now) } ?? -1
        entries = keys.enumerated().map { index, key in
            // Whichever of the newer keys begins first takes over.
            let end = keys[(index + 1)...].map { $0.date ?? NumericDate(0) }.min()
            let until = end.map { $0 + retention }
            let state: State =
                if index == signing {
                    .signing
                } else if index > signing {
                    .next
                } else if let until, now < until {
                    .published
                } else {
                    .expired
                }
            return Entry(name: key.name, since: key.date, state: state, until: until)
        }
        // A key that has been overtaken does not begin any more, whatever it once waited for.
        let changes = entries.flatMap { $0.state == .next ? [$0.since, $0.until] : [$0.until] }
        nextChange = changes.compactMap { $0 }.filter { now < $0 }.min()
    }

    /// The key that signs; nil where none has begun.
    package var signing: KeyFileName? {
        entries.first { $0.state == .signing }?.name
    }
}

/// A key of the folder: what its file is called, and which key it is.
package struct NamedKey: Sendable, Hashable {
    /// Says from when the key signs.
    package let name: KeyFileName
    /// `kid`: stays the same when the file gets another name.
    package let keyID: String

    /// A file of this name that holds the key with this `kid`.
    package init(_ name: KeyFileName, keyID: String) {
        self.name = name
        self.keyID = keyID
    }
}

/// When a key may begin to sign.
///
/// Usually that is what its name says. A server that meets a key beside a working one without having announced it holds
/// it back: see ``KeyAnnouncements``. That makes it begin later, but changes nothing about which key is the newer.
package struct KeyStart: Sendable, Hashable, Comparable {
    /// The file that holds the key.
    package let name: KeyFileName
    /// nil for a key that signs from the beginning.
    package let date: NumericDate?

    /// - Parameter heldBackUntil: when a key that nobody has announced may begin; nil for any other.
    package init(_ name: KeyFileName, heldBackUntil: NumericDate? = nil) {
        self.name = name
        date = heldBackUntil.map { max($0, name.start ?? $0) } ?? name.start
    }

    /// In the order in which the keys follow one another: that of their names.
    package static func < (first: KeyStart, second: KeyStart) -> Bool { first.name < second.name }

    /// Whether the key may sign at `now`.
    func hasCome(at now: NumericDate) -> Bool {
        date.map { $0 <= now } ?? true
    }
}

/// How far apart the steps of a key rotation must be, so that no token ever meets a verifier that cannot check it.
package struct KeyTiming: Sendable {
    /// How long a key set may be cached: `max-age` of its answer.
    package let keySetMaximumAge: Duration
    /// Room for clocks that differ, and for the time that a server takes to notice a file.
    package let leeway: Duration

    /// Five minutes in caches, and one for clocks.
    package static let standard = KeyTiming(keySetMaximumAge: .seconds(300), leeway: .seconds(60))

    /// For tests, which try what happens without.
    package init(keySetMaximumAge: Duration, leeway: Duration) {
        self.keySetMaximumAge = keySetMaximumAge
        self.leeway = leeway
    }

    /// How long a key is published before it signs: until every key set that lacks it has become old.
    package var announcement: Duration { keySetMaximumAge + leeway }

    /// How long a key stays published after the time in its successor's name: until its last token has expired. Servers
    /// that hold an unannounced successor back sign with the key for an announcement longer.
    ///
    /// - Parameter longestLifetime: of an access token.
    package func retention(longestLifetime: Duration) -> Duration { longestLifetime + announcement + leeway }
}
