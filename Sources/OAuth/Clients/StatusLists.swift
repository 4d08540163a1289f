package import AccessToken
package import Libcrypto

/// What the status lists of an issuer say: a function of the clients file and of the clock.
package final class StatusLists: Sendable {
    /// What revokes the tokens in a place. Places of which nothing is revoked are left out.
    private let places: [Int: NotBefore]
    /// The places of clients that were removed, and since when. A replica that has not read the file yet may issue tokens for
    /// them, which name lists of any second.
    private let gone: [Int: NumericDate]
    /// The different moments of all places, the earliest first.
    private let moments: [NumericDate]

    /// - Parameters:
    ///   - clients: if the lists are in use, no two have one place.
    ///   - removed: clients that were removed while their tokens may live.
    package init(_ clients: [Client], removed: [RemovedClient]) throws(LibcryptoError) {
        var places: [Int: NotBefore] = [:]
        for client in clients where client.notBefore.accessTokens != .never {
            places[try client.statusPlace(), default: .never].formUnion(client.notBefore.accessTokens)
        }
        for client in removed where client.notBefore != .never {
            places[try client.statusPlace(), default: .never].formUnion(client.notBefore)
        }
        self.places = places
        gone = try Self.gone(removed.filter(\.isGone), clients)
        moments = Set(places.values.lazy.flatMap(\.moments)).sorted()
    }

    /// A place that a registered client has, too, is not gone: its tokens follow.
    private static func gone(
        _ removed: [RemovedClient], _ clients: [Client]
    ) throws(LibcryptoError) -> [Int: NumericDate] {
        guard !removed.isEmpty else { return [:] }
        var held: Set<Int> = []
        for client in clients { held.insert(try client.statusPlace()) }
        var gone: [Int: NumericDate] = [:]
        for client in removed {
            let place = try client.statusPlace()
            guard let moment = client.notBefore.moments.first, !held.contains(place) else { continue }
            gone[place] = min(gone[place] ?? moment, moment)
        }
        return gone
    }

    /// Whether the entry of a place is 1 in a list at `now`.
    package func isRevoked(_ index: Int64, in list: NumericDate, at now: NumericDate) -> Bool {
        guard let place = Int(exactly: index) else { return false }
        if let moment = gone[place], moment <= now { return true }
        return places[place]?.revokes(list, at: now) ?? false
    }

    /// The content of a list at `now`.
    package func content(of list: NumericDate, at now: NumericDate) -> StatusList {
        var content = StatusList(entryCount: StatusIndex.range.count)
        for (place, moment) in gone where moment <= now { content.set(place) }
        // Most lists have no moment after them.
        guard lastChange(of: list, at: now) != nil else { return content }
        for (place, notBefore) in places where notBefore.revokes(list, at: now) { content.set(place) }
        return content
    }

    /// The last moment at which the content of a list has changed by the clock alone; `nil` if nothing is revoked in it.
    package func lastChange(of list: NumericDate, at now: NumericDate) -> NumericDate? {
        lastMoment(until: now).flatMap { $0 > list ? $0 : nil }
    }

    private func lastMoment(until date: NumericDate) -> NumericDate? {
        let count = momentCount(until: date)
        return count > 0 ? moments[count - 1] : nil
    }

    /// The next moment at which lists change by the clock alone; `nil` if there is none.
    package func nextChange(after now: NumericDate) -> NumericDate? {
        let count = momentCount(until: now)
        return count < moments.count ? moments[count] : nil
    }

    /// How many moments are not later than `date`, by a binary search: there may be as many as clients.
    private func momentCount(until date: NumericDate) -> Int {
        var (low, high) = (0, moments.count)
        while low < high {
            let middle = (low + high) / 2
            if moments[middle] <= date { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// What a service does when it is asked for a list at `now`.
    package func standing(of list: NumericDate, at now: NumericDate) -> StatusListSchedule.Standing {
        guard StatusListSchedule.serves(list, at: now) else { return .none }
        if StatusListSchedule.gridSecond(at: list) == list { return .grid }
        return lastMoment(until: list) == list ? .moment : .unlikely
    }

    /// The lists that tokens may name at `now`, the earliest first: those of the grid, and the last ones of the moments.
    package func names(at now: NumericDate) -> [NumericDate] {
        let last = momentCount(until: now + StatusListSchedule.lead)
        let recent = moments[max(0, last - Self.mostNamedMoments)..<last]
        return Set(
            StatusListSchedule.gridSeconds(at: now) + recent.filter { StatusListSchedule.serves($0, at: now) }
        ).sorted()
    }

    private static let mostNamedMoments = 1000

    /// Whether both say the same at every moment.
    package func says(theSameAs other: StatusLists) -> Bool { places == other.places && gone == other.gone }
}
