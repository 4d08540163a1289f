package import AccessToken
package import OAuth

extension ClientsFileEditor {
    /// Revokes what was issued before a moment: access tokens and refresh tokens. No moment is taken away that still counts.
    ///
    /// - Parameters:
    ///   - id: the client; `nil` for all clients.
    ///   - moment: if it lies ahead, it waits until then.
    /// - Returns: the moments of the client's entry, or of all clients.
    /// - Throws: the problems of the moments that are there, if they cannot be read.
    @discardableResult
    package func revoke(_ id: ClientID?, at moment: NumericDate, now: NumericDate) throws -> TokensNotBefore {
        var moments = TokensNotBefore()
        try edit(id.map { .entries(of: $0) } ?? .settings) { document, file, whole in
            var expected = ExpectedFile(file)
            guard let id else {
                moments = try whole.momentsOfAll.adding(moment, now: now)
                try document.set(moments.members)
                expected.notBefore = moments
                return expected
            }
            guard let index = file.positions(of: id).first else { throw ClientsFileEditError.noSuchClient }
            moments = try whole.firstEntry(of: id).checkedMoments.adding(moment, now: now)
            try document.set(moments.members, ofEntry: index)
            expected.change(moments.members.map(\.name), ofEntry: index) { _ in true }
            expected.moments = (index, moments)
            return expected
        }
        return moments
    }

    /// Removes a client: every entry with its identifier, also one that does not check. Its access tokens are revoked: an
    /// element of `removed` stays for as long as they may live.
    ///
    /// - Returns: the element; `nil` if the client's place in the status lists is that of another client. Then nothing more is
    ///   revoked there, and what was revoked stays so.
    /// - Throws: ``ClientsFileEditError/noSuchClient`` if no client has this identifier.
    @discardableResult
    package func remove(_ id: ClientID, now: NumericDate) throws -> RemovedClient? {
        var isRevoked = false
        var element: RemovedClient?
        try edit(.entries(of: id)) { document, file, whole in
            let positions = file.positions(of: id)
            guard !positions.isEmpty else { throw ClientsFileEditError.noSuchClient }
            document.removeEntries(positions)
            var expected = ExpectedFile(file)
            let rest = Set(file.entries.indices).subtracting(positions)
            expected.entries = { before, after in
                after.elementsEqual(before.enumerated().filter { rest.contains($0.offset) }.map(\.element))
            }
            isRevoked = try whole.hasPlace(id, beside: otherFiles)
            element = try whole.removal(of: id, revoking: isRevoked, now: now)
            if let element {
                try document.add(
                    element, &expected.removed, file.settings, retention: retention, now: now)
            }
            return expected
        }
        return isRevoked ? element : nil
    }
}

extension ClientsFile {
    /// The moments of all clients.
    fileprivate var momentsOfAll: TokensNotBefore {
        get throws(InvalidConfiguration) {
            let names: Set = [ClientsSettings.accessTokensName, ClientsSettings.refreshTokensName]
            guard settings.brokenNames.isDisjoint(with: names) else { throw InvalidConfiguration(settings.problems) }
            return settings.notBefore
        }
    }

    /// Whether a client has its place in the status lists for itself among the clients of the file.
    ///
    /// - Parameter others: the other files of its folder.
    fileprivate func hasPlace(_ id: ClientID, beside others: [ClientsFile]) throws -> Bool {
        try ([self] + others).places[place(of: id)] == id
    }

    private func place(of id: ClientID) throws -> Int {
        let index = try firstEntry(of: id).registered?.statusIndex
        return try StatusIndex.place(index, of: id)
    }

    /// What is left of a client. Its present moments stay, and those of an earlier removal.
    ///
    /// - Parameter revoking: whether everything that it has got is revoked.
    /// - Returns: `nil` if nothing is revoked.
    fileprivate func removal(of id: ClientID, revoking: Bool, now: NumericDate) throws -> RemovedClient? {
        let present =
            positions(of: id).map { entries[$0].notBefore.accessTokens }
            + settings.removed.filter { $0.id == id }.map(\.notBefore)
        var moments = present.reduce(NotBefore.never) { $0.union($1) }
        if revoking { moments = moments.adding(now + .seconds(1), now: now) }
        guard moments != .never else { return nil }
        return RemovedClient(id: id, statusIndex: try place(of: id), notBefore: moments.shortened)
    }
}

extension NotBefore {
    /// For a client that gets no tokens: the moments between the first and the last revoke nothing of their own.
    fileprivate var shortened: NotBefore {
        moments.count <= Self.maximumCount ? self : NotBefore([moments[0], moments[moments.count - 1]])
    }
}

