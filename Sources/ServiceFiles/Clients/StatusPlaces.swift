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
    }

    private var holders: [Int: ClientID] = [:]
    /// In the order of the positions.
    private(set) var conflicts: [Conflict] = []
    /// The positions of clients whose place could not be computed, since libcrypto failed.
    private(set) var failures: [Int] = []

    /// Gives a place to the removed clients, whose tokens may live, then to the clients with `status_index`, and then to the
    /// others, each in the order of the file.
    init(_ requests: [Request], removed: [RemovedClient]) {
        holders.reserveCapacity(requests.count + removed.count)
        for client in removed {
            guard let place = try? client.statusPlace() else { continue }
            if holders[place] == nil { holders[place] = client.id }
        }
        for (position, request) in requests.enumerated() {
            if let place = request.written { give(place, to: request.id, at: position) }
        }
        for (position, request) in requests.enumerated() where request.written == nil {
            guard let place = try? StatusIndex.derived(from: request.id) else {
                failures.append(position)
                continue
            }
            give(place, to: request.id, at: position)
        }
        conflicts.sort { $0.position < $1.position }
    }

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

extension ClientsFile {
    /// The places of its clients, and of those that are removed.
    var places: StatusPlaces {
        StatusPlaces(
            entries.compactMap { entry in
                entry.registered.map { StatusPlaces.Request(id: $0.id, written: $0.statusIndex) }
            }, removed: settings.removed)
    }
}
