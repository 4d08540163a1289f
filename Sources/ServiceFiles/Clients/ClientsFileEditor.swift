package import AccessToken
package import OAuth
package import SystemPackage
import Yams

/// Edits `clients.yaml` in place. An edit is atomic and keeps comments and order. Only one command edits at a time.
///
/// Lines are edited as text. The result is parsed before it is written: if the layout of the file makes an edit go
/// wrong, the edit is refused and the file stays as it is.
package struct ClientsFileEditor: Sendable {
    let path: FilePath
    /// The file as it was named: a link to ``path``, or the same.
    private let name: FilePath
    let access: FileAccess
    private let context: ClientsContext?
    /// The folder that the file is one of many in; `nil` for a single file.
    private let folder: ClientsLocation?
    /// `delegations`, for a file of a folder.
    private let delegations: Delegations?
    /// How long an element of `removed` stays after its moments.
    let retention: Duration

    /// - Parameters:
    ///   - path: the clients file. It is read when an edit begins.
    ///   - context: what the configuration says about clients that are added or changed; `nil` checks nothing about it.
    ///   - retention: how long an element of `removed` stays after its moments: the longest lifetime of tokens.
    package init(
        _ path: FilePath, _ access: FileAccess = .command(), context: ClientsContext? = nil,
        retention: Duration = .seconds(86400)
    ) {
        self.init(path, access, context: context, retention: retention, in: nil, nil)
    }

    /// The same for a file of a folder, which need not be there yet.
    init(
        _ path: FilePath, _ access: FileAccess, context: ClientsContext?, retention: Duration,
        in folder: ClientsLocation?, _ delegations: Delegations?
    ) {
        self.retention = retention
        self.access = access
        self.context = context
        self.folder = folder
        self.delegations = delegations
        name = path
        self.path = DurableFile.target(of: path)
    }

    /// Adds a client with one secret. Its place in the status lists is a free one, and it is written. A client that was removed
    /// comes back with its place and its moments.
    ///
    /// - Parameter isTrial: whether to write nothing.
    /// - Throws: ``ClientsFileEditError/clientExists`` if a client has this identifier.
    package func add(_ client: NewClient, isTrial: Bool = false, now: NumericDate) throws {
        try edit(.end, isTrial: isTrial) { document, file, whole in
            let others = otherFiles
            guard ([whole] + others).allSatisfy({ $0.positions(of: client.id).isEmpty }) else {
                throw ClientsFileEditError.clientExists
            }
            var expected = ExpectedFile(file)
            let placements = try whole.placements(
                of: [client.id], beside: others, &document, &expected.removed, retention: retention, now: now)
            document.append([client.yamlLines + placements.flatMap(\.yamlLines)])
            expected.checked = [file.entries.count]
            expected.entries = { before, after in after.dropLast().elementsEqual(before) }
            return expected
        }
    }

    /// Adds a new secret to a client and limits the time of its present ones.
    ///
    /// - Parameter oldEnd: when the present secrets expire, unless they expire earlier; `nil` removes them at once.
    package func rotateSecret(of id: ClientID, to hash: ClientSecretHash, oldEnd: NumericDate?, now: NumericDate) throws
    {
        try edit(.entries(of: id)) { document, file, whole in
            guard let index = file.positions(of: id).first else { throw ClientsFileEditError.noSuchClient }
            let entry = try whole.firstEntry(of: id)
            guard let client = entry.client else { throw InvalidConfiguration(entry.problems) }
            guard !client.secrets.isEmpty else { throw ClientsFileEditError.noSecret }
            let old = client.secrets.compactMap { secret -> ClientSecret? in
                guard let oldEnd, secret.isCurrent(at: now) else { return nil }
                return ClientSecret(hash: secret.hash, expiresAt: min(secret.expiresAt ?? oldEnd, oldEnd))
            }
            let secrets = [ClientSecret(hash: hash)] + old
            document.replaceSecrets(ofEntry: index, with: secrets)
            var expected = ExpectedFile(file)
            expected.checked = [index]
            expected.change(["client_secrets"], ofEntry: index) { entry in
                entry.secrets == secrets.map { [$0.hash.description, $0.expiresAt?.rfc3339] }
            }
            return expected
        }
    }

    /// What an edit changes beside settings.
    enum Part {
        case entries(of: ClientID)
        /// An entry is added.
        case end
        case settings
    }

    /// - Parameter change: changes the document, and returns what the file must be then. It is given the file that has the
    ///   positions of the document, which is an excerpt of a large one, and the whole file. Entries with problems hold up no
    ///   edit of another one.
    /// - Parameter isTrial: whether to write nothing.
    /// - Parameter mayBeAbsent: whether a file that is not there is created. One of a folder is in any case.
    /// - Returns: the file after the edit, or an excerpt of it.
    @discardableResult
    func edit(
        _ part: Part, isTrial: Bool = false, mayBeAbsent: Bool = false,
        _ change: (inout ClientsDocument, ClientsFile, _ whole: ClientsFile) throws -> ExpectedFile
    ) throws -> ClientsFile {
        try FileError.naming(path) {
            try FolderLock.hold(on: path.folder, access.lockPatience) {
                DurableFile.removeDrafts(in: path.folder)
                let isNew = (mayBeAbsent || folder != nil) && !isThere
                let (mark, text) = isNew ? ("", "") : try YAMLText.parts(of: path, access)
                let large = ClientsFile(inPieces: text, of: path)
                let excerpt = large.flatMap { part.excerpt(of: text, $0) }
                var yaml = try YAMLText(path: path, text: excerpt?.text ?? text)
                if yaml.root == nil { yaml = try YAMLText(path: path, text: yaml.text + "clients: []\n") }
                let file = try ClientsFile(parsing: yaml)
                var document = try ClientsDocument(yaml)
                let expected = try change(&document, file, large ?? file)
                guard let after = try? YAMLText(path: path, text: document.text),
                    let edited = try? ClientsFile(parsing: after)
                else { throw ClientsFileEditError.unusualLayout }
                try checkEntries(expected.checked, of: edited)
                guard
                    expected.isMet(
                        by: edited, in: after, from: yaml, problemCount: file.settings.problems.count),
                    let result = excerpt.map({ $0.completing(after.text) }) ?? after.text
                else { throw ClientsFileEditError.unusualLayout }
                try checkContext(of: expected.checked, in: after)
                guard !isTrial else { return edited }
                let durable = DurableFile(path: path)
                if isNew { try durable.create(result) } else { try durable.replace(with: mark + result) }
                return edited
            }
        }
    }

    /// Whether there is something at the path, readable or not.
    var isThere: Bool { (try? path.stat(followTargetSymlink: false)) != nil }

    /// The other files of the folder, as far as they can be read: their clients have places in the status lists too.
    var otherFiles: [ClientsFile] {
        guard let folder else { return [] }
        let files = (try? folder.files()) ?? []
        return files.filter { DurableFile.target(of: $0) != path }.compactMap { try? folder.file(at: $0) }
    }

    /// Checks entries by themselves. Their lines are not written yet, so no line is named.
    private func checkEntries(_ entries: [Int], of file: ClientsFile) throws(InvalidConfiguration) {
        let problems = entries.filter { $0 < file.entries.count }.flatMap { file.entries[$0].problems }
        guard problems.isEmpty else { throw withoutLines(problems) }
    }

    private func withoutLines(_ problems: [Problem]) -> InvalidConfiguration {
        InvalidConfiguration(
            problems.map { Problem(.file(path.string, line: nil), $0.message, hint: $0.hint) })
    }

    /// Checks entries against the configuration. Their lines are not written yet, so no line is named.
    private func checkContext(of entries: [Int], in yaml: YAMLText) throws(InvalidConfiguration) {
        guard context != nil || delegations != nil else { return }
        let file = try ClientsFile(parsing: yaml, context: context)
        var problems = entries.flatMap { file.entries[$0].problems }
        if let delegations {
            problems += entries.flatMap { delegations.problems(with: file.entries[$0], in: name.name) }
        }
        guard problems.isEmpty else { throw withoutLines(problems) }
    }
}

