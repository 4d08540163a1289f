package import OAuth
package import SystemPackage

/// The reason keys were not changed. The folder is unchanged.
package enum KeyRotationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The new key would sign while cached key sets lack it.
    case tooSoon(atLeast: Duration)
    /// The folder does not exist, or has no key that a new one could follow.
    case noKeys(FilePath)
    /// No key has this `kid`.
    case noSuchKey
    /// Another key of the algorithm begins in the same second.
    case sameSecond
    /// A key that stays in another place is in the folder already.
    case keyIsThere
    /// The file for the public half of such a key is in the folder, without the key.
    case publicHalfIsThere(KeyFileName)
    /// A file that holds something else has the name of a first key.
    case nameTaken

    /// - Throws: ``tooSoon(atLeast:)`` if the delay is too short for every cache to get the new key, unless it is forced.
    static func checkDelay(_ delay: Duration, isForced: Bool, _ timing: KeyTiming) throws(KeyRotationError) {
        guard isForced || delay >= timing.announcement else { throw .tooSoon(atLeast: timing.announcement) }
    }

    /// A human-readable description.
    package var description: String {
        switch self {
        case .tooSoon(let least):
            "a new key must be published for \(DurationText.format(least)) before it signs, so that every cache has it"
        case .noKeys(let folder): "\(folder): holds no key that a new one could follow"
        case .noSuchKey: "there is no key with this kid"
        case .sameSecond: "another key begins in the same second"
        case .keyIsThere: "the folder has this key already"
        case .publicHalfIsThere(let name): "\(name) is in the folder, and a new key would need a file of this name"
        case .nameTaken: "a file with another kind of key has the name of the first key"
        }
    }

    /// What the operator can do about it.
    package var hint: String {
        switch self {
        case .tooSoon: "choose a later time with --in, or --now if tokens may fail to verify meanwhile"
        case .noKeys: KeysFolder.hintWithoutKeys
        case .publicHalfIsThere: "an interrupted command leaves such a file: remove it unless old tokens need it"
        case .noSuchKey, .sameSecond, .keyIsThere, .nameTaken: "`writ keys list` shows the keys"
        }
    }
}
