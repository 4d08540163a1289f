package import AccessToken

/// The times at which the next key of a chain is created and signs: `keys_rotation` of the configuration.
///
/// Every replica derives the same times from the same files. Each would create a key with the same file name, and only
/// one of them can create that file.
package struct RotationPlan: Sendable {
    /// How long a key signs: `keys_rotation.every`.
    package let every: Duration
    /// How long a key is published before it signs: `keys_rotation.announce`.
    package let announce: Duration
    private let timing: KeyTiming

    /// - Throws: if the announcement is too short, or leaves no time to sign.
    package init(every: Duration, announce: Duration, timing: KeyTiming = .standard) throws(InvalidValue) {
        guard announce >= timing.announcement else {
            throw InvalidValue("announces a key for less than 6m, while key sets that lack it are still in caches")
        }
        guard every > announce else { throw InvalidValue("announces a key for as long as it signs, or longer") }
        self.every = every
        self.announce = announce
        self.timing = timing
    }

    /// The moment from which the next key should sign, if that is near enough for the key to be created now.
    ///
    /// - Parameter newest: the time at which the newest key of the chain begins.
    /// - Returns: `nil` if it is too early.
    package func nextStart(after newest: NumericDate, now: NumericDate) -> NumericDate? {
        let due = newest + every
        guard due - announce <= now else { return nil }
        // After an interruption, too little time may be left for caches to expire. The key then signs from the next
        // whole minute that leaves enough time.
        let earliest = now + timing.announcement
        return due >= earliest ? due : NumericDate((earliest.seconds + 59) / 60 * 60)
    }

    /// Whether the newest key begins so late that this plan cannot have created it: a clock was ahead, and no key will
    /// be created before the newest one begins.
    package func isStalled(by newest: NumericDate, now: NumericDate) -> Bool {
        now + every < newest
    }
}
