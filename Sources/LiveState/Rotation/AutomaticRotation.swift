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
    package mutating func step(
        _ plan: RotationPlan, keys: [LoadedKey], lifetimes: TokenLifetimes, now: NumericDate,
        uptime: ContinuousClock.Instant
    ) {
        let chain = chain.knowing(keys)
        do {
            if let key = try chain.generateIfDue(plan, now: now) {
                logger.info("Rotated", metadata: ["kid": "\(key.keyID)", "file": "\(key.name)"])
            }
            try removeExpired(chain, longestLifetime: lifetimes[chain.purpose], now: now, uptime: uptime)
            try reportStall(of: chain, plan, now: now)
        } catch {
            // The check did not complete, so earlier observations do not count.
            expiry = ExpiryWatch()
            let reason = "\(error)"
            if reason != complaint { logger.error("keys_rotation failed and will be retried: \(reason)") }
            complaint = reason
        }
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
        if let name, name != complaint {
            logger.warning("\(name) begins later than keys_rotation would make it: no key is made until then")
        }
        complaint = name
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
