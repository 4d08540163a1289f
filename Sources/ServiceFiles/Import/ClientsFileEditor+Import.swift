package import AccessToken
import OAuth
import SystemPackage
import WireText

extension ClientsFileEditor {
    /// Adds imported clients after the others, all in one edit. Each gets a free place in the status lists. A client that was
    /// removed comes back with its place and its moments.
    ///
    /// - Parameters:
    ///   - creates: whether a file that is absent is created, with these clients alone.
    ///   - others: files whose places in the status lists are not taken, besides those of the same folder.
    /// - Throws: the problems of those whose identifiers the file has already. The file is unchanged then.
    package func add(_ clients: [ImportedClient], creates: Bool, beside others: [ClientsFile], now: NumericDate) throws
    {
        try edit(.end, mayBeAbsent: creates) { document, file, whole in
            try append(clients, to: &document, file, whole, beside: others, now: now)
        }
    }

    /// - Throws: the problems of clients whose identifiers the file has already.
    package func checkAbsence(of clients: [ImportedClient], mayBeAbsent: Bool) throws {
        for file in otherFiles { try checkAbsence(of: clients, in: file) }
        if mayBeAbsent, !isThere { return }
        try checkAbsence(of: clients, in: ClientsFile(parsing: path, access))
    }

    private func checkAbsence(of clients: [ImportedClient], in file: ClientsFile) throws {
        let present = Set(file.entries.compactMap { $0.id.map(ExactText.init) })
        let problems = clients.filter { present.contains(ExactText($0.id)) }.map { client in
            Problem(
                .file(file.path.string, line: nil), "has the client \(client.id) already",
                hint: "remove it there or in the export; nothing was written")
        }
        if !problems.isEmpty { throw InvalidConfiguration(problems) }
    }

    private func append(
        _ clients: [ImportedClient], to document: inout ClientsDocument, _ file: ClientsFile, _ whole: ClientsFile,
        beside others: [ClientsFile], now: NumericDate
    ) throws -> ExpectedFile {
        let neighbours = otherFiles
        for file in [whole] + neighbours { try checkAbsence(of: clients, in: file) }
        var expected = ExpectedFile(file)
        let placements = try whole.placements(
            of: clients.compactMap(\.client?.id), beside: neighbours + others, &document, &expected.removed,
            retention: retention,
            now: now)
        document.append(zip(clients, placements).map { $0.lines + $1.yamlLines })
        let count = clients.count
        expected.checked = Array(file.entries.count..<file.entries.count + count)
        expected.entries = { before, after in
            after.count == before.count + count && after.dropLast(count).elementsEqual(before)
        }
        return expected
    }
}
