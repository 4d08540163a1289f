package import AccessToken
package import OAuth
package import SystemPackage
import WireText

/// Edits clients in the file that they are in: the clients file, or one of the files of the folder.
package struct ClientsEditor: Sendable {
    let location: ClientsLocation
    private let context: ClientsContext?
    private let delegations: Delegations?
    private let retention: Duration

    /// - Parameters:
    ///   - context: what the configuration says about clients that are added or changed; `nil` checks nothing about it but
    ///     `delegations`.
    ///   - delegations: what each file of a folder may hand out; `nil` if everything.
    ///   - retention: how long an element of `removed` stays after its moments: the longest lifetime of tokens.
    package init(
        _ location: ClientsLocation, context: ClientsContext? = nil, delegations: Delegations? = nil,
        retention: Duration
    ) {
        self.location = location
        self.context = context
        self.delegations = delegations
        self.retention = retention
    }

    /// Adds a client.
    ///
    /// - Parameters:
    ///   - name: the name of the file in the folder; `nil` for the one that the identifier belongs to, or that is alone.
    ///   - isTrial: whether to write nothing.
    /// - Returns: the file.
    /// - Throws: ``ClientsFileEditError/clientExists`` if a client of any file has this identifier.
    @discardableResult
    package func add(
        _ client: NewClient, into name: String?, isTrial: Bool = false, now: NumericDate
    ) throws -> FilePath {
        let file = try fileForNew(client.id, name)
        try editor(of: file).add(client, isTrial: isTrial, now: now)
        return file
    }

    /// Adds a new secret to a client and limits the time of its present ones.
    package func rotateSecret(
        of id: ClientID, to hash: ClientSecretHash, oldEnd: NumericDate?, now: NumericDate
    ) throws {
        try editor(of: file(of: id)).rotateSecret(of: id, to: hash, oldEnd: oldEnd, now: now)
    }

    /// Revokes what was issued before a moment to one client.
    ///
    /// - Returns: the moments of the client's entry.
    @discardableResult
    package func revoke(_ id: ClientID, at moment: NumericDate, now: NumericDate) throws -> TokensNotBefore {
        try editor(of: file(of: id)).revoke(id, at: moment, now: now)
    }

    /// Revokes what was issued before a moment to all clients. What keeps one file of a folder from being written keeps no
    /// other.
    ///
    /// - Returns: the moments of each file that was written, and why the others were not.
    package func revokeAll(at moment: NumericDate, now: NumericDate) throws -> RevocationOfAll {
        var result = RevocationOfAll()
        for file in try location.files() where counts(file) {
            do { result.written.append((file, try editor(of: file).revoke(nil, at: moment, now: now))) } catch {
                guard location.isFolder else { throw error }
                let place = Problem.Place.file(file.string, line: nil)
                result.problems += (error as? InvalidConfiguration)?.problems ?? [Problem(place, "\(error)")]
            }
        }
        return result
    }

    /// Removes a client: every entry with its identifier, in every file.
    ///
    /// - Returns: what is left of it; `nil` if its place in the status lists is that of another client.
    @discardableResult
    package func remove(_ id: ClientID, now: NumericDate) throws -> RemovedClient? {
        let files = try files(with: id)
        let elements = try files.map { try editor(of: $0).remove(id, now: now) }
        return elements.first ?? nil
    }

    /// The editor of one file.
    ///
    /// - Throws: ``ClientsFileEditError/linkElsewhere`` for a link that ends in a file that the operator does not mean.
    func editor(of file: FilePath) throws(ClientsFileEditError) -> ClientsFileEditor {
        let folder = location.isFolder ? location : nil
        guard folder.map({ $0.holds(file) && DurableFile.target(of: file).name.isSameText(as: file.name) }) ?? true
        else {
            throw .linkElsewhere
        }
        return ClientsFileEditor(
            file, location.access, context: context, retention: retention, in: folder, folder == nil ? nil : delegations
        )
    }

    /// Changes a client.
    ///
    /// - Parameter isTrial: whether to write nothing.
    /// - Returns: what changes.
    /// - Throws: ``ClientsFileEditError/nothingToChange`` if the client is so already.
    @discardableResult
    package func set(
        _ changes: [ClientChange], of id: ClientID, isTrial: Bool = false, now: NumericDate
    ) throws -> ClientDifference {
        let editor = try editor(of: file(of: id))
        let (before, after) = try editor.set(changes, of: id, isTrial: true, now: now)
        let difference =
            before.registration == nil || after.registration == nil
            ? ClientDifference(id, from: before.isDisabled, to: after.isDisabled)
            : ClientDifference(before.registration, after.registration)
        guard let difference else { throw ClientsFileEditError.nothingToChange }
        if !isTrial { _ = try editor.set(changes, of: id, now: now) }
        return difference
    }

    /// Checks that a file has an entry of a client, good or not.
    ///
    /// - Throws: ``ClientsFileEditError/noSuchClient`` otherwise.
    package func checkEntry(of id: ClientID) throws {
        guard !location.isFolder else {
            _ = try file(of: id)
            return
        }
        guard try ClientsFile(parsing: location.path, location.access).hasEntry(for: id) else {
            throw ClientsFileEditError.noSuchClient
        }
    }

    /// The file whose entry decides about a client.
    func file(of id: ClientID) throws -> FilePath { try files(with: id)[0] }

    /// The files that have an entry of a client, at least one.
    private func files(with id: ClientID) throws -> [FilePath] {
        guard location.isFolder else { return [location.path] }
        var found: [FilePath] = []
        var problems: [Problem] = []
        for file in try location.files() where counts(file) && delegations?.refusal(of: id, in: file.name) == nil {
            guard location.holds(file) else { continue }
            InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in
                if try location.file(at: file).hasEntry(for: id) { found.append(file) }
            }
        }
        guard found.isEmpty else { return found }
        guard problems.isEmpty else { throw InvalidConfiguration(problems) }
        throw ClientsFileEditError.noSuchClient
    }

    private func counts(_ file: FilePath) -> Bool {
        !location.isFolder || delegations.names(file)
    }

    /// The file that a new client is added to.
    private func fileForNew(_ id: ClientID, _ name: String?) throws -> FilePath {
        guard location.isFolder else {
            guard name == nil else { throw ClientsFileEditError.notAFolder }
            return location.path
        }
        if let name {
            guard ClientsLocation.isClientsFile(name), !Octets(name).contains(ascii: "/") else {
                throw ClientsFileEditError.noNameOfFile
            }
            return location.path.appending(name)
        }
        if let owner = delegations?.owner(of: id.description) { return location.path.appending(owner) }
        return try onlyFile()
    }

    /// The file that is configured, or is alone in the folder.
    func onlyFile() throws -> FilePath {
        let files = try location.files().filter(counts)
        guard files.count == 1 else { throw ClientsFileEditError.severalFiles }
        return files[0]
    }

    /// The editor of a file that is not configured.
    func editorOutside(_ file: FilePath) -> ClientsFileEditor {
        ClientsFileEditor(file, location.access, context: context, retention: retention)
    }
}

/// What became of a revocation of all clients.
package struct RevocationOfAll: Sendable {
    /// The moments of each file that was written.
    package var written: [(file: FilePath, notBefore: TokensNotBefore)] = []
    /// Why others were not.
    package var problems: [Problem] = []
}
