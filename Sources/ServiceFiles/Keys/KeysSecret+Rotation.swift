package import AccessToken
import JOSE
import Libcrypto
package import OAuth
import SystemPackage
import WireText

/// What a rotation has done to the keys of one kind in a Secret.
package struct SecretRotation: Sendable {
    /// What the keys are for.
    package let purpose: KeyChain.Purpose
    /// The key that was made; `nil` if one that begins later was there already.
    package let new: NamedKey?
    /// The key that begins later and that was there already.
    package let announced: KeyFileName?
    /// The expired keys that were removed. None of their tokens can be valid any more.
    package let removed: [KeyFileName]
}

extension KeysSecret {
    /// Makes the next signing key and the next sealing key, and removes expired ones, by the rules of
    /// ``KeyChain/rotate(in:isForced:remote:longestLifetime:now:timing:)``. If a key that begins later is there already, no
    /// other is made, so that a job that is run again changes nothing.
    ///
    /// - Parameters:
    ///   - folder: gives algorithm and passphrase, and a name for messages. Nothing is read from it.
    ///   - delay: the time from now until the new keys begin; zero to begin at once.
    ///   - isForced: allows a delay that is too short for every cache to get the new key.
    ///   - remote: the next signing key, which was made in another place; `nil` for a new one in the Secret.
    /// - Throws: ``KeyRotationError``, or the problems of all files that do not check.
    package mutating func rotate(
        like folder: KeysFolder, in delay: Duration, isForced: Bool, remote: RemoteKey? = nil,
        lifetimes: TokenLifetimes, now: NumericDate,
        timing: KeyTiming = .standard
    ) throws -> [SecretRotation] {
        try KeyRotationError.checkDelay(delay, isForced: isForced, timing)
        let loaded = try load(folder)
        let names = try keyFileNames
        guard names.contains(where: \.content.signs) else { throw KeyRotationError.noKeys(folder.path) }
        let signing = loaded.signing(folder.algorithm).map(\.name)
        let sealing = names.filter { $0.content == .sealing }
        return try [(folder.signing, signing), (folder.sealing, sealing)].map { chain, names in
            try rotate(
                chain, names, remote: chain.purpose == .sealing ? nil : remote, start: now + delay, isForced: isForced,
                longestLifetime: lifetimes[chain.purpose],
                now: now, timing: timing)
        }
    }

    private mutating func rotate(
        _ chain: KeyChain, _ names: [KeyFileName], remote: RemoteKey?, start: NumericDate, isForced: Bool,
        longestLifetime: Duration,
        now: NumericDate, timing: KeyTiming
    ) throws -> SecretRotation {
        let announced = Self.announced(names, isForced: isForced, now: now)
        var new: NamedKey?
        if announced == nil {
            // The first key of its chain begins at once: it has no predecessor.
            new = try add(start: names.isEmpty ? nil : BasicTime(start), of: chain, remote: remote)
        }
        // The API server does not say when each of the files was written.
        let times = (names + (new.map { [$0.name] } ?? [])).map { (name: $0, writtenAt: changed ?? now) }
        let expired = KeyChain.expired(times, longestLifetime: longestLifetime, now: now, timing: timing)
        remove(expired)
        return SecretRotation(purpose: chain.purpose, new: new, announced: announced, removed: expired)
    }

    private mutating func add(start: BasicTime?, of chain: KeyChain, remote: RemoteKey?) throws -> NamedKey {
        let taken = start == nil ? KeyRotationError.nameTaken : .sameSecond
        if let remote {
            let new = try RemoteKeyFiles(remote, chain.name(start: start, .remote))
            guard !has(new.key.name) else { throw taken }
            add(new)
            return new.key
        }
        let (key, contents) = try chain.makeKey(start: start)
        guard !has(key.name) else { throw taken }
        add(key.name, contents)
        return key
    }

    private func has(_ name: KeyFileName) -> Bool { files.contains { $0.name.isSameText(as: name.description) } }

    /// What has to be known before ``rotate(like:in:isForced:remote:lifetimes:now:timing:)`` with the same arguments.
    ///
    /// - Returns: whether it makes a signing key, and the signing keys that are there, in the order in which they sign.
    package func nextSigningKey(
        like folder: KeysFolder, in delay: Duration, isForced: Bool, now: NumericDate, timing: KeyTiming = .standard
    ) throws -> (isDue: Bool, keys: [LoadedKey]) {
        try KeyRotationError.checkDelay(delay, isForced: isForced, timing)
        let chain = try load(folder).signing(folder.algorithm).sorted { $0.name < $1.name }
        return (Self.announced(chain.map(\.name), isForced: isForced, now: now) == nil, chain)
    }

    /// The key that begins later, because of which no other is made; `nil` if there is none, or one is made in any case.
    private static func announced(_ names: [KeyFileName], isForced: Bool, now: NumericDate) -> KeyFileName? {
        isForced ? nil : names.filter { $0.start.map { now < $0 } ?? false }.max()
    }

    /// The keys for access tokens.
    ///
    /// - Throws: the problems of all their files at once.
    private func load(_ folder: KeysFolder) throws(InvalidConfiguration) -> [LoadedKey] {
        let passphrase = try folder.passphrase()
        var problems: [Problem] = []
        var keys: [LoadedKey] = []
        for name in try keyFileNames where name.content != .sealing {
            do {
                guard let contents = try contents(of: name) else { throw KeyFileError.notBase64 }
                let half = try name.publicHalf.flatMap { name throws in try self.contents(of: name) }
                keys.append(try folder.key(name, contents, publicHalf: half, passphrase))
            } catch {
                problems.append(folder.problem(with: name.description, error))
            }
        }
        guard problems.isEmpty else { throw InvalidConfiguration(problems) }
        return keys
    }
}
