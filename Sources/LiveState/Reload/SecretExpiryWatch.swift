package import AccessToken
import Logging
package import OAuth

/// Warns of clients whose last secret ends soon, when the clients are read and once a day after that.
package struct SecretExpiryWatch {
    /// How long before the end.
    static let notice: Duration = .seconds(14 * 86400)
    private static let interval: Duration = .seconds(86400)
    /// More are told by their number.
    private static let longestList = 20

    private var warnedAt: NumericDate?

    /// Clients that cannot get in any more soon, or already, with the end of their last secret.
    package static func ending(_ clients: ClientRegistry, now: NumericDate) -> [(id: ClientID, end: NumericDate)] {
        clients.secretEnds.filter { $0.end <= now + notice }
    }

    /// - Parameter isNew: whether the clients were just read.
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