extension ClientEntry {
    /// The moments of the entry.
    ///
    /// - Throws: its problems, if they cannot be read.
    fileprivate var checkedMoments: TokensNotBefore {
        get throws(InvalidConfiguration) {
            guard remains?.momentsCheck != false else { throw InvalidConfiguration(problems) }
            return notBefore
        }
    }
}

extension TokensNotBefore {
    func adding(_ moment: NumericDate, now: NumericDate) throws(ClientsFileEditError) -> TokensNotBefore {
        let sum = TokensNotBefore(
            accessTokens: accessTokens.adding(moment, now: now), refreshTokens: refreshTokens.adding(moment, now: now))
        let count = max(sum.accessTokens.moments.count, sum.refreshTokens.moments.count)
        guard count <= NotBefore.maximumCount else { throw .tooManyMoments }
        return sum
    }

    /// As members of an entry, or as settings.
    var members: [MemberText] {
        [
            MemberText(name: ClientsSettings.accessTokensName, value: accessTokens.yaml),
            MemberText(name: ClientsSettings.refreshTokensName, value: refreshTokens.yaml),
        ]
    }
}

extension ClientsDocument {
    /// Adds an element to `removed`, and drops those whose tokens have expired.
    fileprivate mutating func add(
        _ element: RemovedClient, _ removed: inout [RemovedClient], _ settings: ClientsSettings, retention: Duration,
        now: NumericDate
    ) throws {
        guard settings.brokenNames.isDisjoint(with: [ClientsSettings.removedName]) else {
            // An element that does not check stays as it is: its operator has to mend it.
            removed.append(element)
            return try insert(element.yaml, intoSetting: ClientsSettings.removedName)
        }
        removed.removeAll { $0.id == element.id && $0.statusIndex == element.statusIndex }
        removed.dropExpired(after: retention, now: now)
        removed.append(element)
        try set([removed.member])
    }
}

extension RemovedClient {
    /// In one line, so that a large file is read in pieces.
    fileprivate var yaml: String {
        let place = statusIndex.map { "status_index: \($0), " } ?? ""
        return
            "{ client_id: \(YAMLScalar.write(id.description)), \(place)\(ClientsSettings.accessTokensName): \(notBefore.yaml) }"
    }
}

extension [RemovedClient] {
    /// Drops those whose tokens have expired.
    fileprivate mutating func dropExpired(after retention: Duration, now: NumericDate) {
        removeAll { $0.notBefore.moments.allSatisfy { $0 + retention <= now } }
    }

    /// The setting, or its absence.
    fileprivate var member: MemberText {
        MemberText(
            name: ClientsSettings.removedName, value: isEmpty ? nil : "[\(map(\.yaml).joined(separator: ", "))]")
    }
}

extension ClientsFile {
    /// Gives each client a free place in the status lists. A client that was removed has its place and all its moments from
    /// there, and the elements of `removed` with this place are no longer needed. Elements whose tokens have expired go too.
    ///
    /// - Parameters:
    ///   - ids: clients that the file does not have, each once.
    ///   - others: files whose places are not taken.
    func placements(
        of ids: [ClientID], beside others: [ClientsFile], _ document: inout ClientsDocument,
        _ removed: inout [RemovedClient], retention: Duration, now: NumericDate
    ) throws -> [ClientPlacement] {
        var places = ([self] + others).places
        let present = removed
        let formers = Dictionary(grouping: present, by: \.id)
        let canChangeRemoved = settings.brokenNames.isDisjoint(with: [ClientsSettings.removedName])
        let placements = try ids.map { id in
            let former = formers[id] ?? []
            let place = try former.lazy.map { try $0.statusPlace() }.first { places[$0] == id }
            let index = try place ?? places.takeRandom(for: id)
            let moments = former.reduce(NotBefore.never) { $0.union($1.notBefore) }.counting(at: now)
            guard moments.moments.count <= NotBefore.maximumCount else { throw ClientsFileEditError.tooManyMoments }
            if canChangeRemoved, !former.isEmpty {
                try removed.removeAll { try $0.id == id && $0.statusPlace() == index }
            }
            return ClientPlacement(
                statusIndex: index, notBefore: TokensNotBefore(accessTokens: moments, refreshTokens: moments))
        }
        guard canChangeRemoved else { return placements }
        removed.dropExpired(after: retention, now: now)
        if removed != present { try document.set([removed.member]) }
        return placements
    }
}
