public import AccessToken

/// What the keys of one kind do at a moment. It follows from their names and the clock alone, so that all replicas
/// that see the same folder agree without talking to each other.
public struct KeySchedule: Sendable {
    /// `state` in what `writ keys list --json` prints.
    public enum State: String, Sendable {
        /// It will sign when its time comes, and is published already.
        case next
        /// It signs.
        case signing
        /// It no longer signs; tokens that it signed may still be valid.
        case published
        /// No token that it signed can be valid any more.
        case expired
    }

    /// One key and what it does at `now`.
    public struct Entry: Sendable {
        /// Stands for the key; the file itself is not looked at.
        public let name: KeyFileName
        /// At most one entry is `signing`.
        public let state: State
        /// When it stops being published; nil as long as no later key is known.
        public let until: NumericDate?
    }

    /// In the order in which they sign.
    public let entries: [Entry]

    /// - Parameters:
    ///   - names: keys that follow one another: all signing keys for one algorithm.
    ///   - retention: how long a key stays published after its successor began to sign: the longest lifetime of an
    ///     access token, and a leeway for clocks.
    public init(_ names: [KeyFileName], now: NumericDate, retention: Duration) {
        let names = names.sorted()
        let signing = names.last { $0.hasBegun(at: now) }
        entries = names.enumerated().map { index, name in
            let successor = index + 1 < names.count ? names[index + 1] : nil
            let until = successor.map { ($0.start ?? NumericDate(0)) + retention }
            let state: State =
                if name == signing { .signing } else if !name.hasBegun(at: now) { .next } else if let until, now < until
                { .published } else { .expired }
            return Entry(name: name, state: state, until: until)
        }
    }

    /// The key that signs; nil where none has begun.
    public var signing: KeyFileName? {
        entries.first { $0.state == .signing }?.name
    }
}

extension KeyFileName {
    /// Whether the key may sign at `now`.
    func hasBegun(at now: NumericDate) -> Bool {
        start.map { $0 <= now } ?? true
    }
}
