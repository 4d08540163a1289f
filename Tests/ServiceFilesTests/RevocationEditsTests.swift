import AccessToken
import Foundation
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

/// Edits of `clients.yaml` that revoke.
@Suite struct RevocationEditsTests {
    private let folder: TemporaryFolder
    private let editor: ClientsFileEditor
    private static let hash = "sha256:K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols"
    private static let now = NumericDate(1_795_000_000)
    private static let next = now + .seconds(1)
    private static let text = """
        # The clients of the site.

        # All of them
        clients:
          # Runs at night.
          - client_id: one   # the first
            client_secrets: [{hash: "\(hash)"}]
            scope: a   # both

          - client_id: two
            client_secrets:
              - hash: "\(hash)"
        # The end.

        """

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(Self.text, to: "clients.yaml")
        editor = ClientsFileEditor(FilePath(folder.path("clients.yaml")))
    }

    private func reading() throws -> ClientsReading {
        try ClientsFile(parsing: FilePath(folder.path("clients.yaml"))).read()
    }

    private func moments(of id: String) throws -> TokensNotBefore? {
        try reading().clients.first { $0.id.description == id }?.notBefore
    }

    private static func both(_ moments: NumericDate...) -> TokensNotBefore {
        TokensNotBefore(accessTokens: NotBefore(moments), refreshTokens: NotBefore(moments))
    }

    private func client(_ id: String) throws -> NewClient {
        NewClient(id: try ClientID(id), credential: .secret(try ClientSecretHash(of: "new")), scope: .empty)
    }

    @Test("A client's tokens are revoked by two lines below its identifier, and everything else stays as it is")
    func revokesAClient() throws {
        #expect(try editor.revoke(ClientID("one"), at: Self.next, now: Self.now) == Self.both(Self.next))
        let lines = """
              - client_id: one   # the first
                access_tokens_not_before: \(Self.next.rfc3339)
                refresh_tokens_not_before: \(Self.next.rfc3339)

            """
        #expect(
            try folder.read("clients.yaml")
                == Self.text.replacing("  - client_id: one   # the first\n", with: lines))
        #expect(try moments(of: "two") == TokensNotBefore())
    }

    @Test("A moment that lies ahead stays beside the one that counts, and what revokes nothing more goes")
    func severalMoments() throws {
        let ahead = Self.now + .seconds(90)
        try editor.revoke(ClientID("two"), at: ahead, now: Self.now)
        #expect(try editor.revoke(ClientID("two"), at: Self.next, now: Self.now) == Self.both(Self.next, ahead))
        #expect(
            try folder.read("clients.yaml").contains(
                "access_tokens_not_before: [\(Self.next.rfc3339), \(ahead.rfc3339)]\n"))
        let later = ahead + .seconds(10)
        #expect(try editor.revoke(ClientID("two"), at: later, now: ahead) == Self.both(ahead, later))
        // An earlier moment does not take the place of a later one.
        #expect(try editor.revoke(ClientID("two"), at: Self.next, now: later) == Self.both(later))
        #expect(try moments(of: "two") == Self.both(later))
    }

    @Test(
        "Moments that are there are replaced in any layout, with their comments",
        arguments: [
            "    access_tokens_not_before: TIME   # kept\n", "    access_tokens_not_before: [TIME]   # kept\n",
            "    access_tokens_not_before:\n      # kept\n      - TIME\n",
            "    access_tokens_not_before:\n      - TIME   # kept\n\n    # Its name\n    client_name: a\n",
            "    \"access_tokens_not_before\": 'TIME'   # kept\n    refresh_tokens_not_before: [\n      TIME,\n    ]\n",
        ])
    func layouts(members: String) throws {
        let members = members.replacing("TIME", with: "2026-01-01T00:00:00Z")
        try folder.write(Self.text + "", to: "clients.yaml")
        try folder.write(
            Self.text.replacing("    scope: a   # both\n", with: members + "    scope: a   # both\n"),
            to: "clients.yaml")
        let before = try reading()
        try editor.revoke(ClientID("one"), at: Self.next, now: Self.now)
        let text = try folder.read("clients.yaml")
        #expect(text.contains("# kept\n") && text.contains("    scope: a   # both\n"), "\(text)")
        #expect(text.contains("# Its name") == members.contains("# Its name"))
        let access = try #require(try moments(of: "one")?.accessTokens.moments)
        #expect(access == [try NumericDate(rfc3339: "2026-01-01T00:00:00Z"), Self.next])
        #expect(try reading().clients.map(\.name) == before.clients.map(\.name))
    }

    @Test(
        "An entry in braces is revoked within its lines",
        arguments: [
            "  - {\"client_id\": \"one\", \"client_name\": \"é, {\", \"client_secrets\": [{\"hash\":\"\(hash)\"}]}   # kept\n",
            "  - { client_id: one, access_tokens_not_before: TIME, client_secrets: [{hash: \"\(hash)\"}] }   # kept\n",
            "  - { client_id: one, client_name: é, refresh_tokens_not_before: [ TIME, TIME ],   # kept\n"
                + "      access_tokens_not_before: \"TIME\",\n      client_secrets: [{hash: \"\(hash)\"}] }\n",
        ])
    func braces(entry: String) throws {
        let entry = entry.replacing("TIME", with: "2026-01-01T00:00:00Z")
        try folder.write("clients:\n" + entry + "  - client_id: two\n", to: "clients.yaml")
        let before = try reading()
        let moments = try editor.revoke(ClientID("one"), at: Self.next, now: Self.now)
        #expect(moments.accessTokens.moments.last == Self.next && moments.refreshTokens.moments.last == Self.next)
        let text = try folder.read("clients.yaml")
        #expect(try self.moments(of: "one") == moments && text.contains("# kept\n"))
        #expect(text.split(separator: "\n").count == 2 + entry.split(separator: "\n").count)
        #expect(try reading().clients.map(\.name) == before.clients.map(\.name))
    }

    @Test("The tokens of all clients are revoked above the line of the clients, or beside the other settings")
    func revokesAllClients() throws {
        #expect(try editor.revoke(nil, at: Self.next, now: Self.now) == Self.both(Self.next))
        let lines = "access_tokens_not_before: TIME\nrefresh_tokens_not_before: TIME\n"
            .replacing("TIME", with: Self.next.rfc3339)
        #expect(
            try folder.read("clients.yaml") == Self.text.replacing("# All of them\n", with: lines + "# All of them\n"))
        #expect(try moments(of: "two") == Self.both(Self.next))
        try folder.write(
            "clients: []   # none\nrefresh_tokens_not_before: 2026-01-01T00:00:00Z   # all\n", to: "clients.yaml")
        try editor.revoke(nil, at: Self.next, now: Self.now)
        #expect(
            try folder.read("clients.yaml") == """
                clients: []   # none
                refresh_tokens_not_before: [2026-01-01T00:00:00Z, \(Self.next.rfc3339)]   # all
                access_tokens_not_before: \(Self.next.rfc3339)

                """)
    }

    @Test("A seventeenth moment is refused, and the file stays as it is")
    func tooManyMoments() throws {
        for second in 1...16 { try editor.revoke(ClientID("one"), at: Self.now + .seconds(second), now: Self.now) }
        let text = try folder.read("clients.yaml")
        #expect(throws: ClientsFileEditError.tooManyMoments) {
            try editor.revoke(ClientID("one"), at: Self.now + .seconds(17), now: Self.now)
        }
        #expect(try folder.read("clients.yaml") == text && reading().problems.isEmpty)
    }

    @Test(
        "A client with another mistake in its entry is revoked, and moments that do not check are left to the operator")
    func brokenEntries() throws {
        try folder.write(Self.text.replacing("scope: a", with: "scop: a"), to: "clients.yaml")
        try editor.revoke(ClientID("one"), at: Self.next, now: Self.now)
        #expect(try reading().removed.map(\.notBefore.yaml) == [Self.next.rfc3339])
        let wrong = Self.text.replacing("scope: a ", with: "access_tokens_not_before: [2026-01-01T00:00:00Z, soon] ")
        try folder.write(wrong, to: "clients.yaml")
        #expect(throws: InvalidConfiguration.self) { try editor.revoke(ClientID("one"), at: Self.next, now: Self.now) }
        try folder.write("access_tokens_not_before: [soon]\n" + Self.text, to: "clients.yaml")
        #expect(throws: InvalidConfiguration.self) { try editor.revoke(nil, at: Self.next, now: Self.now) }
        #expect(throws: ClientsFileEditError.noSuchClient) {
            try editor.revoke(ClientID("three"), at: Self.next, now: Self.now)
        }
    }

    @Test(
        "A layout that cannot be edited is refused, and the file stays as it is",
        arguments: [
            "{clients: [], \"access_tokens_not_before\": []}\n",
            "clients:\n  - &a\n    client_id: one\n    client_secrets: [{hash: \"\(hash)\"}]\n",
            "clients:\n  - client_id: >-\n      one\n    client_secrets: [{hash: \"\(hash)\"}]\n",
        ])
    func unusualLayouts(text: String) throws {
        try folder.write(text, to: "clients.yaml")
        for id in try [nil, ClientID("one")] {
            do { try editor.revoke(id, at: Self.next, now: Self.now) } catch let error as ClientsFileEditError {
                #expect(error == (text.hasPrefix("{") && id != nil ? .noSuchClient : .unusualLayout))
                #expect(try folder.read("clients.yaml") == text)
                continue
            }
            #expect(try reading().clients.allSatisfy { $0.notBefore == Self.both(Self.next) })
            try folder.write(text, to: "clients.yaml")
        }
    }

    @Test("A client that is removed leaves its place and the moment on one line beside the clients")
    func removes() throws {
        let removed = try #require(try editor.remove(ClientID("one"), now: Self.now))
        let place = try StatusIndex.derived(from: ClientID("one"))
        #expect(
            removed == RemovedClient(id: try ClientID("one"), statusIndex: place, notBefore: NotBefore([Self.next])))
        let line =
            "removed: [{ client_id: one, status_index: \(place), access_tokens_not_before: \(Self.next.rfc3339) }]\n"
        #expect(
            try folder.read("clients.yaml").hasPrefix(
                "# The clients of the site.\n\n\(line)# All of them\nclients:\n\n  - client_id: two\n"))
        #expect(try reading().removed == [removed])
        let second = try #require(try editor.remove(ClientID("two"), now: Self.next))
        #expect(try reading().removed == [removed, second])
        #expect(try folder.read("clients.yaml").contains("clients: []\n"))
    }

    @Test("A removal keeps moments that lie ahead, and drops removed clients whose tokens have expired")
    func removesLater() throws {
        let ahead = Self.now + .seconds(90)
        try editor.revoke(ClientID("one"), at: ahead, now: Self.now)
        #expect(try editor.remove(ClientID("one"), now: Self.now)?.notBefore == NotBefore([Self.next, ahead]))
        // Until a day after the last of its moments.
        try editor.add(client("three"), now: Self.now)
        try editor.remove(ClientID("three"), now: ahead + .seconds(86399))
        #expect(try reading().removed.map(\.id.description) == ["one", "three"])
        try editor.add(client("four"), now: Self.now)
        try editor.remove(ClientID("four"), now: ahead + .seconds(86400))
        #expect(try reading().removed.map(\.id.description) == ["three", "four"])
    }

    @Test("A removed client is kept for as long as its refresh tokens may live")
    func keepsForRefreshTokens() throws {
        let patient = ClientsFileEditor(FilePath(folder.path("clients.yaml")), retention: .seconds(100_000))
        try patient.remove(ClientID("one"), now: Self.now)
        try patient.add(client("three"), now: Self.now)
        try patient.remove(ClientID("three"), now: Self.next + .seconds(99_999))
        #expect(try reading().removed.map(\.id.description) == ["one", "three"])
        try patient.remove(ClientID("two"), now: Self.next + .seconds(100_000))
        #expect(try reading().removed.map(\.id.description) == ["three", "two"])
    }

    @Test("A client whose entry does not check is revoked when it is removed, with all entries of its identifier")
    func removesBrokenEntries() throws {
        let entry = "  - client_id: two\n    scop: a\n    access_tokens_not_before: 2999-01-01T00:00:00Z\n"
        try folder.write(
            Self.text.replacing("scope: a", with: "status_index: 9\n    scop: a").replacing(
                "# The end.\n", with: entry), to: "clients.yaml")
        #expect(try editor.remove(ClientID("one"), now: Self.now)?.statusIndex == 9)
        #expect(
            try editor.remove(ClientID("two"), now: Self.now)?.notBefore.yaml
                == "[\(Self.next.rfc3339), 2999-01-01T00:00:00Z]")
        #expect(try folder.read("clients.yaml").contains("\nclients: []\n"))
    }

    @Test(
        "A mistake in removed keeps no client from being removed, and stays for its operator",
        arguments: [
            "removed: [ { client_id: b }, GOOD ]   # kept\n", "removed: [{ client_id: b }]   # kept\n",
            "removed:   # kept\n  - client_id: b\n  - GOOD\n", "removed:\n- {}   # kept\n",
        ])
    func mistakesInRemoved(setting: String) throws {
        let good = "{ client_id: gone, access_tokens_not_before: 2026-01-01T00:00:00Z }"
        try folder.write(setting.replacing("GOOD", with: good) + Self.text, to: "clients.yaml")
        let removed = try #require(try editor.remove(ClientID("one"), now: Self.now))
        let reading = try reading()
        #expect(reading.removed.contains(removed) && reading.settings.problems.count >= 1)
        #expect(reading.removed.contains { $0.id.description == "gone" } == setting.contains("GOOD"))
        let text = try folder.read("clients.yaml")
        #expect(text.contains("# kept\n") && text.contains("client_id: b") == setting.contains("client_id: b"))
        // The identifier can be used again, and has what is left of it.
        try editor.add(client("one"), now: Self.now)
        #expect(try moments(of: "one")?.accessTokens == NotBefore([Self.next]))
        // Another value than a list is none that an element can be added to.
        try folder.write("removed: {}\n" + Self.text, to: "clients.yaml")
        #expect(throws: ClientsFileEditError.unusualLayout) { try editor.remove(ClientID("one"), now: Self.now) }
    }

    @Test("Of two clients with one place, the one that has it leaves it revoked, and the other one leaves nothing")
    func removesAClientWithoutAPlace() throws {
        let shared = Self.text.replacing("    client_secrets:", with: "    status_index: 7\n    client_secrets:")
        try folder.write(shared, to: "clients.yaml")
        #expect(try editor.remove(ClientID("two"), now: Self.now) == nil)
        #expect(try reading().removed.isEmpty)
        try folder.write(shared, to: "clients.yaml")
        #expect(try editor.remove(ClientID("one"), now: Self.now)?.statusIndex == 7)
        // What the other one has revoked before stays revoked, and nothing more is.
        try folder.write(shared, to: "clients.yaml")
        let moments = try editor.revoke(ClientID("two"), at: Self.next, now: Self.now)
        #expect(try editor.remove(ClientID("two"), now: Self.next) == nil)
        #expect(
            try reading().removed == [
                RemovedClient(id: try ClientID("two"), statusIndex: 7, notBefore: moments.accessTokens)
            ])
    }

    @Test("A client that is added has a free place of its own, which is written")
    func addsWithAPlace() throws {
        for number in 0..<20 { try editor.add(client("new-\(number)"), now: Self.now) }
        let places = try reading().clients.compactMap(\.statusIndex)
        #expect(places.count == 20 && Set(places).count == 20)
        #expect(places != places.sorted())
    }

    @Test("A free place is found among few, and there may be none")
    func freePlaces() throws {
        let id = try ClientID("new")
        let taken = StatusIndex.range.filter { $0 != 77 }.map { StatusPlaces.Request(id: id, written: $0) }
        var places = StatusPlaces(taken, removed: [])
        #expect(try places.takeRandom(for: id) == 77)
        #expect(throws: ClientsFileEditError.noFreePlace) { try places.takeRandom(for: id) }
        var free = StatusPlaces([], removed: [RemovedClient(id: id, statusIndex: 1_048_575, notBefore: .never)])
        #expect(free.takeFree(from: 1_048_575, for: id) == 0)
    }

    @Test("A client that is added again after its removal has its place and its moments, and its element goes")
    func addsAgain() throws {
        let names = ["one", "a b, {c}", "https://a.example/b", "x: y"]
        for name in names.dropFirst() { try editor.add(client(name), now: Self.now) }
        let places = try names.map { name in try #require(try editor.remove(ClientID(name), now: Self.now)?.statusIndex)
        }
        #expect(try reading().removed.map(\.id.description) == names)
        for name in names { try editor.add(client(name), now: Self.now) }
        let again = try names.map { name in try #require(try reading().clients.first { $0.id.description == name }) }
        #expect(again.map(\.statusIndex) == places)
        #expect(again.allSatisfy { $0.notBefore == Self.both(Self.next) })
        #expect(try reading().settings.removed.isEmpty && !folder.read("clients.yaml").contains("removed"))
        #expect(try folder.read("clients.yaml").contains("# All of them\nclients:"))
    }

    @Test("A client that is added again has the moments of all its elements, and leaves those with another place")
    func addsAgainWithSeveralElements() throws {
        let times = [1, 50, 90].map { (Self.now + .seconds($0)).rfc3339 }
        let setting = [
            "{ client_id: gone, status_index: 7, access_tokens_not_before: [2026-01-01T00:00:00Z, \(times[0])] }",
            "{ client_id: gone, status_index: 8, access_tokens_not_before: \(times[2]) }",
            "{ client_id: gone, status_index: 7, access_tokens_not_before: \(times[1]) }",
        ].joined(separator: ", ")
        try folder.write("removed: [\(setting)]\n" + Self.text, to: "clients.yaml")
        try editor.add(client("gone"), now: Self.next)
        let reading = try reading()
        #expect(reading.settings.removed.map(\.statusIndex) == [8])
        let gone = try #require(reading.clients.last)
        #expect(gone.statusIndex == 7)
        #expect(gone.notBefore.refreshTokens.yaml == "[\(times.joined(separator: ", "))]")
        #expect(gone.notBefore.accessTokens == gone.notBefore.refreshTokens)
    }

    @Test("A client that is added drops removed clients whose tokens have expired")
    func addingDropsExpiredElements() throws {
        try editor.remove(ClientID("one"), now: Self.now)
        try editor.add(client("three"), now: Self.next + .seconds(86399))
        #expect(try reading().removed.map(\.id.description) == ["one"])
        try editor.add(client("four"), now: Self.next + .seconds(86400))
        #expect(try reading().removed.isEmpty && reading().clients.count == 3)
    }

    @Test("Every edit keeps the line ends of the file")
    func keepsLineEnds() throws {
        try folder.write(Self.text.replacing("\n", with: "\r\n"), to: "clients.yaml")
        try editor.revoke(ClientID("one"), at: Self.next, now: Self.now)
        try editor.revoke(nil, at: Self.next, now: Self.now)
        try editor.remove(ClientID("two"), now: Self.now)
        try editor.add(client("two"), now: Self.now)
        let octets = Array(try folder.read("clients.yaml").utf8)
        #expect(octets.count { $0 == UInt8(ascii: "\r") } == octets.count { $0 == UInt8(ascii: "\n") })
        #expect(try reading().clients.count == 2 && reading().problems.isEmpty)
    }

    @Test(
        "A byte order mark stays at the beginning of the file, whatever an edit writes there",
        arguments: [text, "clients:\n" + text.split(separator: "clients:\n", maxSplits: 1)[1]])
    func keepsByteOrderMarks(text: String) throws {
        try folder.write("\u{FEFF}" + text, to: "clients.yaml")
        try editor.revoke(nil, at: Self.next, now: Self.now)
        try editor.revoke(nil, at: Self.next + .seconds(9), now: Self.now)
        try editor.remove(ClientID("two"), now: Self.now)
        try editor.add(client("three"), now: Self.now)
        try editor.rotateSecret(of: ClientID("one"), to: ClientSecretHash(of: "a"), oldEnd: nil, now: Self.now)
        // Foundation leaves the mark out of a text that it reads.
        let octets = try Data(contentsOf: URL(filePath: folder.path("clients.yaml")))
        #expect(octets.starts(with: "\u{FEFF}".utf8))
        #expect(try !folder.read("clients.yaml").unicodeScalars.contains("\u{FEFF}"))
        let reading = try reading()
        #expect(reading.problems.isEmpty && reading.clients.map(\.id.description) == ["one", "three"])
        #expect(reading.clients.allSatisfy { $0.notBefore == Self.both(Self.next, Self.next + .seconds(9)) })
        #expect(reading.removed.map(\.id.description) == ["two"])
    }

    @Test("A revocation is taken up if the file can be loaded and has the moments, whatever else is wrong in it")
    func check() throws {
        try folder.write("issuer: http://localhost:1\n", to: "writ.yaml")
        let configuration = try ServiceConfiguration(reading: FilePath(folder.path("writ.yaml")), environment: [:])
        let one = try ClientID("one")
        let file = configuration.clientsPath
        let (other, broken) = (Self.both(Self.next + .seconds(1)), Self.text.replacing("scope: a", with: "scop: a"))
        try folder.write(broken, to: "clients.yaml")
        let ofOne = try editor.revoke(one, at: Self.next, now: Self.now)
        try RevocationCheck.checkMoments(ofOne, of: one, configuration)
        #expect(throws: UnappliedRevocation.self) { try RevocationCheck.checkMoments(other, of: one, configuration) }
        try folder.write(broken, to: "clients.yaml")
        let ofAll = try editor.revoke(nil, at: Self.next, now: Self.now)
        try RevocationCheck.checkMomentsOfAll([(file, ofAll)], configuration)
        #expect(throws: UnappliedRevocation.self) {
            try RevocationCheck.checkMomentsOfAll([(file, other)], configuration)
        }
        try folder.write("clients: [", to: "clients.yaml")
        let error = #expect(throws: UnappliedRevocation.self) {
            try RevocationCheck.checkMomentsOfAll([(file, Self.both(Self.next))], configuration)
        }
        #expect(error?.description.hasPrefix("the tokens of all clients are revoked, but the service will not") == true)
    }

    /// Whatever commands do, in any order, no revocation is taken back and no two clients have one place.
    @Test("No history of commands brings back what was revoked", arguments: 0..<20 as Range<UInt64>)
    func histories(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let ids = try ["one", "two", "three"].map { try ClientID($0) }
        /// For each client, and `nil` for all, every moment that a command gave.
        var given: [ClientID?: [NumericDate]] = [:]
        var now = Self.now
        for _ in 0..<25 {
            now = now + .seconds(Int64.random(in: 0...40, using: &random))
            let id = try #require(ids.randomElement(using: &random))
            let isThere = try reading().clients.contains { $0.id == id }
            switch Int.random(in: 0..<4, using: &random) {
            case 0 where isThere:
                try editor.remove(id, now: now)
                given[id, default: []].append(now + .seconds(1))
            case 1:
                let moment = now + .seconds(Int64.random(in: 1...90, using: &random))
                try editor.revoke(nil, at: moment, now: now)
                given[nil, default: []].append(moment)
            case _ where isThere:
                let moment = now + .seconds(Int64.random(in: 1...90, using: &random))
                try editor.revoke(id, at: moment, now: now)
                given[id, default: []].append(moment)
            default: try editor.add(client(id.description), now: now)
            }
            let reading = try reading()
            #expect(reading.problems.isEmpty)
            let places = try reading.clients.map { try $0.statusPlace() } + reading.removed.map { try $0.statusPlace() }
            #expect(Set(places).count == places.count)
            for id in ids {
                let present =
                    reading.clients.first { $0.id == id }?.notBefore.accessTokens
                    ?? reading.removed.first { $0.id == id }?.notBefore
                // It has not been added yet.
                guard present != nil || given[id] != nil else { continue }
                let moments = NotBefore((given[id] ?? []) + (given[nil] ?? []))
                // Now, and when what lies ahead has come.
                for time in [now, now + .seconds(45), now + .seconds(90)] {
                    #expect(present?.latest(at: time) ?? NumericDate(0) == moments.latest(at: time) ?? NumericDate(0))
                }
            }
        }
    }
}
