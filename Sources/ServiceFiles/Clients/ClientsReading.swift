package import AccessToken
package import OAuth
package import SystemPackage

/// The clients of the clients files, as they were read entry by entry: what is wrong with one entry or one file holds up no
/// other.
package struct ClientsReading: Sendable {
    /// In the order of the files. An entry that does not check has the form that it last had, if it had one.
    package let clients: [Client]
    /// The clients that are in no list of clients and whose access tokens may live: those of `removed`, and those of entries
    /// that are out. Their moments include those of all clients of their file. Such a client may have the place of another one
    /// in the status lists: then what both revoke is revoked there.
    package let removed: [RemovedClient]
    /// The clients that are out since their places in the status lists are those of others, in the order of the files.
    package let displaced: [DisplacedClient]
    /// The clients that are disabled, in the order of the files. They are among ``removed`` too.
    package let disabled: [Client]
    /// How many entries do not check.
    package let refusedCount: Int
    /// The files that were read, in their order.
    let files: [ReadClientsFile]
    /// What is unusual in entries that check, in the order of the files.
    package let warnings: [Problem]
    /// What is wrong with files as a whole, with their settings and with their entries.
    package let problems: [Problem]

    fileprivate init(
        _ merger: EntryMerger, files: [ReadClientsFile], problems: [Problem], warnings: [Problem]
    ) {
        clients = merger.merged
        removed = merger.removed
        disabled = merger.disabled
        displaced = merger.conflicts
        refusedCount = merger.problems.count
        self.files = files
        self.warnings = warnings + merger.warnings
        self.problems = problems + merger.settingProblems + merger.problems.sorted { $0.key < $1.key }.flatMap(\.value)
    }

    /// The settings of a file; `nil` if it was not read.
    func settings(of path: FilePath) -> ClientsSettings? { files.first { $0.path == path }?.file.settings }

    /// The moments that a file has for all its clients; `nil` if it was not read.
    package func notBefore(of path: FilePath) -> TokensNotBefore? { settings(of: path)?.notBefore }

    /// Whether what is wrong may be a setting that revokes something.
    package var hasBrokenSettings: Bool { files.contains { !$0.file.settings.problems.isEmpty } }

    /// The place of the entry in a folder of files that decides about a client; `nil` if no entry has its identifier.
    package func place(of id: ClientID) -> Problem.Place? {
        for file in files {
            if let entry = file.file.entries.first(where: { $0.clientID == id }) { return entry.place }
        }
        return nil
    }

    /// - Throws: all problems, if there are any.
    package func checked() throws(InvalidConfiguration) -> [Client] {
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

extension [ReadClientsFile] {
    /// Decides which clients there are.
    ///
    /// - Parameters:
    ///   - former: the clients of the last reading: an entry that does not check keeps the form that its client has there.
    ///     `nil` if there is none, and such an entry is out.
    ///   - problems: those of files that could not be read.
    ///   - keepsEntries: whether the reading has the entries.
    func read(
        after former: ClientRegistry?, problems: [Problem] = [], warnings: [Problem] = [], _ context: ClientsContext?,
        keepsEntries: Bool = true
    ) -> ClientsReading {
        var merger = EntryMerger(self, former: former, context?.delegations)
        merger.refuseUndelegated()
        merger.refuseRepetitions()
        merger.refuseManyCosts()
        if context?.listsStatus == true { merger.refuseSharedPlaces() } else { merger.refuseForeignRemovals() }
        return ClientsReading(
            merger, files: keepsEntries ? self : map(\.withoutEntries), problems: problems, warnings: warnings)
    }
}

extension ClientsFile {
    /// Decides which clients there are in this file alone.
    ///
    /// - Parameter keepsEntries: whether the reading has the entries, of which there may be many.
    package func read(after former: ClientRegistry? = nil, keepsEntries: Bool = false) -> ClientsReading {
        [ReadClientsFile(stamp: nil, file: self)].read(
            after: former, settings.context, keepsEntries: keepsEntries)
    }
}
