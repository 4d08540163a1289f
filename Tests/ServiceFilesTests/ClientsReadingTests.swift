import AccessToken
import Foundation
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

/// Reading the clients file entry by entry.
@Suite struct ClientsReadingTests {
    private static let hash = "sha256:K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols"

    private static func entry(_ id: String, _ member: String = "scope: a") -> String {
        "  - client_id: \(id)\n    client_secrets: [{hash: \"\(hash)\"}]\n    \(member)\n"
    }

    private func read(_ entries: String..., settings: String = "", after former: ClientsReading? = nil) throws
        -> ClientsReading
    {
        let text = settings + "clients:\n" + entries.joined()
        return try ClientsFile(
            parsing: YAMLText(path: "clients.yaml", text: text), after: former?.settings
        ).read(after: former.map { try ClientRegistry($0.clients) })
    }

    private func scopes(_ reading: ClientsReading) -> [String] {
        reading.clients.map { "\($0.id): \($0.scope)" }
    }

    @Test("An entry that does not check keeps the form that it last had, and holds up no other entry")
    func aBrokenEntryKeepsItsForm() throws {
        let first = try read(Self.entry("one"), Self.entry("two"), Self.entry("three"))
        let broken = Self.entry("two", "scop: b")
        let second = try read(Self.entry("one", "scope: new"), broken, Self.entry("four"), after: first)
        #expect(scopes(second) == ["one: new", "two: a", "four: a"])
        #expect(second.refusedCount == 1)
        #expect(second.problems.map(\.message) == ["unknown key scop"])
        // And it keeps it over further readings, until it checks or is gone.
        let third = try read(broken, after: second)
        #expect(scopes(third) == ["two: a"])
        #expect(scopes(try read(Self.entry("two", "scope: c"), after: third)) == ["two: c"])
        #expect(scopes(try read(Self.entry("one"), after: third)) == ["one: a"])
    }

    @Test("At a start an entry that does not check is out")
    func aBrokenEntryIsOutAtAStart() throws {
        let reading = try read(Self.entry("one"), Self.entry("two", "scop: b"), "  - nothing\n")
        #expect(scopes(reading) == ["one: a"])
        #expect(reading.refusedCount == 2)
    }

    @Test("Of two entries with one identifier the first decides about the client")
    func theFirstOfTwoDecides() throws {
        let former = try read(Self.entry("one", "scope: former"))
        let twice = try read(Self.entry("one"), Self.entry("one", "scope: b"), after: former)
        #expect(scopes(twice) == ["one: a"])
        #expect(twice.problems.map(\.message) == ["client_id is already used in line 2"])
        #expect(
            scopes(try read(Self.entry("one", "scop: a"), Self.entry("one", "scope: b"), after: former)) == [
                "one: former"
            ])
    }

    private static func slow(_ id: String, rounds: Int) -> String {
        "  - client_id: \(id)\n    client_secrets: [{hash: '$pbkdf2-sha256$i=\(1000 + rounds)$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA'}]\n"
    }

    @Test("An entry that would make password hashes too many is out, and takes out no client that was there")
    func tooManyCosts() throws {
        let eight = (1...8).map { Self.slow("c\($0)", rounds: $0) }.joined()
        let former = try read(eight)
        #expect(former.problems.isEmpty)
        let reading = try read(Self.slow("new", rounds: 9), eight, after: former)
        #expect(reading.clients.map(\.id.description) == (1...8).map { "c\($0)" })
        #expect(reading.refusedCount == 1)
        // A client that changes to another cost keeps its former one.
        let changed = try read(
            Self.slow("c1", rounds: 9), eight.replacing(Self.slow("c1", rounds: 1), with: ""), after: former)
        #expect(changed.problems.isEmpty)
        let other = try read(
            Self.slow("c1", rounds: 9), eight.replacing("client_id: c1\n", with: "client_id: d\n"), after: former)
        #expect(other.clients.count == 8)
    }

    @Test(
        "A time for all clients that does not check keeps its last value, and a new one counts for broken entries too")
    func theTimeForAllClients() throws {
        let first = try read(
            Self.entry("one"), settings: "refresh_tokens_not_before: 2026-01-01T00:00:00Z\n")
        let broken = try read(
            Self.entry("one", "scope: b"), settings: "refresh_tokens_not_before: soon\n", after: first)
        #expect(broken.clients.map { $0.notBefore.refreshTokens.yaml } == ["2026-01-01T00:00:00Z"])
        #expect(scopes(broken) == ["one: b"])
        #expect(broken.problems.count == 1 && broken.refusedCount == 0)
        let revoked = try read(
            Self.entry("one", "scop: c"), settings: "refresh_tokens_not_before: 2026-06-01T00:00:00Z\n", after: broken)
        #expect(scopes(revoked) == ["one: b"])
        #expect(
            revoked.clients.map { $0.notBefore.refreshTokens.yaml } == ["[2026-01-01T00:00:00Z, 2026-06-01T00:00:00Z]"])
    }

    @Test("A large file is parsed by any number of threads with the same result", arguments: [1, 2, 5])
    func anyNumberOfThreads(count: Int) throws {
        let folder = try TemporaryFolder()
        let entries = (0..<5000).map { Self.entry("client-\($0)") }.joined()
        try folder.write("clients:\n" + entries, to: "clients.yaml")
        let file = try ClientsFile(parsing: FilePath(folder.path("clients.yaml")), .service, threadCount: count)
        #expect(file.read().clients.map(\.id.description) == (0..<5000).map { "client-\($0)" })
    }
}
