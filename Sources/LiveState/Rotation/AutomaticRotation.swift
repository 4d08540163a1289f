package import AccessToken
package import Logging
package import OAuth
package import ServiceFiles

/// Rotates one chain of keys in a running service.
package struct AutomaticRotation {
    private let keys: KeyChain
    private let plan: RotationPlan
    private let logger: Logger
    private var expiry = ExpiryWatch()
    /// The obstacle that was last logged; the same one is not logged again.
    private var complaint: String?

    /// Prepares the rotation; no file is read yet.
    package init(of keys: KeyChain, plan: RotationPlan, logger: Logger) {
        self.keys = keys
        self.plan = plan
        self.logger = logger
    }

    /// Makes the next key if it is due, and removes keys that have been expired for long enough.
    ///
    /// - Parameter uptime: the time of a monotonic clock.
    package mutating func step(lifetimes: TokenLifetimes, now: NumericDate, uptime: ContinuousClock.Instant) {
        do {
            if let key = try keys.generateIfDue(plan, now: now) {
                logger.info("Rotated", metadata: ["kid": "\(key.keyID)", "file": "\(key.name)"])
            }
            try removeExpired(longestLifetime: lifetimes[keys.purpose], now: now, uptime: uptime)
            try reportStall(now: now)
        } catch {
            // The check did not complete, so earlier observations do not count.
            expiry = ExpiryWatch()
            let reason = "\(error)"
            if reason != complaint { logger.error("keys_rotation failed and will be retried: \(reason)") }
            complaint = reason
        }
    }

    private mutating func removeExpired(
        longestLifetime: Duration, now: NumericDate, uptime: ContinuousClock.Instant
    ) throws {
        let expired = try keys.expired(longestLifetime: longestLifetime, now: now)
        let due = expiry.look(at: expired, uptime: uptime)
        for name in due {
            for removed in try keys.removeExpired([name], longestLifetime: longestLifetime, now: now) {
                logger.info("Removed an expired key", metadata: ["file": "\(removed)"])
            }
        }
    }

    /// Warns of a key that keeps the plan from making one, because it was made while a clock was far ahead.
    private mutating func reportStall(now: NumericDate) throws {
        let name = try keys.stallingKey(of: plan, now: now)?.description
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
