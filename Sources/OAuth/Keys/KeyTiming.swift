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
