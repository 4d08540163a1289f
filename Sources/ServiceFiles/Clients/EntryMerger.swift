import AccessToken
import OAuth

/// Puts the entries of a file and the clients of the last reading together.
struct EntryMerger {
    let entries: [ClientEntry]
    let former: ClientRegistry?
    let settings: ClientsSettings
    /// The problems of entries that do not check, by their position.
    private(set) var problems: [Int: [Problem]] = [:]
    /// The entries with an identifier that an earlier one has. They are out: the earlier one decides about the client.
    private var repetitions: Set<Int> = []
    /// The entries whose former form is not used either.
    private var unusable: Set<Int> = []
    /// The entries whose place in the status lists is that of another client.
    private var displaced: Set<Int> = []
    /// In the order of the file.
    private(set) var conflicts: [DisplacedClient] = []
    /// What others revoke in the place of an entry's client, by the position of the entry.
    private var momentsOfPlaces: [Int: NotBefore] = [:]

    init(entries: [ClientEntry], former: ClientRegistry?, _ settings: ClientsSettings) {
        self.entries = entries
        self.former = former
        self.settings = settings
        for (index, entry) in entries.enumerated() where entry.client == nil { problems[index] = entry.problems }
    }

    mutating func refuseRepetitions() {
        var places: [String: Problem.Place] = [:]
        places.reserveCapacity(entries.count)
        for (index, entry) in entries.enumerated() {
            guard let id = entry.id else { continue }
            guard let place = places.updateValue(entry.place, forKey: id) else { continue }
            places[id] = place
            repetitions.insert(index)
            problems[index, default: []].append(
                Problem(entry.place, "client_id is already used in line \(place.line.map(String.init) ?? "?")"))
        }
    }

    /// An unknown client costs as many password hashes as all costs together, so their number is bounded. Clients that
    /// were there before take the room first: an entry that is added takes out no other.
    mutating func refuseManyCosts() {
        var used = PasswordHashRoom()
        let slow = entries.indices.filter { !repetitions.contains($0) && candidate($0)?.hasPasswordHash == true }
        for index in slow.filter(isKnown) + slow.filter({ !isKnown($0) }) {
            guard let client = candidate(index), !used.admit(client) else { continue }
            let hint = "limit \(ClientRegistry.maximumPasswordChecks): use fewer costs, or fewer hashes per client"
            problems[index, default: []].append(
                Problem(
                    entries[index].place,
                    "client_secrets needs \(used.count(with: client)) password hash checks to reject a wrong secret",
                    hint: hint))
            // Its former form took room before, and may still find it.
            if let last = formerClient(index), last !== client, used.admit(last) { continue }
            unusable.insert(index)
        }
    }

    /// The warnings of the entries that check.
    var warnings: [Problem] {
        entries.indices.flatMap { problems[$0] == nil ? entries[$0].warnings : [] }
    }

    private func isKnown(_ index: Int) -> Bool { formerClient(index) != nil }

    private func formerClient(_ index: Int) -> Client? {
        guard let former, let id = entries[index].id.flatMap({ try? ClientID($0) }) else { return nil }
        return former[id]
    }

    /// The client that the entry stands for, before it is compared with the others.
    private func candidate(_ index: Int) -> Client? { entries[index].client ?? formerClient(index) }

    /// Of two clients with one place in the status lists one is out: their tokens would be revoked together. The client that had
    /// the place at the last reading keeps it.
    mutating func refuseSharedPlaces() {
        let positions = entries.indices.filter { !repetitions.contains($0) && registered($0) != nil }
        var places = StatusPlaces(
            positions.compactMap { index in
                registered(index).map {
                    StatusPlaces.Request(id: $0.id, written: $0.statusIndex, hadPlace: hadPlace($0))
                }
            }, removed: settings.removed)
        for conflict in places.conflicts {
            let index = positions[conflict.position]
            guard let id = registered(index)?.id else { continue }
            let free = places.takeFree(from: conflict.place, for: id)
            displaced.insert(index)
            conflicts.append(DisplacedClient(id: id, client: candidate(index), holder: conflict.holder))
            problems[index, default: []].append(
                Problem(
                    entries[index].place,
                    "the client has the place \(conflict.place) in the status lists, which is that of \(conflict.holder)",
                    hint: free.map { "status_index: \($0)" }))
        }
        for position in places.failures {
            let index = positions[position]
            displaced.insert(index)
            problems[index, default: []].append(
                Problem(
                    entries[index].place, "the client's place in the status lists could not be computed",
                    hint: "status_index: and a number that no other client has"))
        }
        unite(positions, places)
    }

