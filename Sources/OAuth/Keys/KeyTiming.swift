/// The shortest times between the steps of a key rotation, so that every verifier can check every token.
package struct KeyTiming: Sendable {
    /// How long a key set may be cached: `max-age` of its answer.
    package let keySetMaximumAge: Duration
    /// The leeway for clocks that differ, and for the time that a server takes to notice a file.
    package let leeway: Duration

    /// Key sets are cached for five minutes; the leeway is one minute.
    package static let standard = KeyTiming(keySetMaximumAge: .seconds(300), leeway: .seconds(60))

    /// For tests, which show what fails with shorter times.
    package init(keySetMaximumAge: Duration, leeway: Duration) {
        self.keySetMaximumAge = keySetMaximumAge
        self.leeway = leeway
    }

    /// How long a key is published before it signs: until every key set that lacks it has expired.
    package var announcement: Duration { keySetMaximumAge + leeway }

    /// How long a key stays published after the time in its successor's name: until its last token has expired. A
    /// server that holds back an unannounced successor signs with the key for one ``announcement`` longer.
    ///
    /// - Parameter longestLifetime: of an access token.
    package func retention(longestLifetime: Duration) -> Duration { longestLifetime + announcement + leeway }
}
