import AccessToken
import Foundation
import OAuth
import SystemPackage
import TestSupport

@testable import ServiceFiles

/// Exports in a folder of their own, and what becomes of them.
struct ExportFixture {
    static let now = NumericDate(1_795_000_000)
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    func clients(
        of exports: [String], from source: ImportSource, context: ClientsContext? = nil
    ) throws -> [ImportedClient] {
        try found(exports, from: source, context: context).clients
    }

    func found(
        _ exports: [String], from source: ImportSource, context: ClientsContext? = nil
    ) throws -> ClientImport {
        let paths = try exports.enumerated().map { index, text in
            try folder.write(text, to: "export\(index).json")
            return FilePath(folder.path("export\(index).json"))
        }
        return try ClientImport(of: paths, from: source, .command(), context: context, now: Self.now)
    }

    /// The only client of an export.
    func client(_ export: String, from source: ImportSource) throws -> ImportedClient {
        let clients = try clients(of: [export], from: source)
        guard clients.count == 1 else { throw UnexpectedCount(count: clients.count) }
        return clients[0]
    }

    /// The messages of the problems of exports that cannot be used.
    func messages(_ exports: [String], from source: ImportSource) throws -> [String] {
        do {
            _ = try found(exports, from: source)
            return []
        } catch let error as InvalidConfiguration {
            return error.problems.map(\.message)
        }
    }

    struct UnexpectedCount: Error {
        let count: Int
    }
}
