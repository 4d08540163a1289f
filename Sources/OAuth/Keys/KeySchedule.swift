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
