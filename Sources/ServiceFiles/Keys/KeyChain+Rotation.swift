package import AccessToken
import JOSE
package import OAuth
import SystemPackage

/// A change of the keys folder.
package struct KeyRotation: Sendable {
    /// The key that was made.
    package let new: NamedKey
    /// The files that were removed, since no token that they made can be valid any more.
    package let removed: [KeyFileName]
}

extension KeyChain {
    /// Makes the next key and removes those that have expired.
    ///
    /// - Parameters:
    ///   - delay: how long from now it begins; zero for at once.
    ///   - isForced: allow less than it takes until no cache lacks it.
    ///   - longestLifetime: of the tokens that the keys make.
    /// - Throws: ``KeyRotationError/noKeys`` where the folder has none of any kind, or is not there: another volume may be
    ///   where the keys should be.
    package func rotate(
        in delay: Duration, isForced: Bool, longestLifetime: Duration, now: NumericDate, timing: KeyTiming = .standard
    ) throws -> KeyRotation {
        guard isForced || delay >= timing.announcement else {
            throw KeyRotationError.tooSoon(atLeast: timing.announcement)
        }
        guard try hasPredecessor else { throw KeyRotationError.noKeys(folder.path) }
        return try folder.lockedAsItIs {
            guard try hasPredecessor else { throw KeyRotationError.noKeys(folder.path) }
            // The first key of its chain has nobody to wait for.
            let isFirst = try keys().isEmpty
            let new = try generate(start: isFirst ? nil : BasicTime(now + delay))
            do {
                let expired = try expired(longestLifetime: longestLifetime, now: now, timing: timing)
                return KeyRotation(new: new, removed: try remove(expired))
            } catch {
                try file(of: new.name).remove()
                throw error
            }
        }
    }

    /// Makes the next key where `plan` says that it is time.
    ///
    /// - Returns: nil where it is not, or where another process was faster.
    package func generateIfDue(_ plan: RotationPlan, now: NumericDate) throws -> NamedKey? {
        // Without the lock first: mostly there is nothing to do.
        guard try nextStart(plan, now: now) != nil else { return nil }
        return try folder.locked {
            guard let start = try nextStart(plan, now: now) else { return nil }
            do { return try generate(start: BasicTime(start)) } catch KeyRotationError.sameSecond { return nil }
        }
    }

    /// The newest key, where it begins so late that `plan` stands still until then.
    package func stallingKey(of plan: RotationPlan, now: NumericDate) throws -> KeyFileName? {
        guard let newest = try keys().last?.name else { return nil }
        return try plan.isStalled(by: start(of: newest), now: now) ? newest : nil
    }

    /// Takes a key out at once, and with it those that have expired. An earlier key that is still there takes over
    /// again, since everybody knows it; where there is none, a new one takes its place.
    ///
    /// - Returns: the key that took its place, if one was needed.
    package func retire(
        _ keyID: String, longestLifetime: Duration, now: NumericDate, timing: KeyTiming = .standard
    ) throws -> (retired: NamedKey, replacement: NamedKey?) {
        try folder.locked {
            guard let retired = try members().first(where: { $0.keyID == keyID }) else {
                throw KeyRotationError.noSuchKey
            }
            _ = try remove(expired(longestLifetime: longestLifetime, now: now, timing: timing))
            let isReplaced = try keys().contains {
                $0.keyID != keyID && $0.name.start.map { $0 <= now } ?? true
            }
            let isNeeded = !isReplaced && isInUse && retired.name.content != .verifying
            // For replicas whose clocks are behind, too, its time must have come.
            let replacement = isNeeded ? try generate(start: BasicTime(now - timing.leeway)) : nil
            let file = file(of: retired.name)
            do {
                if (try? file.path.stat()) != nil { try file.remove() }
            } catch {
                // It is there to replace the other one.
                if let replacement, (try? file.path.stat()) != nil { try self.file(of: replacement.name).remove() }
                throw error
            }
            return (retired, replacement)
        }
    }

    /// When the next key should begin; nil where it is too early, or where there is no key to follow.
    private func nextStart(_ plan: RotationPlan, now: NumericDate) throws -> NumericDate? {
        guard let newest = try keys().last?.name else { return nil }
        return plan.nextStart(after: try start(of: newest), now: now)
    }

    /// Removes those of `names` that nothing can need any more.
    ///
    /// - Returns: those that it removed.
    package func removeExpired(
        _ names: [KeyFileName], longestLifetime: Duration, now: NumericDate, timing: KeyTiming = .standard
    ) throws -> [KeyFileName] {
        guard !names.isEmpty else { return [] }
        return try folder.locked {
            let expired = try expired(longestLifetime: longestLifetime, now: now, timing: timing)
            return try remove(expired.filter(names.contains))
        }
    }

    /// The keys that nothing can need any more. Services hold back a key that was not announced, whatever its name
    /// says, and use its predecessor meanwhile: it counts from when its file was written.
    package func expired(
        longestLifetime: Duration, now: NumericDate, timing: KeyTiming = .standard
    ) throws -> [KeyFileName] {
        let schedule = KeySchedule(
            try keys().map {
                KeyStart($0.name, heldBackUntil: min(try timeOfFile($0.name), now) + timing.announcement)
            }, now: now, retention: timing.retention(longestLifetime: longestLifetime))
        return schedule.entries.filter { $0.state == .expired }.map(\.name)
    }

    /// The folder must be locked.
    private func remove(_ names: [KeyFileName]) throws -> [KeyFileName] {
        for name in names { try file(of: name).remove() }
        return names
    }

    private func file(of name: KeyFileName) -> DurableFile {
        DurableFile(path: folder.path.appending(name.description))
    }

    /// Whether there is a key that a next one could follow: of another algorithm, too, and of those that sign for the first
    /// that seals. Where there is none, the folder may be another one than it should.
    private var hasPredecessor: Bool {
        get throws {
            guard folder.exists else { return false }
            if try folder.load().contains(where: { $0.name.content == .signing }) { return true }
            return try purpose == .sealing && !folder.loadSealing().isEmpty
        }
    }
}
