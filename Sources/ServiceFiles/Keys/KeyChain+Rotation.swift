package import AccessToken
import JOSE
package import OAuth
import SystemPackage

/// The result of a rotation.
package struct KeyRotation: Sendable {
    /// The key that was generated.
    package let new: NamedKey
    /// The files of expired keys that were removed. None of their tokens can be valid any more.
    package let removed: [KeyFileName]
}

extension KeyChain {
    /// Generates the next key and removes expired keys.
    ///
    /// - Parameters:
    ///   - delay: the time from now until the new key begins; zero to begin at once.
    ///   - isForced: allows a delay that is too short for every cache to get the new key.
    ///   - remote: the next key, which was made in another place; `nil` for a new one in a file.
    ///   - longestLifetime: the longest lifetime of tokens that these keys make.
    /// - Throws: ``KeyRotationError/noKeys`` if the folder does not exist or has no key of any kind: another volume may
    ///   be mounted in its place.
    package func rotate(
        in delay: Duration, isForced: Bool, remote: RemoteKey? = nil, longestLifetime: Duration, now: NumericDate,
        timing: KeyTiming = .standard
    ) throws -> KeyRotation {
        try checkRotation(in: delay, isForced: isForced, timing)
        return try folder.lockedAsItIs {
            guard try hasPredecessor else { throw KeyRotationError.noKeys(folder.path) }
            // The first key of its chain begins at once: it has no predecessor.
            let isFirst = try names().isEmpty
            let new = try generate(start: isFirst ? nil : BasicTime(now + delay), remote: remote)
            do {
                let expired = try expired(longestLifetime: longestLifetime, now: now, timing: timing)
                return KeyRotation(new: new, removed: try remove(expired))
            } catch {
                try removeFiles(of: new.name)
                throw error
            }
        }
    }

    /// Checks what keeps a rotation from being done, whenever that is.
    func checkRotation(in delay: Duration, isForced: Bool, _ timing: KeyTiming) throws {
        try KeyRotationError.checkDelay(delay, isForced: isForced, timing)
        guard try hasPredecessor else { throw KeyRotationError.noKeys(folder.path) }
    }

    /// Whether the next key is due by `plan`.
    package func isDue(_ plan: RotationPlan, now: NumericDate) throws -> Bool {
        try nextStart(plan, now: now) != nil
    }

    /// Generates the next key if it is due by `plan`.
    ///
    /// - Parameter remote: the next key, which was made in another place; `nil` for a new one in a file.
    /// - Returns: `nil` if it is not due, or if another process generated it first.
    package func generateIfDue(
        _ plan: RotationPlan, remote: RemoteKey? = nil, now: NumericDate
    ) throws -> NamedKey? {
        // Without the lock first: usually no key is due.
        guard try nextStart(plan, now: now) != nil else { return nil }
        return try folder.locked {
            guard let start = try nextStart(plan, now: now) else { return nil }
            do { return try generate(start: BasicTime(start), remote: remote) } catch KeyRotationError.sameSecond {
                return nil
            }
        }
    }

    /// The newest key, if it begins so late that `plan` generates no key until then; otherwise `nil`.
    package func stallingKey(of plan: RotationPlan, now: NumericDate) throws -> KeyFileName? {
        guard let newest = try names().last else { return nil }
        return try plan.isStalled(by: start(of: newest), now: now) ? newest : nil
    }

    /// Removes a key of the chain at once, and expired keys with it. If an earlier key is left, it is used again, since
    /// every verifier has it; otherwise a new key replaces the removed one.
    ///
    /// - Parameter remote: the key that replaces it if one is needed, made in another place; `nil` for one in a file.
    /// - Returns: the key that replaces the removed one, if one was needed.
    /// - Throws: ``KeyRotationError/noSuchKey`` if its file is gone.
    package func retire(
        _ retired: NamedKey, remote: RemoteKey? = nil, longestLifetime: Duration, now: NumericDate,
        timing: KeyTiming = .standard
    ) throws -> NamedKey? {
        try folder.locked {
            guard try folder.find(retired.keyID).key == retired else { throw KeyRotationError.noSuchKey }
            _ = try remove(expired(longestLifetime: longestLifetime, now: now, timing: timing))
            let isNeeded = try needsReplacement(retired, now: now)
            // The start lies in the past, so that the key is in use on replicas whose clocks are slow too.
            let replacement = isNeeded ? try generate(start: BasicTime(now - timing.leeway), remote: remote) : nil
            let file = file(of: retired.name)
            do {
                if (try? file.path.stat()) != nil { try removeFiles(of: retired.name) }
            } catch {
                // The retired key is still there, so it needs no replacement.
                if let replacement, (try? file.path.stat()) != nil { try removeFiles(of: replacement.name) }
                throw error
            }
            return replacement
        }
    }

    /// When the next key should begin; `nil` if it is too early to generate one, or if there is no key to follow.
    private func nextStart(_ plan: RotationPlan, now: NumericDate) throws -> NumericDate? {
        guard let newest = try names().last else { return nil }
        return plan.nextStart(after: try start(of: newest), now: now)
    }

    /// Removes those of `names` that have expired.
    ///
    /// - Returns: the names that were removed.
    package func removeExpired(
        _ names: [KeyFileName], longestLifetime: Duration, now: NumericDate, timing: KeyTiming = .standard
    ) throws -> [KeyFileName] {
        guard !names.isEmpty else { return [] }
        return try folder.locked {
            let expired = try expired(longestLifetime: longestLifetime, now: now, timing: timing)
            return try remove(expired.filter(names.contains))
        }
    }

    /// The keys that no valid token needs any more. If a key was not announced, services hold it back, whatever its
    /// name says, and use its predecessor meanwhile: such a key counts from when its file was written.
    package func expired(
        longestLifetime: Duration, now: NumericDate, timing: KeyTiming = .standard
    ) throws -> [KeyFileName] {
        try Self.expired(
            names().map { ($0, writtenAt: try timeOfFile($0)) }, longestLifetime: longestLifetime, now: now,
            timing: timing)
    }

    /// The same for names of files with the times at which these were written.
    static func expired(
        _ files: [(name: KeyFileName, writtenAt: NumericDate)], longestLifetime: Duration, now: NumericDate,
        timing: KeyTiming
    ) -> [KeyFileName] {
        let starts = files.map { KeyStart($0.name, heldBackUntil: min($0.writtenAt, now) + timing.announcement) }
        let schedule = KeySchedule(starts, now: now, retention: timing.retention(longestLifetime: longestLifetime))
        return schedule.entries.filter { $0.state == .expired }.map(\.name)
    }

    /// The caller must hold the folder's lock.
    private func remove(_ names: [KeyFileName]) throws -> [KeyFileName] {
        for name in names { try removeFiles(of: name) }
        return names
    }

    /// Removes the file of a key, and that of its public half if the key stays in another place. Without the first, the second
    /// is a key that only verifies, so that the command can be run again.
    private func removeFiles(of name: KeyFileName) throws {
        try file(of: name).remove()
        if let half = name.publicHalf { try file(of: half).remove() }
    }

    func file(of name: KeyFileName) -> DurableFile {
        DurableFile(path: folder.path.appending(name.description))
    }

    /// Whether there is a key that a new one can follow: a signing key of any algorithm, or, for a chain of sealing
    /// keys, a sealing key. If there is none, this may be the wrong folder.
    private var hasPredecessor: Bool {
        get throws {
            guard folder.exists else { return false }
            let names = try folder.keyFileNames()
            return names.contains { $0.content.signs }
                || purpose == .sealing && names.contains { $0.content == .sealing }
        }
    }
}
