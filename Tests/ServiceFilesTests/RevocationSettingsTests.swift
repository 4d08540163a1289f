import AccessToken
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

/// The members of `clients.yaml` that revoke, and the places in the status lists.
@Suite struct RevocationSettingsTests {
    private static let hash = "sha256:K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols"
    private static let early = "2026-01-01T00:00:00Z"
    private static let late = "2026-06-01T00:00:00Z"

    private static func entry(_ id: String, _ members: String...) -> String {
        "  - client_id: \(id)\n    client_secrets: [{hash: \"\(hash)\"}]\n"
            + members.map { "    \($0)\n" }.joined()
    }

    private static func context(lists: Bool) -> ClientsContext {
        ClientsContext(
            certificates: CertificateSupport(hasAuthorities: false, canArrive: false), listsStatus: lists)
    }

    private func read(
        _ entries: String..., settings: String = "", lists: Bool = true, after former: ClientsReading? = nil
    ) throws -> ClientsReading {
        let text = settings + (entries.isEmpty ? "clients: []\n" : "clients:\n" + entries.joined())
        return try ClientsFile(
            parsing: YAMLText(path: "clients.yaml", text: text), after: former?.settings,
            context: Self.context(lists: lists)
        ).read(after: former.map { try ClientRegistry($0.clients) })
    }

    private func problems(_ reading: ClientsReading) -> [String] {
        reading.problems.map { "\($0.place.line ?? 0): \($0.message)" }
    }

