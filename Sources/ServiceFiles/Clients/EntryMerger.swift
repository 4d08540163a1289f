import AccessToken
import OAuth
import SystemPackage
import WireText

/// Puts the entries of files and the clients of the last reading together.
struct EntryMerger {
    let files: [ReadClientsFile]
    /// Of all files, in their order.
    let entries: [ClientEntry]
    /// The position of the file of each entry.
    let fileOfEntry: [Int]
    let former: ClientRegistry?
    /// `nil` if every file may hand out everything.
    let delegations: Delegations?
    /// The problems of entries that do not check, by their position.
    var problems: [Int: [Problem]] = [:]
    /// The problems of settings, in the order of the files.
    var settingProblems: [Problem]
    /// What the files have in `removed`.
    var removedInFiles: [RemovedInFile]
    /// The entries with an identifier that their file may not use. Nothing of them counts.
    var foreign: Set<Int> = []
    /// The entries with an identifier that an earlier one has. They are out: the earlier one decides about the client.
    private var repetitions: Set<Int> = []
    /// The entries whose former form is not used either.
    private var unusable: Set<Int> = []
    /// The entries whose place in the status lists is that of another client.
    private(set) var displaced: Set<Int> = []
    /// In the order of the files.
    private(set) var conflicts: [DisplacedClient] = []
    /// What others revoke in the place of an entry's client, by the position of the entry.
    private var momentsOfPlaces: [Int: NotBefore] = [:]

    struct RemovedInFile {
        /// The position of the file.
        let file: Int
        let client: RemovedClient
    }

    init(_ files: [ReadClientsFile], former: ClientRegistry?, _ delegations: Delegations? = nil) {
        self.files = files
        self.former = former
        self.delegations = delegations
        entries = files.count == 1 ? files[0].file.entries : files.flatMap(\.file.entries)
        fileOfEntry = files.enumerated().flatMap { Array(repeating: $0.offset, count: $0.element.file.entries.count) }
        removedInFiles = files.enumerated().flatMap { position, file in
            file.file.settings.removed.map { RemovedInFile(file: position, client: $0) }
        }
        settingProblems = files.flatMap(\.file.settings.problems)
        for (index, entry) in entries.enumerated() where entry.client == nil { problems[index] = entry.problems }
    }

    private func settings(_ index: Int) -> ClientsSettings { files[fileOfEntry[index]].file.settings }

    mutating func refuseRepetitions() {
        var places: [String: Problem.Place] = [:]
        places.reserveCapacity(entries.count)
        for (index, entry) in entries.enumerated() where !foreign.contains(index) {
            guard let id = entry.id else { continue }
            guard let place = places.updateValue(entry.place, forKey: id) else { continue }
            places[id] = place
            repetitions.insert(index)
            let other = place.isInFile(of: entry.place) ? "line \(place.line.map(String.init) ?? "?")" : "\(place)"
            problems[index, default: []].append(Problem(entry.place, "client_id is already used in \(other)"))
        }
    }