extension ClientsFileEditor.Part {
    /// - Returns: `nil` if the whole file has to be read at once.
    fileprivate func excerpt(of text: String, _ whole: ClientsFile) -> ClientsExcerpt? {
        switch self {
        case .entries(let id):
            ClientsExcerpt(of: text, whole, changing: whole.positions(of: id), isAppended: false)
        case .end: ClientsExcerpt(of: text, whole, changing: [], isAppended: true)
        case .settings: ClientsExcerpt(of: text, whole, changing: [], isAppended: false)
        }
    }
}

extension ClientsFile {
    /// The first entry with an identifier, which decides about its client.
    ///
    /// - Throws: ``ClientsFileEditError/noSuchClient`` if there is none.
    func firstEntry(of id: ClientID) throws(ClientsFileEditError) -> ClientEntry {
        guard let index = positions(of: id).first else { throw .noSuchClient }
        return entries[index]
    }

    /// The positions of the entries with an identifier.
    func positions(of id: ClientID) -> [Int] {
        entries.indices.filter { entries[$0].clientID == id }
    }
}

extension Node {
    /// Hash and end of each secret of a client's entry, the end in UTC and whole seconds.
    fileprivate var secrets: [[String?]] {
        let list = mapping?["client_secrets"]?.sequence.map { Array($0) } ?? []
        return list.map { secret in
            let end = secret.mapping?["expires_at"]?.scalar.flatMap { try? NumericDate(rfc3339: $0.string) }
            return [secret.mapping?["hash"]?.scalar?.string, end?.rfc3339]
        }
    }
}
