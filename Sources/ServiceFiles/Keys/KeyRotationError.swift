package import SystemPackage

/// Why keys were not changed. The folder is as it was.
package enum KeyRotationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The new key would sign while key sets that lack it are still in caches.
    case tooSoon(atLeast: Duration)
    /// The folder is not there, or has no key that another could follow.
    case noKeys(FilePath)
    /// No key has this `kid`.
    case noSuchKey
    /// Another key of the algorithm begins in the same second.
    case sameSecond
    /// A file that holds something else has the name that a first key would get.
    case nameTaken

    /// For people.
    package var description: String {
        switch self {
        case .tooSoon(let least):
            "a new key must be published for \(DurationText.format(least)) before it signs, until no cache lacks it"
        case .noKeys(let folder): "\(folder): holds no key, so that there is none to follow"
        case .noSuchKey: "there is no key with this kid"
        case .sameSecond: "there is a key that begins in the same second already"
        case .nameTaken: "a file that holds another kind of key has the name that the first key would get"
        }
    }

    /// What to do about it.
    package var hint: String {
        switch self {
        case .tooSoon: "choose a later time with --in, or --now if tokens may fail to verify meanwhile"
        case .noKeys: KeysFolder.hintWithoutKeys
        case .noSuchKey, .sameSecond, .nameTaken: "`writ keys list` shows the keys"
        }
    }
}