    @Test("A moment is one time or a list, of the client and of all clients, for access tokens and refresh tokens")
    func moments() throws {
        let settings = "access_tokens_not_before: \(Self.early)\nrefresh_tokens_not_before: [\(Self.late)]\n"
        let reading = try read(
            Self.entry("a", "access_tokens_not_before: [\(Self.late), \(Self.early)]"), Self.entry("b"),
            settings: settings)
        #expect(reading.problems.isEmpty)
        #expect(reading.settings.notBefore.accessTokens.yaml == Self.early)
        #expect(
            reading.clients.map { $0.notBefore.accessTokens.yaml } == ["[\(Self.early), \(Self.late)]", Self.early])
        #expect(reading.clients.map { $0.notBefore.refreshTokens.yaml } == [Self.late, Self.late])
    }

    @Test("A time within a second is the next whole second, since tokens of that second were issued before")
    func fractions() throws {
        let times = ["2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00.000Z", "2026-01-01T01:00:00.001+01:00"]
        let moments = try times.map { time in
            try read(Self.entry("a", "access_tokens_not_before: \(time)")).clients[0].notBefore.accessTokens.yaml
        }
        #expect(moments == ["2026-01-01T00:00:01Z", Self.early, "2026-01-01T00:00:01Z"])
    }

    @Test(
        "What is no time, and more than 16, is a problem",
        arguments: [
            (
                "access_tokens_not_before: soon",
                "4: access_tokens_not_before is not a time such as 2027-01-01T00:00:00Z"
            ),
            ("access_tokens_not_before: {}", "4: access_tokens_not_before is neither a time nor a list of times"),
            ("access_tokens_not_before: [[]]", "4: access_tokens_not_before has an element that is not a time"),
            (
                "access_tokens_not_before: [2026-01-01]",
                "4: access_tokens_not_before has an element that is not a time such as 2027-01-01T00:00:00Z"
            ),
            (
                "access_tokens_not_before: [\(Array(repeating: early, count: 17).joined(separator: ", "))]",
                "4: access_tokens_not_before has more than 16 times"
            ),
            ("status_index: 1048576", "4: status_index is not a whole number from 0 to 1048575"),
            ("status_index: -1", "4: status_index is not a whole number from 0 to 1048575"),
            ("status_index: ''", "4: status_index is not a whole number from 0 to 1048575"),
            ("status_index: 99999999999999999999", "4: status_index is not a whole number from 0 to 1048575"),
            ("access_token_status_list: maybe", "4: access_token_status_list is neither true nor false"),
        ])
    func malformed(member: String, problem: String) throws {
        #expect(problems(try read(Self.entry("a", member))) == [problem])
    }

    @Test("A client has the place that is written, and is in the status lists unless it says otherwise")
    func places() throws {
        let clients = try read(
            Self.entry("a", "status_index: 1048575", "access_token_status_list: off"),
            Self.entry("b", "status_index: 0")
        ).clients
        #expect(clients.map(\.statusIndex) == [1_048_575, 0])
        #expect(clients.map(\.isInStatusLists) == [false, true])
    }

    @Test("Moments of all clients that do not check keep their last value")
    func settingsThatDoNotCheck() throws {
        let first = try read(Self.entry("a"), settings: "access_tokens_not_before: \(Self.early)\n")
        let second = try read(Self.entry("a"), settings: "access_tokens_not_before: [\(Self.late), x]\n", after: first)
        #expect(second.clients.map { $0.notBefore.accessTokens.yaml } == [Self.early])
        #expect(second.problems.count == 1 && second.refusedCount == 0)
    }

    @Test("The moments of an entry with another mistake count for the form that the client keeps")
    func momentsOfBrokenEntries() throws {
        let first = try read(Self.entry("a"))
        let broken = Self.entry(
            "a", "scop: x", "access_tokens_not_before: \(Self.early)", "refresh_tokens_not_before: []")
        let second = try read(broken, after: first)
        #expect(second.clients.map { $0.notBefore.accessTokens.yaml } == [Self.early])
        #expect(second.removed.isEmpty)
    }

    @Test("An entry that is out leaves its place and its moments, with those of all clients, to the status lists")
    func entriesThatAreOut() throws {
        let broken = Self.entry("a", "scop: x", "status_index: 7", "access_tokens_not_before: \(Self.late)")
        let reading = try read(
            broken, Self.entry("b", "scop: x", "status_index: x"), "  - nothing\n",
            settings: "access_tokens_not_before: \(Self.early)\n")
        #expect(reading.clients.isEmpty)
        #expect(
            reading.removed == [
                RemovedClient(
                    id: try ClientID("a"), statusIndex: 7,
                    notBefore: NotBefore([try NumericDate(rfc3339: Self.early), try NumericDate(rfc3339: Self.late)]),
                    isGone: false),
                RemovedClient(
                    id: try ClientID("b"), statusIndex: nil,
                    notBefore: NotBefore([try NumericDate(rfc3339: Self.early)]), isGone: false),
            ])
    }

    private static let removed = "removed: [{ client_id: gone, status_index: 5, access_tokens_not_before: \(early) }]\n"

    @Test("Removed clients are read in any layout, with the moments of all clients")
    func removedClients() throws {
        let block = """
            removed:
              - client_id: gone
                status_index: 5
                access_tokens_not_before:
                  - \(Self.early)
            access_tokens_not_before: \(Self.late)

            """
        let gone = try ClientID("gone")
        let early = try NumericDate(rfc3339: Self.early)
        #expect(
            try read(settings: Self.removed).removed == [
                RemovedClient(id: gone, statusIndex: 5, notBefore: NotBefore([early]))
            ])
        let reading = try read(settings: block)
        #expect(reading.settings.removed.map(\.notBefore.yaml) == [Self.early])
        #expect(reading.removed.map(\.notBefore.yaml) == ["[\(Self.early), \(Self.late)]"])
        #expect(reading.problems.isEmpty)
    }

    @Test(
        "A removed client that does not check is a problem, and takes away none that was there",
        arguments: [
            ("{}", "1: removed is not a list"), ("[a]", "1: an element of removed is not a mapping"),
            (
                "[{ client_id: new, access_tokens_not_before: \(early) }, { client_id: b }]",
                "1: access_tokens_not_before is missing in removed"
            ),
            ("[{ status_index: 5, access_tokens_not_before: \(early) }]", "1: client_id is missing in removed"),
            (
                "[{ client_id: gone, status_index: x, access_tokens_not_before: \(early) }]",
                "1: status_index is not a whole number from 0 to 1048575"
            ),
            (
                "[{ client_id: gone, acces_tokens_not_before: \(early), access_tokens_not_before: \(early) }]",
                "1: unknown key acces_tokens_not_before"
            ),
            ("[!x a]", "1: has a tag that is not one of !!str, !!int, !!float, !!bool, !!null, !!seq and !!map"),
        ])
    func removedThatDoNotCheck(value: String, problem: String) throws {
        let first = try read(settings: Self.removed)
        let second = try read(settings: "removed: \(value)\n", after: first)
        #expect(problems(second) == [problem])
        #expect(second.removed.map(\.id.description).contains("gone"))
        #expect(second.removed.contains { $0.id.description == "new" } == value.contains("new"))
        // It is a problem of the settings, so that the service does not start.
        #expect(second.settings.problems.count == 1)
        #expect(try read(settings: "removed: []\n", after: first).removed.isEmpty)
    }

    @Test("A client that is registered again is revoked as it was when it was removed")
    func registeredAgain() throws {
        let reading = try read(Self.entry("gone"), Self.entry("b"), settings: Self.removed)
        #expect(reading.problems.isEmpty)
        #expect(reading.clients.map { $0.notBefore.accessTokens.yaml } == [Self.early, "[]"])
        #expect(reading.clients.map { $0.notBefore.refreshTokens.yaml } == [Self.early, "[]"])
    }

    // The identifiers client-546 and client-1118 have the same first 20 bits of their SHA-256: 403656.
    @Test("Of two clients whose identifiers give one place the second is out, with the hint that mends it")
    func sharedPlaces() throws {
        let reading = try read(Self.entry("client-1118"), Self.entry("b"), Self.entry("client-546"))
        #expect(reading.clients.map(\.id.description) == ["client-1118", "b"])
        #expect(
            problems(reading) == [
                "6: the client has the place 403656 in the status lists, which is that of client-1118"
            ])
        let hint = try #require(reading.problems.first?.hint)
        #expect(hint == "status_index: 403657")
        #expect(reading.refusedCount == 1 && reading.removed.isEmpty)
        let mended = try read(Self.entry("client-1118"), Self.entry("b"), Self.entry("client-546", hint))
        #expect(mended.problems.isEmpty && mended.clients.count == 3)
        // Without status lists it does no harm.
        let off = try read(Self.entry("client-1118"), Self.entry("client-546"), lists: false)
        #expect(off.problems.isEmpty && off.clients.count == 2)
    }

    @Test("A client that had its place keeps it against another one that comes, with a status_index or above it")
    func formerPlaces() throws {
        let first = try read(Self.entry("client-546"))
        let second = try read(Self.entry("b", "status_index: 403656"), Self.entry("client-546"), after: first)
        #expect(second.clients.map(\.id.description) == ["client-546"])
        // Written down, it is the same place; another place is not.
        let third = try read(
            Self.entry("client-1118"), Self.entry("client-546", "status_index: 403656"), after: first)
        #expect(third.clients.map(\.id.description) == ["client-546"])
        let moved = try read(
            Self.entry("b", "status_index: 8"), Self.entry("client-546", "status_index: 8"), after: first)
        #expect(moved.clients.map(\.id.description) == ["b"])
    }

    @Test("A written status_index keeps its place, and of two that are written the first; each hint is another number")
    func writtenPlaces() throws {
        let reading = try read(
            Self.entry("client-546"), Self.entry("a", "status_index: 403656"), Self.entry("b", "status_index: 403656"))
        #expect(reading.clients.map(\.id.description) == ["a"])
        #expect(reading.problems.map(\.hint) == ["status_index: 403657", "status_index: 403658"])
        #expect(
            reading.displaced.map { [$0.id, $0.client?.id, $0.holder].map { $0?.description } } == [
                ["client-546", "client-546", "a"], ["b", "b", "a"],
            ])
    }

    /// Whether a token from before all moments is revoked in place 5.
    private func revokes(_ reading: ClientsReading) throws -> Bool {
        let lists = try ClientRegistry(reading.clients, removed: reading.removed).statusLists
        let early = try NumericDate(rfc3339: Self.early)
        return lists.isRevoked(5, in: early + .seconds(-300), at: early)
    }

    @Test(
        "An entry with the place of another client makes none of its revoked tokens good, whichever of the two has the place"
    )
    func revokedPlaces() throws {
        let victim = Self.entry("b", "status_index: 5", "access_tokens_not_before: \(Self.early)")
        let newcomer = Self.entry("evil", "status_index: 5")
        let first = try read(victim)
        let second = try read(newcomer, victim, after: first)
        #expect(second.clients.map(\.id.description) == ["b"])
        #expect(try revokes(second))
        // At a start nothing says which of them had it.
        let atStart = try read(newcomer, victim)
        #expect(atStart.clients.map(\.id.description) == ["evil"])
        #expect(try revokes(atStart))
        // Introspection and the names of lists follow the bit.
        #expect(atStart.clients.map { $0.notBefore.accessTokens.yaml } == [Self.early])
        #expect(atStart.clients.map { $0.notBefore.refreshTokens.yaml } == ["[]"])
        let broken = Self.entry("b", "status_index: 5", "access_tokens_not_before: \(Self.early)", "scop: x")
        #expect(try revokes(read(newcomer, broken)))
    }

    @Test("A removed client takes no other one its place, and what it revokes there stays revoked")
    func placesOfOtherRemovedClients() throws {
        let other = Self.entry("b", "status_index: 5", "access_tokens_not_before: \(Self.late)")
        for former in [nil, try read(other)] {
            let reading = try read(other, settings: Self.removed, after: former)
            #expect(reading.clients.map { $0.notBefore.accessTokens.yaml } == ["[\(Self.early), \(Self.late)]"])
            #expect(try reading.problems.isEmpty && revokes(reading))
        }
    }

    @Test("What a second entry with an identifier revokes stays revoked, though the first one decides about the client")
    func repeatedEntries() throws {
        let second = Self.entry(
            "b", "status_index: 5", "access_tokens_not_before: \(Self.early)",
            "refresh_tokens_not_before: \(Self.late)")
        let reading = try read(Self.entry("b", "status_index: 6"), second)
        #expect(reading.clients.map(\.statusIndex) == [6])
        #expect(reading.clients.map { $0.notBefore.accessTokens.yaml } == [Self.early])
        #expect(reading.clients.map { $0.notBefore.refreshTokens.yaml } == [Self.late])
        #expect(try revokes(reading))
    }

    @Test("Of two clients with the place of a removed one, that with its identifier has it")
    func placesOfRemovedClients() throws {
        let reading = try read(
            Self.entry("a", "status_index: 5"), Self.entry("gone", "status_index: 5"), settings: Self.removed)
        #expect(reading.clients.map(\.id.description) == ["gone"])
        #expect(reading.problems.map(\.hint) == ["status_index: 6"])
    }

    @Test("An entry that is out and another mistake in an entry keep their places too")
    func placesOfBrokenEntries() throws {
        let first = try read(Self.entry("a", "status_index: 5"), Self.entry("b", "status_index: 6"))
        let second = try read(
            Self.entry("a", "scop: x", "status_index: 5"), Self.entry("b", "status_index: 5"), after: first)
        #expect(second.clients.map { "\($0.id) \($0.statusIndex ?? 0)" } == ["a 5"])
        let atStart = try read(Self.entry("a", "scop: x", "status_index: 5"), Self.entry("b", "status_index: 5"))
        #expect(atStart.clients.isEmpty && atStart.removed.map(\.statusIndex) == [5])
    }

    @Test("A large file with removed clients and moments of all clients on one line each is read in pieces")
    func largeFiles() throws {
        let folder = try TemporaryFolder()
        let settings = "access_tokens_not_before: [\(Self.early), \(Self.late)]\n" + Self.removed
        let entries = (0..<5000).map { Self.entry("c-\($0)", "status_index: \($0 + 6)") }.joined()
        for text in [settings + "clients:\n" + entries, "clients:\n" + entries + settings] {
            #expect(ClientsChunks(text) != nil)
            try folder.write(text, to: "clients.yaml")
            let file = try ClientsFile(
                parsing: FilePath(folder.path("clients.yaml")), context: Self.context(lists: true))
            let reading = file.read()
            #expect(reading.problems.isEmpty && reading.clients.count == 5000 && reading.removed.count == 1)
            #expect(reading.clients.allSatisfy { $0.notBefore.accessTokens.moments.count == 2 })
        }
    }

    @Test("access_token.status_list is off by default, changes without a restart, and decides about shared places")
    func setting() throws {
        let folder = try TemporaryFolder()
        func configuration(_ text: String) throws -> ServiceConfiguration {
            try folder.write("issuer: http://localhost\n" + text, to: "writ.yaml")
            return try ServiceConfiguration(reading: FilePath(folder.path("writ.yaml")), environment: [:])
        }
        let off = try configuration("")
        let on = try configuration("access_token: { status_list: on }\n")
        #expect(!off.policy.listsStatus && on.policy.listsStatus)
        #expect(off.adopting(on).policy.listsStatus && off.changesNeedingRestart(on).isEmpty)
        #expect(on.clientsContext.listsStatus && on.clientsContext != off.clientsContext)
        #expect(on.effectiveSettings.first { $0.name == "access_token.status_list" }?.value == "on")
        let error = #expect(throws: InvalidConfiguration.self) {
            try configuration("access_token: { status_list: maybe }\n")
        }
        #expect(error?.problems.map(\.message) == ["access_token.status_list is neither on nor off"])
        // No access token lives longer than its status lists are served.
        let long = #expect(throws: InvalidConfiguration.self) { try configuration("access_token: { lifetime: 25h }\n") }
        #expect(long?.problems.map(\.message) == ["access_token.lifetime is not between 1s and 24h"])
    }
}