    /// An unknown client costs as many password hashes as all costs together, so their number is bounded. Clients that
    /// were there before take the room first: an entry that is added takes out no other.
    mutating func refuseManyCosts() {
        var used = PasswordHashRoom()
        let slow = entries.indices.filter {
            counts($0) && !entries[$0].isDisabled && candidate($0)?.hasPasswordHash == true
        }
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

    /// Whether the entry decides about its client.
    func counts(_ index: Int) -> Bool { !repetitions.contains(index) && !foreign.contains(index) }

    func formerClient(_ index: Int) -> Client? {
        guard let former, let id = entries[index].clientID, let client = former[id] else { return nil }
        // What a file may no longer hand out ends, also for an entry that does not check.
        guard delegations?[files[fileOfEntry[index]].path.name]?.excess(of: client).isEmpty != false else { return nil }
        return client
    }

    /// The client that the entry stands for, before it is compared with the others.
    private func candidate(_ index: Int) -> Client? { entries[index].client ?? formerClient(index) }

    /// Of two clients with one place in the status lists one is out: their tokens would be revoked together. The client that had
    /// the place at the last reading keeps it.
    mutating func refuseSharedPlaces() {
        let positions = entries.indices.filter { counts($0) && registered($0) != nil }
        var places = StatusPlaces(
            positions.compactMap { index in
                registered(index).map {
                    StatusPlaces.Request(
                        id: $0.id, written: $0.statusIndex, hadPlace: hadPlace($0), isOfTeam: delegations != nil)
                }
            }, removed: removedInFiles.map(\.client))
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
        refuseForeignRemovals()
        unite(positions, places)
    }

    private func hadPlace(_ client: ClientRemains) -> Bool {
        guard let former, let last = former[client.id] ?? former.disabled[client.id] else { return false }
        if last.statusIndex == client.statusIndex { return true }
        guard let place = try? StatusIndex.place(client.statusIndex, of: client.id) else { return false }
        return (try? last.statusPlace()) == place
    }

    /// What others revoke in the place of a client revokes its access tokens: the bit is the same.
    private mutating func unite(_ positions: [Int], _ places: StatusPlaces) {
        var moments: [Int: NotBefore] = [:]
        for client in removed where client.notBefore != .never {
            guard let place = try? client.statusPlace() else { continue }
            moments[place, default: .never].formUnion(client.notBefore)
        }
        guard !moments.isEmpty else { return }
        for (index, place) in zip(positions, places.requested) where !displaced.contains(index) {
            if let place, let others = moments[place] { momentsOfPlaces[index] = others }
        }
    }

    /// What decides about the place and the moments of an entry's client, also if it is out; `nil` without an identifier.
    func registered(_ index: Int) -> ClientRemains? {
        foreign.contains(index) ? nil : candidate(index).map(ClientRemains.init) ?? entries[index].remains
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
        let removed = removedInFiles.map(\.client).map {
            ($0.id, TokensNotBefore(accessTokens: $0.notBefore, refreshTokens: $0.notBefore))
        }
        let repeated = repetitions.compactMap { index in entries[index].registered.map { ($0.id, $0.notBefore) } }
        return Dictionary(removed + repeated) { $0.union($1) }
    }

    /// The clients that there are not, and whose access tokens may live.
    var removed: [RemovedClient] {
        removedInFiles.map { $0.client.with(files[$0.file].file.settings.notBefore.accessTokens) } + outs
    }

    /// What the entries leave that are out. An entry without a place of its own leaves its moments: what it revokes in the place
    /// stays revoked.
    private var outs: [RemovedClient] {
        let disabled = entries.indices.filter { entries[$0].isDisabled }
        return Set(problems.keys).union(disabled).sorted().compactMap { index in
            guard client(index) == nil, let entry = registered(index) else { return nil }
            let moments = entry.notBefore.union(entries[index].remains?.notBefore ?? TokensNotBefore()).accessTokens
            let hasPlace = counts(index) && !displaced.contains(index)
            // The place may be that of a client of another file.
            guard hasPlace || moments != .never && delegations == nil else { return nil }
            // All tokens of a disabled client are revoked, also those that a replica issues that has not read the file yet.
            let isGone = entries[index].isDisabled && hasPlace
            return RemovedClient(
                id: entry.id, statusIndex: entry.statusIndex,
                notBefore: isGone ? moments.union(NotBefore([NumericDate(0)])) : moments, isGone: isGone
            ).with(settings(index).notBefore.accessTokens)
        }
    }

    /// The clients that are disabled, as their entries have them.
    var disabled: [Client] {
        entries.indices.compactMap { entries[$0].isDisabled && problems[$0] == nil ? entries[$0].client : nil }
    }

    private func client(_ index: Int) -> Client? {
        guard !entries[index].isDisabled else { return nil }
        if problems[index] == nil { return entries[index].client }
        guard counts(index), !unusable.contains(index), !displaced.contains(index) else { return nil }
        // What is revoked counts also for clients that keep their former form.
        return formerClient(index)?.revoking(
            settings(index).notBefore.union(entries[index].remains?.notBefore ?? TokensNotBefore()))
    }
}

extension RemovedClient {
    /// The same, whose tokens also end at the moments of all clients.
    fileprivate func with(_ moments: NotBefore) -> RemovedClient {
        RemovedClient(id: id, statusIndex: statusIndex, notBefore: notBefore.union(moments), isGone: isGone)
    }
}

extension Problem.Place {
    /// Whether both are in one file.
    fileprivate func isInFile(of other: Problem.Place) -> Bool {
        guard case .file(let path, _) = self, case .file(let otherPath, _) = other else { return false }
        return path.isSameText(as: otherPath)
    }
}
