package import AccessToken
import JOSE
import OAuth
package import SystemPackage
import WireText

/// The clients of exports, turned into clients of Writ. Nothing is written yet.
package struct ClientImport: Sendable {
    /// In the order of the exports.
    package let clients: [ImportedClient]
    /// What the operator should know of the files.
    package let warnings: [Problem]

    /// Reads exports of one product.
    ///
    /// - Parameters:
    ///   - context: what the configuration says about clients; `nil` checks nothing about it.
    ///   - now: secrets that have expired by then are not carried.
    /// - Throws: if a file cannot be read or is no such export, if the files hold no client, and if two clients have one
    ///   identifier.
    package init(
        of files: [FilePath], from source: ImportSource, _ access: FileAccess, context: ClientsContext?,
        now: NumericDate
    ) throws(InvalidConfiguration) {
        var items: [ExportItem] = []
        var size = 0
        var warnings: [Problem] = []
        for path in files {
            let file = ExportFile(path, access)
            let former = items.count
            let warning = try file.read(source.shape) { (item) throws(ExportFault) in
                guard items.count < Self.mostItems else {
                    throw .malformed("more than \(Self.mostItems) clients", offset: 0)
                }
                size += item.size
                guard size <= Self.mostOctets else { throw .malformed("clients of more than 256 MiB", offset: 0) }
                items.append(item)
            }
            guard items.count > former else {
                throw file.problem("is no export of \(source.rawValue)", hint: "it holds \(source.contents)")
            }
            if let warning { warnings.append(warning) }
        }
        let names = files.map(\.string).joined(separator: ", ")
        let drafts: [ClientDraft]
        do throws(UnusableExport) { drafts = try source.drafts(of: items, now: now) } catch {
            throw InvalidConfiguration([Problem(.file(names, line: nil), error.message, hint: error.hint)])
        }
        guard !drafts.isEmpty else {
            let message = "holds no client of \(source.rawValue)"
            throw InvalidConfiguration([Problem(.file(names, line: nil), message, hint: "it holds \(source.contents)")])
        }
        let repeated = Self.repeated(drafts)
        guard repeated.isEmpty else {
            throw InvalidConfiguration(
                repeated.map {
                    Problem(.file(names, line: nil), "has the client \($0) twice", hint: Self.hintForRepeated)
                })
        }
        clients = drafts.map { ImportedClient($0, context) }
        self.warnings = warnings + Self.pageWarnings(items, names)
    }

    /// Whether everything is carried that a client for Writ has.
    package var isComplete: Bool { clients.allSatisfy { $0.outcome == .whole || $0.outcome == .leftOut } }

    /// Those that are written.
    package var carried: [ImportedClient] { clients.filter { $0.client != nil } }

    /// Each client has a place in the status lists.
    private static var mostItems: Int { StatusIndex.range.count }

    /// As much as a clients file may have.
    private static let mostOctets = 256 << 20

    private static let hintForRepeated = "each client belongs in one of the files, once"

    private static func repeated(_ drafts: [ClientDraft]) -> [String] {
        var seen: Set<ExactText> = []
        return drafts.map(\.id).filter { !seen.insert(ExactText($0)).inserted }
    }

    /// Lists of Hydra and Auth0 come in pages.
    private static func pageWarnings(_ items: [ExportItem], _ names: String) -> [Problem] {
        let pages = items.filter { $0.list == nil }.map(\.object)
        let isUnfinished =
            pages.contains { $0.flag("is_last_page") == false } && !pages.contains { $0.flag("is_last_page") == true }
        guard isUnfinished else { return [] }
        return [
            Problem(
                .file(names, line: nil), "is one page of a list that goes on",
                hint: "export the next pages too, with the token in next_page_token, and name all files")
        ]
    }
}
