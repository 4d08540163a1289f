import AccessToken
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

/// Edits of a large clients file, of which an excerpt is read as YAML.
@Suite struct LargeFileEditsTests {
    private let folder: TemporaryFolder
    private let editor: ClientsFileEditor
    private static let hash = "sha256:K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols"
    private static let now = NumericDate(1_795_000_000)
    private static let next = now + .seconds(1)
    private static let count = 240
    /// It makes the file large with few entries, because each entry takes time to read.
    private static let line = String(repeating: "-", count: 2400)

    private static func entry(_ number: Int) -> String {
        "  # \(line) \(number)\n  - client_id: client-\(number)\n    client_secrets: [{hash: \"\(hash)\"}]   # kept\n"
    }

    private static let comment = "  # \(line) 0\n"
    private static let entries = (0..<count).map(entry).joined()
    private static let text = "# All of them\nclients:\n" + entries
    private static let setting = "refresh_tokens_not_before: 2026-01-01T00:00:00Z   # kept\n"

    init() throws {
        folder = try TemporaryFolder()
        editor = ClientsFileEditor(FilePath(folder.path("clients.yaml")))
    }

    /// The first and the last entry of each piece, and one within.
    private static func places(_ text: String) throws -> [Int] {
        let file = try #require(ClientsFile(inPieces: text, of: "clients.yaml"))
        let ends = try #require(file.chunking?.ends)
        #expect(ends.count > 2)
        return ends.flatMap { [$0 - 1, $0] }.filter { $0 < count } + [0, 1, count / 2]
    }

    private func edited(_ text: String, _ edit: () throws -> Void) throws -> String {
        try folder.write(text, to: "clients.yaml")
        try edit()
        return try folder.read("clients.yaml")
    }

    @Test("An entry anywhere in a large file is revoked by two lines, and nothing else changes")
    func revokes() throws {
        for number in try Self.places(Self.text) {
            let id = "client_id: client-\(number)\n"
            let moment = Self.next.rfc3339
            let members = "    access_tokens_not_before: \(moment)\n    refresh_tokens_not_before: \(moment)\n"
            let result = try edited(Self.text) {
                try editor.revoke(ClientID("client-\(number)"), at: Self.next, now: Self.now)
            }
            #expect(result == Self.text.replacing(id, with: id + members), "\(number)")
        }
    }

    @Test("An entry anywhere in a large file is removed with the comment above it")
    func removes() throws {
        for number in try Self.places(Self.text) {
            let result = try edited(Self.text) { try editor.remove(ClientID("client-\(number)"), now: Self.now) }
            let rest = Self.text.replacing(Self.entry(number), with: "")
            #expect(result.hasPrefix("# All of them\nremoved: [{ client_id: client-\(number), "))
            let lines = result.split(separator: "\n", omittingEmptySubsequences: false).filter {
                !$0.hasPrefix("removed:")
            }
            #expect(lines.joined(separator: "\n") == rest, "\(number)")
        }
    }

    @Test(
        "Settings, secrets and new clients of a large file are edited too, whatever its line ends",
        arguments: ["\n", "\r\n"])
    func others(end: String) throws {
        let hash = try ClientSecretHash(of: "new")
        for text in [Self.setting + Self.text, Self.text + Self.setting] {
            let text = text.replacing("\n", with: end)
            let result = try edited(text) {
                try editor.revoke(nil, at: Self.next, now: Self.now)
                try editor.rotateSecret(of: ClientID("client-120"), to: hash, oldEnd: nil, now: Self.now)
                try editor.add(
                    NewClient(id: ClientID("client-0x"), credential: .secret(hash), scope: .empty), now: Self.now)
                try editor.remove(ClientID("client-180"), now: Self.now)
            }
            #expect(
                result.utf8.count { $0 == UInt8(ascii: "\r") } == (end.utf8.count - 1)
                    * result.utf8.count { $0 == UInt8(ascii: "\n") })
            let file = try #require(ClientsFile(inPieces: result, of: "clients.yaml"))
            let reading = file.read()
            #expect(reading.problems.isEmpty && reading.clients.count == Self.count)
            #expect(reading.clients.last?.id.description == "client-0x" && reading.clients.last?.statusIndex != nil)
            #expect(reading.clients.allSatisfy { $0.notBefore.accessTokens.moments == [Self.next] })
            #expect(reading.clients.allSatisfy { $0.notBefore.refreshTokens.moments.count == 2 })
            #expect(
                reading.clients.filter { $0.secrets.map(\.hash) == [hash] }.map(\.id.description) == [
                    "client-120", "client-0x",
                ])
            #expect(reading.removed.map(\.id.description) == ["client-180"])
        }
    }

    @Test(
        "Entries of one identifier in several pieces are removed together, and a problem has the line of the whole file"
    )
    func severalPieces() throws {
        let broken = "  - client_id: client-1\n    scop: a\n"
        let result = try edited(Self.text + broken) { try editor.remove(ClientID("client-1"), now: Self.now) }
        #expect(!result.contains("client_id: client-1\n") && result.contains("client_id: client-2\n"))
        let error = #expect(throws: InvalidConfiguration.self) {
            _ = try edited(Self.text + broken.replacing("client-1", with: "broken")) {
                try editor.rotateSecret(
                    of: ClientID("broken"), to: ClientSecretHash(of: "new"), oldEnd: nil, now: Self.now)
            }
        }
        #expect(error?.problems.first?.place.line == 2 + 3 * Self.count + 2)
        #expect(throws: ClientsFileEditError.noSuchClient) { try editor.remove(ClientID("nobody"), now: Self.now) }
    }

    @Test("A line that looks like one that stands for entries changes nothing")
    func looksLikeAnOmission() throws {
        let text = Self.text + "  - writ-leaves-out-0: 0\n"
        try folder.write(text, to: "clients.yaml")
        do { try editor.revoke(ClientID("client-239"), at: Self.next, now: Self.now) } catch ClientsFileEditError
            .unusualLayout
        {
            #expect(try folder.read("clients.yaml") == text)
            return
        }
        #expect(
            try folder.read("clients.yaml").hasSuffix(
                "    client_secrets: [{hash: \"\(Self.hash)\"}]   # kept\n  - writ-leaves-out-0: 0\n"))
    }

    @Test("An excerpt is small, and the whole text comes back from it")
    func excerpt() throws {
        let file = try #require(ClientsFile(inPieces: Self.text, of: "clients.yaml"))
        let none = try #require(ClientsExcerpt(of: Self.text, file, changing: [], isAppended: false))
        #expect(none.text == "# All of them\nclients:\n\(Self.comment)  - writ-leaves-out-0: 0\n")
        #expect(none.completing(none.text) == Self.text)
        #expect(none.completing("# All of them\nclients:\n") == nil)
        #expect(none.completing(none.text + "  - writ-leaves-out-0: 0\n") == nil)
        let end = try #require(ClientsExcerpt(of: Self.text, file, changing: [], isAppended: true))
        #expect(end.text.utf8.count < 300 * 1024 && end.completing(end.text) == Self.text)
    }
}
