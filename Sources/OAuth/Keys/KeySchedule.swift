package import AccessToken

/// The states of all signing keys for one algorithm at one moment.
///
/// Only the file names and the clock decide it, so that all replicas that see the same folder agree, to the second,
/// without communicating.
package struct KeySchedule: Sendable {
    /// The state of a key.
    package enum State: String, Sendable {
        /// It is published already and signs later.
        case next
        /// It signs.
        case signing
        /// It no longer signs; tokens that it signed may still be valid.
        case published
        /// No token that it signed can still be valid.
        case expired
    }

    /// A key and its state.
    package struct Entry: Sendable {
        /// The file that holds the key.
        package let name: KeyFileName
        /// The time at which it begins to sign; `nil` for a key that signs from the beginning.
        package let since: NumericDate?
        /// The state at the moment of the schedule.
        package let state: State
        /// The time at which it stops being published; `nil` if no later key is known.
        package let until: NumericDate?
    }

    /// In the order in which they sign.
    package let entries: [Entry]
    /// The next moment at which a key changes its state; `nil` if none will.
    package let nextChange: NumericDate?

    /// - Parameters:
    ///   - keys: the time at which each key may begin to sign.
    ///   - retention: how long a key stays published after its successor began to sign: the longest lifetime of an
    ///     access token, plus a leeway for clocks.
    package init(_ keys: [KeyStart], now: NumericDate, retention: Duration) {
        let keys = keys.sorted()
        let signing = keys.lastIndex { $0.hasCome(at: now) } ?? -1
        entries = keys.enumerated().map { index, key in
            // The newer key that begins first replaces this key.
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
        // A key that a newer key has replaced never begins, even if it was held back.
        let changes = entries.flatMap { $0.state == .next ? [$0.since, $0.until] : [$0.until] }
        nextChange = changes.compactMap { $0 }.filter { now < $0 }.min()
    }

    /// The key that signs; `nil` if no key has begun.
    package var signing: KeyFileName? {
        entries.first { $0.state == .signing }?.name
    }
}

/// A key in the folder: its file name and its `kid`.
package struct NamedKey: Sendable, Hashable {
    /// Gives the time from which the key signs.
    package let name: KeyFileName
    /// `kid`: stays the same if the file is renamed.
    package let keyID: String

    /// A file of this name that holds the key with this `kid`.
    package init(_ name: KeyFileName, keyID: String) {
        self.name = name
        self.keyID = keyID
    }
}

/// The time at which a key may begin to sign.
///
/// Usually the file name gives it. If a server finds a key that it has not announced beside one that can sign, it holds
/// the new key back: see ``KeyAnnouncements``. The key then begins later, but the order of the keys stays the same.
package struct KeyStart: Sendable, Hashable, Comparable {
    /// The file that holds the key.
    package let name: KeyFileName
    /// `nil` for a key that signs from the beginning.
    package let date: NumericDate?

    /// - Parameter heldBackUntil: when a key that was not announced may begin; `nil` for any other key.
    package init(_ name: KeyFileName, heldBackUntil: NumericDate? = nil) {
        self.name = name
        date = heldBackUntil.map { max($0, name.start ?? $0) } ?? name.start
    }

    /// The order in which the keys sign, which is that of their names.
    package static func < (first: KeyStart, second: KeyStart) -> Bool { first.name < second.name }

    /// Whether the key may sign at `now`.
    func hasCome(at now: NumericDate) -> Bool {
        date.map { $0 <= now } ?? true
    }
}