    private func hadPlace(_ client: ClientRemains) -> Bool {
        guard let last = former?[client.id] else { return false }
        if last.statusIndex == client.statusIndex { return true }
        guard let place = try? StatusIndex.place(client.statusIndex, of: client.id) else { return false }
        return (try? last.statusPlace()) == place
    }

    /// What others revoke in the place of a client revokes its access tokens: the bit is the same.
    private mutating func unite(_ positions: [Int], _ places: StatusPlaces) {
        var moments: [Int: NotBefore] = [:]
        for client in settings.removed + outs where client.notBefore != .never {
            guard let place = try? client.statusPlace() else { continue }
            moments[place, default: .never].formUnion(client.notBefore)
        }
        guard !moments.isEmpty else { return }
        for (index, place) in zip(positions, places.requested) where !displaced.contains(index) {
            if let place, let others = moments[place] { momentsOfPlaces[index] = others }
        }
    }

    /// What decides about the place and the moments of an entry's client, also if it is out; `nil` without an identifier.
    private func registered(_ index: Int) -> ClientRemains? {
        candidate(index).map(ClientRemains.init) ?? entries[index].remains
    }

    /// The clients that there are.
    var merged: [Client] {
        let moments = momentsOfIdentifiers
        return entries.indices.compactMap { index in
            guard var client = client(index) else { return nil }
            if let others = moments[client.id] { client = client.revoking(others) }
            if let others = momentsOfPlaces[index] {
                client = client.revoking(TokensNotBefore(accessTokens: others))
            }
            return client
        }
    }

    /// What else revokes the tokens of an identifier: those from before its client was removed have it, and what a second entry
    /// with it revokes stays revoked.
    private var momentsOfIdentifiers: [ClientID: TokensNotBefore] {
        let removed = settings.removed.map {
            ($0.id, TokensNotBefore(accessTokens: $0.notBefore, refreshTokens: $0.notBefore))
        }
        let repeated = repetitions.compactMap { index in entries[index].registered.map { ($0.id, $0.notBefore) } }
        return Dictionary(removed + repeated) { $0.union($1) }
    }

    /// The clients that there are not, and whose access tokens may live.
    var removed: [RemovedClient] {
        (settings.removed + outs).map {
            RemovedClient(
                id: $0.id, statusIndex: $0.statusIndex,
                notBefore: $0.notBefore.union(settings.notBefore.accessTokens), isGone: $0.isGone)
        }
    }

    /// What the entries leave that are out. An entry without a place of its own leaves its moments: what it revokes in the place
    /// stays revoked.
    private var outs: [RemovedClient] {
        problems.keys.sorted().compactMap { index in
            guard client(index) == nil, let entry = registered(index) else { return nil }
            let moments = entry.notBefore.union(entries[index].remains?.notBefore ?? TokensNotBefore()).accessTokens
            let hasPlace = !repetitions.contains(index) && !displaced.contains(index)
            guard hasPlace || moments != .never else { return nil }
            return RemovedClient(id: entry.id, statusIndex: entry.statusIndex, notBefore: moments, isGone: false)
        }
    }

    private func client(_ index: Int) -> Client? {
        if problems[index] == nil { return entries[index].client }
        guard !repetitions.contains(index), !unusable.contains(index), !displaced.contains(index) else { return nil }
        // What is revoked counts also for clients that keep their former form.
        return formerClient(index)?.revoking(
            settings.notBefore.union(entries[index].remains?.notBefore ?? TokensNotBefore()))
    }
}

/// The password hashes that are checked for a wrong secret: of each cost, as many as one client has at most.
private struct PasswordHashRoom {
    private var counts: [PasswordHash.Cost: Int] = [:]

    /// - Returns: whether there is room for the hashes of the client.
    mutating func admit(_ client: Client) -> Bool {
        let merged = self.merged(client)
        guard merged.values.reduce(0, +) <= ClientRegistry.maximumPasswordChecks else { return false }
        counts = merged
        return true
    }

    func count(with client: Client) -> Int { merged(client).values.reduce(0, +) }

    private func merged(_ client: Client) -> [PasswordHash.Cost: Int] {
        counts.merging(client.passwordHashCounts, uniquingKeysWith: max)
    }
}
