package import OAuth
import Synchronization
import SystemPackage

extension ClientsLocation {
    /// Reads the file, or each file of the folder. A file of a folder that cannot be read as a whole keeps what it last had.
    ///
    /// - Parameters:
    ///   - former: the last reading. `nil` if there is none: then a file of a folder that cannot be read is out.
    ///   - registry: the clients of the last reading: an entry that does not check keeps the form that its client has there.
    ///   - issuers: the trusted issuers, which identities of clients name. `nil` checks nothing about them.
    ///   - context: what the configuration says about clients. `nil` checks nothing about it.
    ///   - threadCount: how many threads read at once; `nil` for as many as there are cores.
    ///   - keepsEntries: whether the reading has the entries of a single file too.
    /// - Throws: if a single file, or the folder, cannot be read.
    package func read(
        after former: ClientsReading? = nil, _ registry: ClientRegistry? = nil, issuers: IssuerNames? = nil,
        context: ClientsContext? = nil, threadCount: Int? = nil, keepsEntries: Bool = false
    ) throws(InvalidConfiguration) -> ClientsReading {
        let work = FilesToRead(
            access: access, issuers: issuers, context: context, threadCount: threadCount ?? ParallelWork.coreCount)
        guard isFolder else {
            if context?.delegations != nil {
                throw InvalidConfiguration([
                    Problem(
                        .file(path.string, line: nil), "is a file, and delegations are about the files of a folder",
                        hint: "let clients name a folder, or take delegations out")
                ])
            }
            let file = try work.read(path, after: former?.settings(of: path))
            return file.read(after: registry, keepsEntries: keepsEntries)
        }
        return try readFolder(work, after: former, registry)
    }

    private func readFolder(
        _ work: FilesToRead, after former: ClientsReading?, _ registry: ClientRegistry?
    ) throws(InvalidConfiguration) -> ClientsReading {
        let listing = try listing()
        let delegations = work.context?.delegations
        let named = listing.files.filter { delegations.names($0) }
        var problems: [Problem] = []
        for file in listing.files where !named.contains(file) {
            problems.append(
                Problem(
                    .file(file.string, line: nil), "is not named in delegations, so that its clients are out",
                    hint: "add what it may hand out to delegations, or remove the file"))
        }
        let former = Dictionary(
            (former?.files ?? []).map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        let results = work.readAll(named, after: former, in: self)
        var files: [ReadClientsFile] = []
        for (path, result) in zip(named, results) {
            problems += result.problems
            if let file = result.file ?? former[path] { files.append(file) }
        }
        return files.read(
            after: registry, problems: problems, warnings: warnings(listing, delegations), work.context)
    }

    private func warnings(_ listing: Listing, _ delegations: Delegations?) -> [Problem] {
        let present = Set(listing.files.map(\.name))
        return listing.misnamed.map {
            Problem(.file($0.string, line: nil), "is not read, since its name does not end in .yaml")
        }
            + (delegations?.names ?? []).filter { !present.contains($0) }.map {
                Problem(
                    .file(path.appending($0).string, line: nil), "is named in delegations, and there is no such file")
            }
    }
}

extension ClientsLocation {
    /// Reads one file of the folder, with everything in it.
    func file(at path: FilePath) throws(InvalidConfiguration) -> ClientsFile {
        try ClientsFile(
            parsing: path, after: nil, access, limits: .fileOfTeam, issuers: nil, context: nil, threadCount: nil)
    }
}

extension Delegations? {
    /// Whether a file of the folder counts: without delegations each does.
    func names(_ file: FilePath) -> Bool { map { $0[file.name] != nil } ?? true }
}

extension FilePath {
    /// The last component.
    var name: String { lastComponent?.string ?? "" }
}

/// A file of a folder of clients, as it was last read.
struct ReadClientsFile: Sendable {
    /// Of the file when it was read; `nil` if it could not be looked at.
    let stamp: FileStamp?
    let file: ClientsFile

    var path: FilePath { file.path }

    var withoutEntries: ReadClientsFile { ReadClientsFile(stamp: stamp, file: file.withoutEntries) }

    /// Whether reading it again would find the same. A file with problems is read again: their cause may be another file.
    func isUpToDate(_ stamp: FileStamp?, _ issuers: IssuerNames?, _ context: ClientsContext?) -> Bool {
        stamp != nil && stamp == self.stamp && issuers == file.settings.issuers && context == file.settings.context
            && file.settings.problems.isEmpty && file.entries.allSatisfy { $0.problems.isEmpty && $0.warnings.isEmpty }
    }
}

/// How the files of a folder are read.
private struct FilesToRead: Sendable {
    let access: FileAccess
    let issuers: IssuerNames?
    let context: ClientsContext?
    let threadCount: Int

    struct Result: Sendable {
        var file: ReadClientsFile?
        var problems: [Problem] = []
    }

    func read(
        _ path: FilePath, after former: ClientsSettings?, limits: YAMLText.Limits = .ownFile, threadCount: Int? = nil
    ) throws(InvalidConfiguration) -> ClientsFile {
        try ClientsFile(
            parsing: path, after: former, access, limits: limits, issuers: issuers, context: context,
            threadCount: threadCount ?? self.threadCount)
    }

    /// Reads files in parallel. The results have the order of the files.
    func readAll(
        _ paths: [FilePath], after former: [FilePath: ReadClientsFile], in folder: ClientsLocation
    ) -> [Result] {
        let results = Mutex<[Result?]>(Array(repeating: nil, count: paths.count))
        // A file that is alone is read in pieces instead.
        let inner = paths.count == 1 ? threadCount : 1
        ParallelWork.run(count: paths.count, threadCount: threadCount) { index in
            let result = read(paths[index], after: former[paths[index]], in: folder, threadCount: inner)
            results.withLock { $0[index] = result }
        }
        return results.withLock { $0.map { $0 ?? Result() } }
    }

    private func read(
        _ path: FilePath, after former: ReadClientsFile?, in folder: ClientsLocation, threadCount: Int
    ) -> Result {
        // Taken before the file is read, so that a change in between is noticed.
        let stamp = FileStamp(path)
        guard folder.holds(path) else {
            return Result(problems: [
                Problem(.file(path.string, line: nil), "is a link that ends outside of the folder, and is not read")
            ])
        }
        if let former, former.isUpToDate(stamp, issuers, context) { return Result(file: former) }
        do throws(InvalidConfiguration) {
            let file = try read(path, after: former?.file.settings, limits: .fileOfTeam, threadCount: threadCount)
            // A setting that does not check may be one that revokes.
            guard former != nil || file.settings.problems.isEmpty else {
                return Result(problems: file.settings.problems)
            }
            return Result(file: ReadClientsFile(stamp: stamp, file: file))
        } catch {
            return Result(problems: error.problems)
        }
    }
}
