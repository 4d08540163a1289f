import AccessToken
import Foundation
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

/// A large file is read in pieces, with the same result as in one piece.
@Suite struct ClientsChunksTests {
    private let folder: TemporaryFolder
    private static let hash = "sha256:-StfEenewcjB1d94NpfljJECVET_sZOfX4p-xpnnHb4"

    init() throws { folder = try TemporaryFolder() }

    private static func text(entries: Int, indentation: String = "  ") -> String {
        (0..<entries).reduce(into: "# All of them\nclients:\n") { text, number in
            text += """
                \(indentation)# The one with number \(number)
                \(indentation)- client_id: client-\(number)
                \(indentation)  client_name: |
                \(indentation)    - not an entry: \(number)
                \(indentation)  client_secrets:
                \(indentation)  - hash: "\(hash)"
                \(indentation)  scope: "site.read \(number % 2 == 0 ? "even" : "odd")"

                """
        }
    }

    private func read(_ text: String) throws -> [Client] {
        try folder.write(text, to: "clients.yaml")
        return try ClientsFile.clients(in: FilePath(folder.path("clients.yaml")))
    }

    @Test("A large file is read in pieces, with the same result as in one piece")
    func aLargeFileIsReadInPieces() throws {
        let text = Self.text(entries: 3000)
        #expect(try #require(ClientsChunks(text)).pieces.count > 1)
        let clients = try read(text)
        #expect(clients.map(\.id.description) == (0..<3000).map { "client-\($0)" })
        let inOne = try ClientsFile.clients(in: YAMLText(path: "clients.yaml", text: text))
        #expect(clients.map(\.scope) == inOne.map(\.scope))
        #expect(clients.map(\.name) == inOne.map(\.name))
    }

    @Test("A problem in a piece has the line number of the whole file")
    func problemsHaveTheLinesOfTheFile() throws {
        var lines = Self.text(entries: 3000).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let wrong = try #require(lines.lastIndex { $0.contains("scope:") })
        lines[wrong] = "    scoop: a"
        let twice = try #require(lines.lastIndex { $0.contains("client_id:") })
        lines[twice] = "  - client_id: client-7"
        let error = #expect(throws: InvalidConfiguration.self) { try read(lines.joined(separator: "\n")) }
        #expect(error?.problems.map(\.place.line) == [wrong + 1, twice + 1])
        #expect(error?.problems.last?.message == "client_id is already used in line 53")
    }

    @Test(
        "A large file that is invalid as a whole is refused",
        arguments: [
            "other: 1\n", "  - client_id: [\n", "---\nclients: []\n", "  - *anchor\n",
            "  - client_id: z\n    client_secrets: \"\n  - quoted\n",
        ])
    func whatDoesNotFitIsReadInOneAndRefused(end: String) {
        #expect(throws: InvalidConfiguration.self) { try read(Self.text(entries: 3000) + end) }
    }

    @Test("A setting for all clients may come before or after the entries of a large file")
    func whatHoldsForAllClientsMayStandInFront() throws {
        let setting = "# After the incident\nrefresh_tokens_not_before: 2026-11-23T09:30:00Z\n"
        let text = setting + Self.text(entries: 3000)
        #expect(ClientsChunks(text)?.preamble == setting + "# All of them\n")
        #expect(try read(text).allSatisfy { $0.refreshTokensNotBefore?.seconds == 1_795_426_200 })
        #expect(try read(Self.text(entries: 3000) + setting).last?.refreshTokensNotBefore?.seconds == 1_795_426_200)
        let error = #expect(throws: InvalidConfiguration.self) {
            try read("refresh_tokens_not_before: soon\n" + Self.text(entries: 3000) + "    scoop: a\n")
        }
        #expect(error?.problems.map(\.place.line) == [1, 4 + 3000 * 7])
    }

    @Test("A setting after a carriage return among the entries is not lost")
    func aSettingBehindAnUnusualLineBreakIsNotLost() throws {
        let text = Self.text(entries: 3000) + "    # rotated\rrefresh_tokens_not_before: 2026-11-23T09:30:00Z\n"
        #expect(try read(text).last?.refreshTokensNotBefore?.seconds == 1_795_426_200)
    }

    @Test("An alias finds its anchor in another piece")
    func aliasesAcrossPiecesAreFollowed() throws {
        let first = "clients:\n  - client_id: first\n    client_secrets: &secrets [{hash: \"\(Self.hash)\"}]\n"
        let text = Self.text(entries: 3000).replacing("# All of them\nclients:\n", with: first)
        let clients = try read(text + "  - client_id: last\n    client_secrets: *secrets\n")
        #expect(clients.last?.secrets.count == 1)
    }

    @Test("A large file with entries in the first column is read in one piece")
    func entriesInTheFirstColumnAreReadInOne() throws {
        let text = Self.text(entries: 3000, indentation: "")
        #expect(ClientsChunks(text) == nil)
        #expect(try read(text).count == 3000)
    }
}
