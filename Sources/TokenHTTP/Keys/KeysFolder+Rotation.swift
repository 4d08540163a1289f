public import AccessToken
import Foundation
import JOSE
public import OAuth
import SystemPackage

/// A change of the keys folder.
public struct KeyRotation: Sendable {
    /// The key that was made.
    public let new: LoadedKey
    /// The files that were removed, since nothing that they signed can be valid any more.
    public let removed: [KeyFileName]
}

/// Why keys were not changed. The folder is as it was.
public enum KeyRotationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The new key would sign while key sets that lack it are still in caches.
    case tooSoon(atLeast: Duration)
    /// No key has this `kid`.
    case noSuchKey
    /// Another key of the algorithm begins in the same second.
    case sameSecond
    /// A file that holds something else has the name that a first key would get.
    case nameTaken

    /// For people.
    public var description: String {
        switch self {
        case .tooSoon(let least):
            "a new key must be published for \(DurationText.format(least)) before it signs, until no cache lacks it"
        case .noSuchKey: "there is no key with this kid"
        case .sameSecond: "there is a key that begins in the same second already"
        case .nameTaken: "a file that holds another kind of key has the name that the first key would get"
        }
    }

    /// What to do about it.
    public var hint: String {
        switch self {
        case .tooSoon: "choose a later time with --in, or --now if tokens may fail to verify meanwhile"
        case .noSuchKey, .sameSecond, .nameTaken: "`writ keys list` shows the keys"
        }
    }
}

extension KeysFolder {
    /// Makes the next key of the configured algorithm and removes those that have expired.
    ///
    /// - Parameters:
    ///   - delay: how long from now it signs; zero for at once.
    ///   - isForced: allow less than it takes until no cache lacks it.
    public func rotate(
        in delay: Duration, isForced: Bool, longestLifetime: Duration, now: NumericDate, timing: KeyTiming = .standard
    ) throws -> KeyRotation {
        guard isForced || delay >= timing.announcement else {
            throw KeyRotationError.tooSoon(atLeast: timing.announcement)
        }
        return try locked {
            // The first key of its algorithm has nobody to wait for.
            let isFirst = try chain(of: algorithm).isEmpty
            let new = try generate(algorithm, start: isFirst ? nil : BasicTime(now + delay))
            return KeyRotation(
                new: new, removed: try removeExpired(longestLifetime: longestLifetime, now: now, timing: timing))
        }
    }

    /// Makes the next key where `plan` says that it is time.
    ///
    /// - Returns: nil where it is not, or where another process was faster.
    func rotateIfDue(
        _ plan: RotationPlan, now: NumericDate, longestLifetime: Duration, timing: KeyTiming = .standard
    ) throws -> KeyRotation? {
        // Without the lock first: mostly there is nothing to do.
        guard try nextStart(plan, now: now) != nil else { return nil }
        return try locked {
            guard let start = try nextStart(plan, now: now) else { return nil }
            do {
                let new = try generate(algorithm, start: BasicTime(start))
                return KeyRotation(
                    new: new, removed: try removeExpired(longestLifetime: longestLifetime, now: now, timing: timing))
            } catch KeyRotationError.sameSecond {
                return nil
            }
        }
    }

    /// The newest key of the configured algorithm, where it begins so late that `plan` stands still until then.
    func stallingKey(of plan: RotationPlan, now: NumericDate) throws -> KeyFileName? {
        guard let newest = try chain(of: algorithm).last?.name else { return nil }
        return try plan.isStalled(by: start(of: newest), now: now) ? newest : nil
    }

    /// Takes a key out at once, and with it those that have expired. An earlier key that is still there signs again,
    /// since verifiers know it; where there is none, a new one takes its place.
    ///
    /// - Returns: the key that took its place, if one was needed.
    public func retire(
        _ keyID: String, longestLifetime: Duration, now: NumericDate, timing: KeyTiming = .standard
    ) throws -> (retired: LoadedKey, replacement: LoadedKey?) {
        try locked {
            let keys = try load()
            guard let retired = keys.first(where: { $0.keyID == keyID }) else { throw KeyRotationError.noSuchKey }
            _ = try removeExpired(longestLifetime: longestLifetime, now: now, timing: timing)
            let canSign = try chain(of: algorithm).contains {
                $0.keyID != keyID && $0.name.start.map { $0 <= now } ?? true
            }
            let isNeeded = !canSign && retired.algorithm == algorithm && retired.name.content == .signing
            let replacement = isNeeded ? try generate(algorithm, start: BasicTime(now)) : nil
            let file = path.appending(retired.name.description)
            if (try? file.stat()) != nil { try DurableFile(path: file).remove() }
            return (retired, replacement)
        }
    }

    /// When the next key should begin; nil where it is too early, or where there is no key to follow.
    private func nextStart(_ plan: RotationPlan, now: NumericDate) throws -> NumericDate? {
        guard let newest = try chain(of: algorithm).last?.name else { return nil }
        return plan.nextStart(after: try start(of: newest), now: now)
    }

    /// A first key signs from the beginning; its age is that of its file, which all replicas see alike.
    private func start(of name: KeyFileName) throws -> NumericDate { try name.start ?? timeOfFile(name) }

    private func timeOfFile(_ name: KeyFileName) throws -> NumericDate {
        NumericDate(Int64(try path.appending(name.description).stat().st_mtim.tv_sec))
    }

    /// Removes keys that nothing can need any more. Services hold back a key that was not announced, whatever its name
    /// says, and sign with its predecessor meanwhile: it counts from when its file was written.
    private func removeExpired(longestLifetime: Duration, now: NumericDate, timing: KeyTiming) throws -> [KeyFileName] {
        let schedule = KeySchedule(
            try chain(of: algorithm).map {
                KeyStart($0.name, heldBackUntil: min(try timeOfFile($0.name), now) + timing.announcement)
            }, now: now, retention: timing.retention(longestLifetime: longestLifetime))
        let expired = schedule.entries.filter { $0.state == .expired }.map(\.name)
        for name in expired { try DurableFile(path: path.appending(name.description)).remove() }
        return expired
    }
}
