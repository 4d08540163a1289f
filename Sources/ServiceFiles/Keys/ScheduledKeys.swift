package import AccessToken
package import JOSE
package import OAuth

/// All keys of the folder with their states at a moment. The keys of one algorithm follow one another.
package struct ScheduledKeys: Sendable {
    /// In the order of their names, which is the order in which they sign.
    package let keys: [FolderKey<LoadedKey>]
    /// The keys for refresh tokens, in the order in which they seal.
    package let sealing: [FolderKey<LoadedSealingKey>]
    /// The next moment at which one of them changes its state; `nil` if none will.
    package let nextChange: NumericDate?

    /// - Parameters:
    ///   - loaded: the keys for access tokens in the folder.
    ///   - loadedSealing: the keys for refresh tokens.
    ///   - policy: decides which algorithm signs; the newest key of another algorithm is only published.
    ///   - lifetimes: how long keys are needed after their last token.
    ///   - schedule: computes the states of the keys of one chain.
    package init(
        _ loaded: [LoadedKey], sealing loadedSealing: [LoadedSealingKey], policy: IssuancePolicy,
        lifetimes: TokenLifetimes, now: NumericDate, timing: KeyTiming = .standard,
        schedule: (KeyChain.Purpose, [NamedKey], _ retention: Duration) -> KeySchedule
    ) {
        var changes: [NumericDate] = []
        func entries(_ purpose: KeyChain.Purpose, _ keys: [NamedKey]) -> [KeySchedule.Entry] {
            let schedule = schedule(purpose, keys, timing.retention(longestLifetime: lifetimes[purpose]))
            if let change = schedule.nextChange { changes.append(change) }
            return schedule.entries
        }
        // A public key of another issuer is published as long as its file exists.
        var keys = loaded.filter { $0.name.content == .verifying }.map {
            FolderKey(key: $0, state: .published, since: $0.name.start, until: nil)
        }
        let chains = Dictionary(grouping: loaded.filter(\.name.content.signs), by: \.algorithm)
        for (algorithm, chain) in chains {
            let names = chain.map { NamedKey($0.name, keyID: $0.keyID) }
            for entry in entries(.signing(algorithm), names) {
                guard let key = chain.first(where: { $0.name == entry.name }) else { continue }
                let isIdle = entry.state == .signing && algorithm != policy.algorithm
                keys.append(
                    FolderKey(
                        key: key, state: isIdle ? .published : entry.state, since: entry.since, until: entry.until))
            }
        }
        self.keys = keys.sorted { $0.key.name < $1.key.name }
        sealing = entries(.sealing, loadedSealing.map(\.named)).compactMap { entry in
            loadedSealing.first { $0.name == entry.name }.map {
                FolderKey(key: $0, state: entry.state, since: entry.since, until: entry.until)
            }
        }
        nextChange = changes.min()
    }

    /// Derives the states of the keys from their names only.
    package init(_ reading: KeysReading, policy: IssuancePolicy, lifetimes: TokenLifetimes, now: NumericDate) {
        self.init(reading.signing, sealing: reading.sealing, policy: policy, lifetimes: lifetimes, now: now) {
            _, keys, retention in
            KeySchedule(keys.map { KeyStart($0.name) }, now: now, retention: retention)
        }
    }

    private init(
        keys: [FolderKey<LoadedKey>], sealing: [FolderKey<LoadedSealingKey>], nextChange: NumericDate?
    ) {
        self.keys = keys
        self.sealing = sealing
        self.nextChange = nextChange
    }

    /// The same with other keys for access tokens.
    package func with(keys: [FolderKey<LoadedKey>]) -> ScheduledKeys {
        ScheduledKeys(keys: keys, sealing: sealing, nextChange: nextChange)
    }

    /// The same with other keys for refresh tokens.
    package func with(sealing: [FolderKey<LoadedSealingKey>]) -> ScheduledKeys {
        ScheduledKeys(keys: keys, sealing: sealing, nextChange: nextChange)
    }

    /// The key set that is published.
    package var published: JWKSet {
        JWKSet(keys.filter { $0.state != .expired }.map(\.jwk))
    }

    /// The keys that have not expired and can sign: former, current and future ones. The last key whose start has come
    /// signs. The former keys are there so that a clock that is set back finds the right one.
    package func signingKeys(_ policy: IssuancePolicy) throws(InvalidValue) -> [ScheduledSigningKey] {
        var turns: [ScheduledSigningKey] = []
        for scheduled in keys where scheduled.state != .expired {
            guard scheduled.key.algorithm == policy.algorithm, let holder = scheduled.key.holder else { continue }
            let signingKey = try SigningKey(holder, keyID: scheduled.key.keyID, algorithm: policy.algorithm)
            turns.append(ScheduledSigningKey(start: scheduled.since ?? NumericDate(.min), key: signingKey))
        }
        return turns
    }
}
