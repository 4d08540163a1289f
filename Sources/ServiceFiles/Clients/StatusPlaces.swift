import AccessToken
import Libcrypto
import OAuth

/// Which client each place of the status lists belongs to. Two clients with one place would share the bit that says whether
/// their tokens are revoked.
struct StatusPlaces {
    /// A client that is out since its place belongs to another one.
    struct Conflict {
        /// The position of the client among those that ask for a place.
        let position: Int
        let place: Int
        let holder: ClientID
    }

    /// A client that asks for a place.
    struct Request {
        let id: ClientID
        /// `status_index`
        let written: Int?
        /// Whether the client had this place at the last reading.
        var hadPlace = false
        /// Whether all clients that did not have their places stand alike: those of files that others write.
        var isOfTeam = false
    }

    /// Of several requests for one place, the one of the first kind gets it.
    private enum Standing: CaseIterable {
        /// The client had the place at the last reading.
        case holding
        /// The client had the place before it was removed.
        case returning
        /// `status_index`
        case written
        /// The place follows from the identifier.
        case derived
    }

    private var holders: [Int: ClientID] = [:]
    /// The place of each request, by its position; `nil` if it could not be computed.
    let requested: [Int?]
    /// In the order of the positions.
    private(set) var conflicts: [Conflict] = []

    /// Gives a place to each client, those first that had it. Removed clients keep the places that are left, since their tokens
    /// may live: they take no client its place.
    init(_ requests: [Request], removed: [RemovedClient]) {
        let left = removed.compactMap { client in (try? client.statusPlace()).map { (place: $0, id: client.id) } }
        let returning = Dictionary(left.map { ($0.id, [$0.place]) }, uniquingKeysWith: +)
        requested = requests.map { try? StatusIndex.place($0.written, of: $0.id) }
        let standings = zip(requests, requested).map { request, place -> Standing in
            if request.hadPlace { return .holding }
            if request.isOfTeam { return .derived }
            if let place, returning[request.id]?.contains(place) == true { return .returning }
            return request.written == nil ? .derived : .written
        }
        holders.reserveCapacity(requests.count + removed.count)
        for standing in Standing.allCases {
            for (position, place) in requested.enumerated() where standings[position] == standing {
                if let place { give(place, to: requests[position].id, at: position) }
            }
        }
        for client in left where holders[client.place] == nil { holders[client.place] = client.id }
        conflicts.sort { $0.position < $1.position }
    }

    /// The positions of clients whose place could not be computed, since libcrypto failed.
    var failures: [Int] { requested.indices.filter { requested[$0] == nil } }

    private mutating func give(_ place: Int, to id: ClientID, at position: Int) {
        guard let holder = holders[place] else {
            holders[place] = id
            return
        }
        if holder != id { conflicts.append(Conflict(position: position, place: place, holder: holder)) }
    }

    /// The client that a place belongs to; `nil` for a free place.
    subscript(place: Int) -> ClientID? { holders[place] }

    /// Takes a free place that nothing foretells.
    mutating func takeRandom(for id: ClientID) throws -> Int {
        let start = try RandomBytes.make(3).reduce(0) { $0 << 8 | Int($1) } % StatusIndex.range.count
        guard let place = takeFree(from: start, for: id) else { throw ClientsFileEditError.noFreePlace }
        return place
    }

    /// Takes the first free place from `start` on.
    ///
    /// - Returns: `nil` if all places are taken.
    mutating func takeFree(from start: Int, for id: ClientID) -> Int? {
        let count = StatusIndex.range.count
        for distance in 0..<count {
            let place = (start + distance) % count
            guard holders[place] == nil else { continue }
            holders[place] = id
            return place
        }
        return nil
    }
}

extension [ClientsFile] {
    /// The places of their clients, and of those that are removed.
    var places: StatusPlaces {
        StatusPlaces(
            flatMap(\.entries).compactMap { entry in
                entry.registered.map { StatusPlaces.Request(id: $0.id, written: $0.statusIndex) }
            }, removed: flatMap(\.settings.removed))
    }
}
