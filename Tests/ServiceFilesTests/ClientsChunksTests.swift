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
    private static let moments = [NumericDate(1_795_426_200)]
    private static let hash = "sha256:-StfEenewcjB1d94NpfljJECVET_sZOfX4p-xpnnHb4"

    init() throws { folder = try TemporaryFolder() }

    private static let count = 600
    /// It makes the file large with few entries, because each entry takes time to read.
    private static let line = String(repeating: "-", count: 1000)

    private static func text(indentation: String = "  ") -> String {
        (0..<count).reduce(into: "# All of them\nclients:\n") { text, number in
            text += """
                \(indentation)# The one with number \(number) \(line)
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
        let text = Self.text()
        #expect(try #require(ClientsChunks(text)).pieces.count > 1)
        let clients = try read(text)
        #expect(clients.map(\.id.description) == (0..<Self.count).map { "client-\($0)" })
        let inOne = try ClientsFile.clients(in: YAMLText(path: "clients.yaml", text: text))
        #expect(clients.map(\.scope) == inOne.map(\.scope))
        #expect(clients.map(\.name) == inOne.map(\.name))
    }

    @Test("A problem in a piece has the line number of the whole file")
    func problemsHaveTheLinesOfTheFile() throws {
        var lines = Self.text().split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
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
        #expect(throws: InvalidConfiguration.self) { try read(Self.text() + end) }
    }

    @Test("A setting for all clients may come before or after the entries of a large file")
    func whatHoldsForAllClientsMayStandInFront() throws {
        let setting = "# After the incident\nrefresh_tokens_not_before: 2026-11-23T09:30:00Z\n"
        let text = setting + Self.text()
        #expect(ClientsChunks(text)?.settings == setting + "# All of them\n")
        #expect(try read(text).allSatisfy { $0.notBefore.refreshTokens.moments == Self.moments })
        #expect(try read(Self.text() + setting).last?.notBefore.refreshTokens.moments == Self.moments)
        #expect(
            ClientsChunks(Self.text() + setting)?.settings
                == "refresh_tokens_not_before: 2026-11-23T09:30:00Z\n")
        let behind = #expect(throws: InvalidConfiguration.self) {
            try read(Self.text() + "# Soon\nrefresh_tokens_not_before: soon\n")
        }
        #expect(behind?.problems.map(\.place.line) == [2 + Self.count * 7 + 2])
        let error = #expect(throws: InvalidConfiguration.self) {
            try read("refresh_tokens_not_before: soon\n" + Self.text() + "    scoop: a\n")
        }
        #expect(error?.problems.map(\.place.line) == [1, 4 + Self.count * 7])
    }

    @Test("A setting after a line break that editors do not show is refused with its line")
    func aSettingBehindAnUnusualLineBreakIsRefused() throws {
        let text = Self.text() + "    # rotated\rrefresh_tokens_not_before: 2026-11-23T09:30:00Z\n"
        let error = #expect(throws: InvalidConfiguration.self) { try read(text) }
        #expect(error?.problems.map(\.place.line) == [2 + Self.count * 7 + 1])
    }

    @Test("An alias finds its anchor in another piece")
    func aliasesAcrossPiecesAreFollowed() throws {
        let first = "clients:\n  - client_id: first\n    client_secrets: &secrets [{hash: \"\(Self.hash)\"}]\n"
        let text = Self.text().replacing("# All of them\nclients:\n", with: first)
        #expect(try #require(ClientsChunks(text)).pieces.count > 1)
        let clients = try read(text + "  - client_id: last\n    client_secrets: *secrets\n")
        #expect(clients.last?.secrets.count == 1)
    }

    @Test(
        "A large file is read in pieces whatever its indentation, its line ends and the comment behind its header",
        arguments: [("", "\n", ""), ("  ", "\r\n", ""), ("    ", "\n", "   # All of them"), ("", "\r\n", " # é")])
    func otherLayoutsAreReadInPieces(indentation: String, end: String, comment: String) throws {
        let text = Self.text(indentation: indentation)
            .replacing("clients:\n", with: "clients:\(comment)\n").replacing("\n", with: end)
        #expect(try #require(ClientsChunks(text)).pieces.count > 1)
        let clients = try read(text)
        let inOne = try ClientsFile.clients(in: YAMLText(path: "clients.yaml", text: text))
        #expect(clients.map(\.id) == inOne.map(\.id) && clients.count == Self.count)
        #expect(clients.map(\.scope) == inOne.map(\.scope))
    }

    private static let layouts = [
        // `writ clients add`
        """
          - client_id: ID
            client_secrets:
              - hash: "HASH"
            scope: site.read

        """,
        // The documentation, with every member
        """
          - client_id: ID
            client_name: Nightly reporting                        # optional
            client_secrets:                                       # any that has not expired is accepted
              - hash: "HASH"                                      # base64url of the SHA-256
                expires_at: 2027-01-01T00:00:00Z                  # optional
            token_endpoint_auth_method: client_secret_basic       # or client_secret_post
                                                                  # method that its secrets and keys allow
            grant_types: [client_credentials, refresh_token]      # the default – and more
            scope: site.read site.documentation                   # what it may request
            resources: [https://api.example.com]                  # audiences that it may request
            access_token_lifetime: 5m                             # optional
            access_token_reuse: 10s                               # optional; or off
            requests_per_minute: 600                              # optional; more token requests are answered 429, by each replica
            refresh_tokens_not_before: 2026-11-23T09:30:00Z       # optional
            introspect: [https://api.example.com]                 # optional
            claims: { tenant: acme, level: 3, on: true }          # optional

        """,
        // PyYAML and other programs
        """
        - client_id: ID
          client_name: null
          client_secrets:
          - expires_at: '2027-01-01T00:00:00Z'
            hash: HASH
          grant_types:
          - client_credentials
          introspect: false
          resources:
          - https://api.example.com

        """,
        // JSON in YAML
        """
          - {"client_id": "ID", "client_secrets": [{"hash":"HASH"}], "scope": "site.read"}

        """,
    ]

    @Test("The layouts that people and programs write are read without Yams", arguments: layouts)
    func layoutsArePlain(entry: String) throws {
        let entries = (0..<Self.count).map {
            "  # \(Self.line)\n" + entry.replacing("ID", with: "client-\($0)").replacing("HASH", with: Self.hash)
        }
        let text = "clients:\n" + entries.joined()
        let pieces = try #require(ClientsChunks(text)).pieces
        #expect(pieces.count > 1)
        for piece in pieces { #expect(PlainYAML.read(piece.octets) != nil) }
        #expect(try read(text).count == Self.count)
        let inOne = try ClientsFile.clients(in: YAMLText(path: "clients.yaml", text: text))
        #expect(inOne.count == Self.count)
    }
}
