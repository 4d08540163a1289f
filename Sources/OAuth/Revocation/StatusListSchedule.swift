package import AccessToken

/// Which status lists there are, and how long they last. A list is named by a second: it says which clients' tokens, of those that
/// were issued from that second on, are revoked.
package enum StatusListSchedule {
    /// Every token names another list at least this often.
    package static let spacing: Duration = .seconds(300)
    /// The longest lifetime of a token that is in a list.
    package static let longestLifetime: Duration = .seconds(86400)
    /// How long after its second a list is served: until the last token that names it has expired, for a verifier whose clock is
    /// a minute behind.
    package static let retention: Duration = longestLifetime + spacing + .seconds(60)
    /// How long before its second a list is served: the clocks of replicas and verifiers may differ.
    package static let lead: Duration = .seconds(60)
    /// `ttl`: how long a verifier keeps a list before it asks again.
    package static let timeToLive: Duration = .seconds(30)
    /// From `iat` of a list to its `exp`.
    package static let validity: Duration = .seconds(600)

    /// What a service does when it is asked for a list.
    package enum Standing: Sendable, Equatable {
        /// A second of the grid, which tokens of all clients may name.
        case grid
        /// A moment that is in the clients file, which tokens of some clients may name.
        case moment
        /// A moment that may have been in the file earlier.
        case unlikely
        /// No token that has not expired names it.
        case none
    }

    /// The last second of the grid that is not later than `date`.
    package static func gridSecond(at date: NumericDate) -> NumericDate {
        let step = spacing.components.seconds
        let remainder = date.seconds % step
        return NumericDate(date.seconds - (remainder < 0 ? remainder + step : remainder))
    }

    /// The list that a token names which is issued at `date`: the last second of the grid, or the last moment of the
    /// client, if that is later.
    ///
    /// - Parameter notBefore: `access_tokens_not_before` of the client, with that of all clients.
    package static func list(forTokenIssuedAt date: NumericDate, _ notBefore: NotBefore) -> NumericDate {
        let grid = gridSecond(at: date)
        return max(grid, notBefore.latest(at: date) ?? grid)
    }

    /// All seconds of the grid whose lists are served at `now`, the earliest first.
    package static func gridSeconds(at now: NumericDate) -> [NumericDate] {
        let step = spacing.components.seconds
        let first = gridSecond(at: now - retention - .seconds(1)).seconds + step
        return stride(from: first, through: (now + lead).seconds, by: Int(step)).map { NumericDate($0) }
    }

    /// Whether a list is of a time of which lists are served at `now`.
    package static func serves(_ list: NumericDate, at now: NumericDate) -> Bool {
        now - retention <= list && list <= now + lead
    }
}
