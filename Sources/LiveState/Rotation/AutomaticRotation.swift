package import AccessToken
package import Logging
package import OAuth
package import ServiceFiles

/// Rotates one chain of keys in a running service.
package struct AutomaticRotation {
    private let chain: KeyChain
    private let logger: Logger
    private var expiry = ExpiryWatch()
    /// The obstacle that was last logged; the same one is not logged again.
    private var complaint: String?
    /// The key that was last warned of, since it keeps the plan from making one.
    private var stall: String?

    /// Prepares the rotation; no file is read yet.
    package init(of chain: KeyChain, logger: Logger) {
        self.chain = chain
        self.logger = logger
    }

    /// Makes the next key if it is due, and removes keys that have been expired for long enough.
    ///
    /// - Parameters:
    ///   - keys: the keys that are loaded. Their files are not opened: names and times are enough.
    ///   - uptime: the time of a monotonic clock.
    /// - Returns: the newest key, if it stays in another place and the next one is due: that is to be made there, and given to
    ///   ``finish(_:with:keys:now:)``.
    package mutating func step(
        _ plan: RotationPlan, keys: [LoadedKey], lifetimes: TokenLifetimes, now: NumericDate,
        uptime: ContinuousClock.Instant
    ) -> RemoteKey? {
        let chain = chain.knowing(keys)
        do {
            var remote = newestRemoteKey(keys)
            if remote == nil {
                if let key = try chain.generateIfDue(plan, now: now) { reportRotation(key) }
            } else if try chain.isDue(plan, now: now) {
                // A key that no file can be written for would be made again and again.
                try chain.checkWritable()
            } else {
                remote = nil
            }
            try removeExpired(chain, longestLifetime: lifetimes[chain.purpose], now: now, uptime: uptime)
            try reportStall(of: chain, plan, now: now)
            // A key of another place is made after this, so that its error is still the last one.
            if remote == nil { complaint = nil }
            return remote
        } catch {
            // The check did not complete, so earlier observations do not count.
            expiry = ExpiryWatch()
            fail(error)
            return nil
        }
    }

    /// Lets a key follow that was made in another place.
    ///
    /// - Returns: whether it follows. It does not if another replica was earlier.
    package mutating func finish(
        _ plan: RotationPlan, with remote: RemoteKey, keys: [LoadedKey], now: NumericDate
    ) -> Bool {
        do {
            guard let key = try chain.knowing(keys).generateIfDue(plan, remote: remote, now: now) else { return false }
            reportRotation(key)
            return true
        } catch {
            fail(error)
            return false
        }
    }

    /// Reports that no key could be made. The same reason is reported once.
    package mutating func fail(_ error: any Error) {
        let reason = "\(error)"
        if reason != complaint {
            let hint = (error as? RemoteKeyError)?.hint
            logger.error(
                "keys_rotation failed and will be retried: \(reason)", metadata: hint.map { ["hint": "\($0)"] })
        }
        complaint = reason
    }

    /// The newest key of the chain, if it stays in another place.
    private func newestRemoteKey(_ keys: [LoadedKey]) -> RemoteKey? {
        guard case .signing(let algorithm) = chain.purpose else { return nil }
        return keys.signing(algorithm).last?.remoteKey
    }

    private mutating func reportRotation(_ key: NamedKey) {
        complaint = nil
        logger.info("Rotated", metadata: ["kid": "\(key.keyID)", "file": "\(key.name)"])
    }

    private mutating func removeExpired(
        _ chain: KeyChain, longestLifetime: Duration, now: NumericDate, uptime: ContinuousClock.Instant
    ) throws {
        let expired = try chain.expired(longestLifetime: longestLifetime, now: now)
        let due = expiry.look(at: expired, uptime: uptime)
        for name in due {
            for removed in try chain.removeExpired([name], longestLifetime: longestLifetime, now: now) {
                logger.info("Removed an expired key", metadata: ["file": "\(removed)"])
            }
        }
    }

    /// Warns of a key that keeps the plan from making one, because it was made while a clock was far ahead.
    private mutating func reportStall(of chain: KeyChain, _ plan: RotationPlan, now: NumericDate) throws {
        let name = try chain.stallingKey(of: plan, now: now)?.description
        if let name, name != stall {
            logger.warning("\(name) begins later than keys_rotation would make it: no key is made until then")
        }
        stall = name
    }
}

/// How long each key has been expired without interruption, so that a briefly wrong clock deletes nothing.
struct ExpiryWatch {
    /// A key is removed after it has been expired for this long. A clock that is wrong for longer is not noticed.
    static let patience: Duration = .seconds(3600)

    private var beginnings: [KeyFileName: ContinuousClock.Instant] = [:]

    /// - Parameters:
    ///   - expired: all keys that are expired by the clock now.
    ///   - uptime: the time of a monotonic clock.
    /// - Returns: the keys that every check has found expired for ``patience``.
    mutating func look(at expired: [KeyFileName], uptime: ContinuousClock.Instant) -> [KeyFileName] {
        let earlier = beginnings
        beginnings = Dictionary(
            expired.map { ($0, earlier[$0] ?? uptime) }, uniquingKeysWith: { first, _ in first })
        return expired.filter { name in beginnings[name].map { $0 + Self.patience <= uptime } ?? false }
    }
}
