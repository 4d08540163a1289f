import Foundation
package import OAuth
import Synchronization
package import SystemPackage

/// `clients.yaml`. Its members have the names of RFC 7591 if that defines them.
package struct ClientsFile: Sendable {
    /// As the operator wrote it.
    let path: FilePath
    /// In the order of the file.
    let entries: [ClientEntry]
    let settings: ClientsSettings
    /// How the text was read in pieces; `nil` if it was read in one.
    let chunking: Chunking?

    /// The pieces of a large file.
    struct Chunking: Sendable {
        /// The octets of each piece in the text.
        let ranges: [Range<Int>]
        /// How far entries are indented.
        let indentation: Int
        /// The position after the last entry of each piece.
        let ends: [Int]
    }

    /// Reads the file and all its entries, good or not.
    ///
    /// - Parameters:
    ///   - former: the settings of the last reading, which replace settings of the file that do not check.
    ///   - issuers: the trusted issuers, which identities of clients name. `nil` checks nothing about them.
    ///   - context: what the configuration says about clients. `nil` checks nothing about it.
    ///   - threadCount: how many threads parse a large file at once; `nil` for as many as there are cores.
    /// - Throws: if the file as a whole cannot be read or is not a clients file.
    package init(
        parsing path: FilePath, after former: ClientsSettings? = nil, _ access: FileAccess = .command(),
        issuers: IssuerNames? = nil, context: ClientsContext? = nil, threadCount: Int? = nil
    ) throws(InvalidConfiguration) {
        try self.init(
            parsing: path, after: former, access, limits: .ownFile, issuers: issuers, context: context,
            threadCount: threadCount)
    }

    /// The same for a file that other people than the operator may write.
    init(
        parsing path: FilePath, after former: ClientsSettings?, _ access: FileAccess, limits: YAMLText.Limits,
        issuers: IssuerNames?, context: ClientsContext?, threadCount: Int?
    ) throws(InvalidConfiguration) {
        let text = try YAMLText.contents(of: path, access, limits)
        if let file = Self(
            inPieces: text, of: path, after: former, issuers: issuers, context: context, threadCount: threadCount)
        {
            self = file
        } else {
            try self.init(
                parsing: YAMLText(path: path, text: text), after: former, issuers: issuers, context: context)
        }
        let brokenCount = entries.count { $0.client == nil }
        guard brokenCount <= limits.mostBrokenEntries else {
            throw InvalidConfiguration([
                Problem(
                    .file(path.string, line: nil),
                    "has \(brokenCount) entries that do not check, and \(limits.mostBrokenEntries) are borne with")
            ])
        }
    }

    /// Reads the text of a large file in pieces.
    ///
    /// - Returns: `nil` for a small file, and for one with another layout.
    init?(
        inPieces text: String, of path: FilePath, after former: ClientsSettings? = nil, issuers: IssuerNames? = nil,
        context: ClientsContext? = nil, threadCount: Int? = nil
    ) {
        let threadCount = threadCount ?? ParallelWork.coreCount
        guard let chunks = ClientsChunks(text),
            let settings = Self.settings(of: chunks, path, after: former, issuers, context),
            let entries = Self.parse(chunks, of: path, settings, threadCount: threadCount)
        else { return nil }
        var ends: [Int] = []
        for piece in entries { ends.append((ends.last ?? 0) + piece.count) }
        self.init(
            path, entries: entries.flatMap(\.self), settings: settings,
            chunking: Chunking(ranges: chunks.ranges, indentation: chunks.indentation, ends: ends))
    }

    init(
        parsing yaml: YAMLText, after former: ClientsSettings? = nil, issuers: IssuerNames? = nil,
        context: ClientsContext? = nil
    ) throws(InvalidConfiguration) {
        guard let root = yaml.content else {
            throw InvalidConfiguration([
                Problem(
                    .file(yaml.path.string, line: nil), "the clients file is empty",
                    hint: "`writ clients add ID --scope \"...\"` adds a client; write `clients: []` if there is none")
            ])
        }
        let members = root.members ?? []
        let clients = members.first { $0.name == "clients" }?.value
        guard let clients, let entries = clients.elements, [.none, .seq].contains(clients.tag) else {
            let isNull = clients?.isNull == true
            let hint = isNull ? "write `clients: []` if there is none" : "it begins with a line `clients:`"
            throw InvalidConfiguration([Problem(yaml.place(of: root), "is not a clients file", hint: hint)])
        }
        let settings = ClientsSettings(
            members, of: yaml.lines, after: former, issuers: issuers, context: context)
        self.init(yaml.path, entries: entries.map { ClientEntry($0, of: yaml.lines, settings) }, settings: settings)
    }

    /// The same without its entries, of which there may be many.
    var withoutEntries: ClientsFile { ClientsFile(path, entries: [], settings: settings) }

    private init(_ path: FilePath, entries: [ClientEntry], settings: ClientsSettings, chunking: Chunking? = nil) {
        self.path = path
        self.chunking = chunking
        self.entries = entries
        self.settings = settings
    }

    private static func settings(
        of chunks: ClientsChunks, _ path: FilePath, after former: ClientsSettings?, _ issuers: IssuerNames?,
        _ context: ClientsContext?
    ) -> ClientsSettings? {
        guard let yaml = try? YAMLText(path: path, text: chunks.settings, lineOffset: chunks.settingsOffset) else {
            return nil
        }
        return ClientsSettings(
            yaml.content?.members ?? [], of: yaml.lines, after: former, issuers: issuers, context: context)
    }

    /// Parses the pieces in parallel.
    ///
    /// - Returns: `nil` if a piece is not a clients file of its own, for example because it refers to an anchor in
    ///   another piece.
    private static func parse(
        _ chunks: ClientsChunks, of path: FilePath, _ settings: ClientsSettings, threadCount: Int
    ) -> [[ClientEntry]]? {
        let results = ParsedPieces(count: chunks.pieces.count)
        ParallelWork.run(count: chunks.pieces.count, threadCount: threadCount) { index in
            let piece = chunks.pieces[index]
            let file = FileLines(path: path.string, offset: piece.lineOffset)
            let entries =
                if let root = PlainYAML.read(piece.octets) {
                    Self.entries(root, of: file, settings)
                } else {
                    Self.entries(
                        try? YamsNode.parse(String(decoding: piece.octets, as: UTF8.self)), of: file, settings)
                }
            results.set(index, entries)
        }
        return results.all
    }

    private static func entries(
        _ root: (some YAMLNode)?, of file: FileLines, _ settings: ClientsSettings
    ) -> [ClientEntry]? {
        // What looks like an entry can be another member.
        guard let members = root?.members, members.count == 1 else { return nil }
        return members[0].value.elements?.map { ClientEntry($0, of: file, settings) }
    }
}

extension ClientsFile {
    /// The clients of a file in which everything checks, in its order.
    ///
    /// - Throws: all problems at once, each with its line.
    package static func clients(
        in path: FilePath, _ access: FileAccess = .command()
    ) throws(InvalidConfiguration) -> [Client] {
        try ClientsFile(parsing: path, access).read().checked()
    }

    static func clients(in yaml: YAMLText) throws(InvalidConfiguration) -> [Client] {
        try ClientsFile(parsing: yaml).read().checked()
    }
}

/// The entries of each piece; `nil` for a piece that is not a clients file of its own.
private final class ParsedPieces: Sendable {
    private let pieces: Mutex<[[ClientEntry]?]>

    init(count: Int) { pieces = Mutex(Array(repeating: nil, count: count)) }

    func set(_ index: Int, _ entries: [ClientEntry]?) { pieces.withLock { $0[index] = entries } }

    /// `nil` if one of the pieces is.
    var all: [[ClientEntry]]? {
        let pieces = pieces.withLock { $0 }
        return pieces.contains { $0 == nil } ? nil : pieces.map { $0 ?? [] }
    }
}
