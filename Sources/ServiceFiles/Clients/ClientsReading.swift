package import AccessToken
package import OAuth

/// The clients of `clients.yaml`, as they were read entry by entry: what is wrong with one entry holds up no other.
package struct ClientsReading: Sendable {
    /// In the order of the file. An entry that does not check has the form that it last had, if it had one.
    package let clients: [Client]
    /// The clients that are in no list of clients and whose access tokens may live: those of `removed`, and those of entries
    /// that are out. Their moments include those of all clients. Such a client may have the place of another one in the status
    /// lists: then what both revoke is revoked there.
    package let removed: [RemovedClient]
    /// The clients that are out since their places in the status lists are those of others, in the order of the file.
    package let displaced: [DisplacedClient]
    /// How many entries do not check.
    package let refusedCount: Int
    /// The settings of the file.
    package let settings: ClientsSettings
    /// What is unusual in entries that check, in the order of the file.
    package let warnings: [Problem]
    private let entryProblems: [Problem]

    fileprivate init(
        clients: [Client], removed: [RemovedClient], displaced: [DisplacedClient], refusedCount: Int,
        settings: ClientsSettings, warnings: [Problem],
        entryProblems: [Problem]
    ) {
        self.removed = removed
        self.displaced = displaced
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

/// A client that is out since its place in the status lists is that of another one. What either of them revokes is revoked for
/// both.
package struct DisplacedClient: Sendable {
    package let id: ClientID
    /// What its entry says, or said at the last reading; `nil` if its entry does not check either.
    package let client: Client?
    /// The client that has the place.
    package let holder: ClientID
}

extension ClientsFile {
    /// Decides which clients there are.
    ///
    /// - Parameter former: the clients of the last reading: an entry that does not check keeps the form that its client
    ///   has there. `nil` if there is none, and such an entry is out.
    package func read(after former: ClientRegistry? = nil) -> ClientsReading {
        var merger = EntryMerger(entries: entries, former: former, settings)
        merger.refuseRepetitions()
        merger.refuseManyCosts()
        if settings.context?.listsStatus == true { merger.refuseSharedPlaces() }
        return ClientsReading(
            clients: merger.merged, removed: merger.removed, displaced: merger.conflicts,
            refusedCount: merger.problems.count, settings: settings, warnings: merger.warnings,
            entryProblems: merger.problems.sorted { $0.key < $1.key }.flatMap(\.value))
    }
}
