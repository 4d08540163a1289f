package import AccessToken
import Logging
package import OAuth

/// Warns of clients whose last secret expires soon, when the clients are loaded and once a day after that.
package struct SecretExpiryWatch {
    /// How long before the expiry the warnings begin.
    static let notice: Duration = .seconds(14 * 86400)
    private static let interval: Duration = .seconds(86400)
    /// The most clients that are logged one by one; of further ones only the number is logged.
    private static let longestList = 20

    private var warnedAt: NumericDate?

    /// Clients whose last secret has expired or expires within the notice period, with the time of its expiry.
    package static func ending(_ clients: ClientRegistry, now: NumericDate) -> [(id: ClientID, end: NumericDate)] {
        clients.secretEnds.filter { $0.end <= now + notice }
    }

    /// - Parameter isNew: whether the clients were just loaded.
    mutating func look(_ clients: ClientRegistry, isNew: Bool = false, now: NumericDate, logger: Logger) {
        if let warnedAt, !isNew, warnedAt <= now, now < warnedAt + Self.interval { return }
        warnedAt = now
        let ending = Self.ending(clients, now: now)
        for (id, end) in ending.prefix(Self.longestList) {
            let verb = end <= now ? "has ended" : "ends soon"
            logger.warning(
                "The last secret of a client \(verb)", metadata: ["client_id": "\(id)", "expires_at": "\(end.rfc3339)"])
        }
        if ending.count > Self.longestList {
            logger.warning("\(ending.count - Self.longestList) more clients have a last secret that ends soon")
        }
    }
}
