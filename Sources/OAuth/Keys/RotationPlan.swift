package import AccessToken

/// When the next key of a chain should be made and when it should sign, `keys_rotation` of the configuration.
///
/// Every replica comes to the same answer from the same files: the name of the key that each would make is the same, and
/// only one of them can create a file of that name.
package struct RotationPlan: Sendable {
    /// How long a key signs: `keys_rotation.every`.
    package let every: Duration
    /// How long before it signs a key is made and published: `keys_rotation.announce`.
    package let announce: Duration
    private let timing: KeyTiming

    /// - Throws: for an announcement that is too short, or that leaves no time to sign.
    package init(every: Duration, announce: Duration, timing: KeyTiming = .standard) throws(InvalidValue) {
        guard announce >= timing.announcement else {
            throw InvalidValue("announces a key for less than 6m, while key sets that lack it are still in caches")
        }
        guard every > announce else { throw InvalidValue("announces a key for as long as it signs, or longer") }
        self.every = every
        self.announce = announce
        self.timing = timing
    }

    /// The moment from which the next key should sign, where that is near enough for the key to be made now.
    ///
    /// - Parameter newest: when the newest key of the chain begins.
    /// - Returns: nil where it is too early.
    package func nextStart(after newest: NumericDate, now: NumericDate) -> NumericDate? {
        let due = newest + every
        guard due - announce <= now else { return nil }
        // After a standstill there may be too little time left for caches: then the whole minute in which there is.
        let earliest = now + timing.announcement
        return due >= earliest ? due : NumericDate((earliest.seconds + 59) / 60 * 60)
    }

    /// Whether the newest key begins so late that this plan would not have made it: somebody's clock was ahead, and no
    /// key will be made before that time.
    package func isStalled(by newest: NumericDate, now: NumericDate) -> Bool {
        now + every < newest
    }
}
