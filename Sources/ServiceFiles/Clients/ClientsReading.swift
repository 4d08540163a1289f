import AccessToken
package import OAuth

/// The clients of `clients.yaml`, as they were read entry by entry: what is wrong with one entry holds up no other.
package struct ClientsReading: Sendable {
    /// In the order of the file. An entry that does not check has the form that it last had, if it had one.
    package let clients: [Client]
    /// How many entries do not check.
    package let refusedCount: Int
    /// The settings of the file.
    package let settings: ClientsSettings
    /// What is unusual in entries that check, in the order of the file.
    package let warnings: [Problem]
    private let entryProblems: [Problem]

    fileprivate init(
        clients: [Client], refusedCount: Int, settings: ClientsSettings, warnings: [Problem], entryProblems: [Problem]
    ) {
        self.warnings = warnings
        self.clients = clients
        self.refusedCount = refusedCount
        self.settings = settings
        self.entryProblems = entryProblems
    }

    /// What is wrong with the settings of the file and with its entries.
    package var problems: [Problem] { settings.problems + entryProblems }

    /// - Throws: all problems, if there are any.
    func checked() throws(InvalidConfiguration) -> [Client] {
        guard problems.isEmpty else { throw InvalidConfiguration(problems) }
        return clients
    }
}

extension ClientsFile {
    /// Decides which clients there are.
    ///
    /// - Parameter former: the clients of the last reading: an entry that does not check keeps the form that its client
    ///   has there. `nil` if there is none, and such an entry is out.
    package func read(after former: ClientRegistry? = nil) -> ClientsReading {
        var merger = EntryMerger(entries: entries, former: former)
        merger.refuseRepetitions()
        merger.refuseManyCosts()
        let merged = merger.merged(notBefore: settings.refreshTokensNotBefore)
        return ClientsReading(
            clients: merged, refusedCount: merger.problems.count, settings: settings,
            warnings: merger.warnings,
            entryProblems: merger.problems.sorted { $0.key < $1.key }.flatMap(\.value))
    }
}

/// Puts the entries of a file and the clients of the last reading together.
private struct EntryMerger {
    let entries: [ClientEntry]
    let former: ClientRegistry?
    /// The problems of entries that do not check, by their position.
    private(set) var problems: [Int: [Problem]] = [:]
    /// The entries with an identifier that an earlier one has. They are out: the earlier one decides about the client.
    private var repetitions: Set<Int> = []
    /// The entries whose former form is not used either.
    private var outs: Set<Int> = []

    init(entries: [ClientEntry], former: ClientRegistry?) {
        self.entries = entries
        self.former = former
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
            outs.insert(index)
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

    /// - Parameter notBefore: applies also to clients that keep their former form.
    func merged(notBefore: NumericDate?) -> [Client] {
        entries.indices.compactMap { index in
            if problems[index] == nil { return entries[index].client }
            guard !repetitions.contains(index), !outs.contains(index) else { return nil }
            return formerClient(index)?.endingRefreshTokens(before: notBefore)
        }
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
