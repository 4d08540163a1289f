import AccessToken
import Foundation
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

extension ClientsReading {
    /// Of a single file.
    var settings: ClientsSettings { files[0].file.settings }
}

/// `clients` as a folder of files.
@Suite struct ClientsFolderTests {
    private static let hash = "sha256:K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols"
    private let folder: TemporaryFolder
    private let location: ClientsLocation

    init() throws {
        folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.path("clients.d"), withIntermediateDirectories: false)
        location = ClientsLocation(FilePath(folder.path("clients.d")), .service)
    }

    private static func file(_ ids: String..., scope: String = "a", settings: String = "") -> String {
        settings + (ids.isEmpty ? "clients: []\n" : "clients:\n")
            + ids.map { "  - client_id: \($0)\n    client_secrets: [{hash: \"\(hash)\"}]\n    scope: \(scope)\n" }
            .joined()
    }

    private func write(_ text: String, to name: String) throws { try folder.write(text, to: "clients.d/\(name)") }

    private func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: folder.path("clients.d/\(name)"))
    }

    private func read(after former: ClientsReading? = nil, _ delegations: String? = nil) throws -> ClientsReading {
        try location.read(
            after: former, former.map { try ClientRegistry($0.clients) },
            context: ClientsContext(
                certificates: CertificateSupport(hasAuthorities: false, canArrive: false), listsStatus: true,
                delegations: try delegations.map(DelegationsTests.delegations)))
    }

    private func scopes(_ reading: ClientsReading) -> [String] { reading.clients.map { "\($0.id): \($0.scope)" } }

    private func problems(_ reading: ClientsReading) -> [String] {
        reading.problems.map { "\($0)".replacing(folder.path("clients.d/"), with: "") }
    }

    @Test("The clients of all files whose names end in .yaml are registered, in the order of the names")
    func allFiles() throws {
        try write(Self.file("c"), to: "b.yaml")
        try write(Self.file("b", "a"), to: "a.yaml")
        for name in [".hidden.yaml", "c.yaml~", "c.yaml.bak", "README.md", ".yaml"] {
            try write("[ no such thing", to: name)
        }
        for name in ["d.yml", "e.YAML"] { try write(Self.file("d"), to: name) }
        let reading = try read()
        #expect(scopes(reading) == ["b: a", "a: a", "c: a"])
        #expect(reading.problems.isEmpty)
        #expect(
            reading.warnings.map { "\($0)".replacing(folder.path("clients.d/"), with: "") } == [
                "d.yml: is not read, since its name does not end in .yaml",
                "e.YAML: is not read, since its name does not end in .yaml",
            ])
    }

    @Test(
        "A file that cannot be read keeps what it had, is out at a start, and touches no other file",
        arguments: [
            "[ no such thing", "", "clients: 3\n", "a: 1\nclients: {}\n", "\u{FEFF}\u{0}",
            "clients:\n\t- client_id: b\n",
        ])
    func aBrokenFile(content: String) throws {
        try write(Self.file("a"), to: "a.yaml")
        try write(Self.file("b"), to: "b.yaml")
        let first = try read()
        try write(content, to: "b.yaml")
        try write(Self.file("a", "new", scope: "later"), to: "a.yaml")
        let second = try read(after: first)
        #expect(scopes(second) == ["a: later", "new: later", "b: a"])
        #expect(second.problems.count == 1 && problems(second)[0].hasPrefix("b.yaml"))
        #expect(scopes(try read(after: second)) == ["a: later", "new: later", "b: a"])
        #expect(scopes(try read()) == ["a: later", "new: later"])
        try write(Self.file("b", scope: "later"), to: "b.yaml")
        let mended = try read(after: second)
        #expect(scopes(mended) == ["a: later", "new: later", "b: later"] && mended.problems.isEmpty)
    }

    @Test("A file that is gone takes its clients with it")
    func aFileThatIsGone() throws {
        try write(Self.file("a"), to: "a.yaml")
        try write(Self.file("b"), to: "b.yaml")
        let first = try read()
        try remove("b.yaml")
        let second = try read(after: first)
        #expect(scopes(second) == ["a: a"] && second.problems.isEmpty)
        try remove("a.yaml")
        #expect(try read(after: second).clients.isEmpty)
    }

    @Test("An entry that does not check keeps its form, and its problem names its file and line")
    func aBrokenEntry() throws {
        try write(Self.file("a"), to: "a.yaml")
        try write(Self.file("b", "c"), to: "b.yaml")
        let first = try read()
        try write(Self.file("b", "c").replacing("scope", with: "scop"), to: "b.yaml")
        let second = try read(after: first)
        #expect(scopes(second) == ["a: a", "b: a", "c: a"] && second.refusedCount == 2)
        #expect(problems(second).first == "b.yaml:4: unknown key scop\n  hint: did you mean scope?")
    }

    @Test("Of a client in two files the one in the first file counts, and the other is reported with both places")
    func duplicates() throws {
        try write(Self.file("x", "same", scope: "first"), to: "a.yaml")
        try write(Self.file("same", scope: "second"), to: "b.yaml")
        let reading = try read()
        #expect(scopes(reading) == ["x: first", "same: first"])
        #expect(problems(reading) == ["b.yaml:2: client_id is already used in a.yaml:5"])
    }

    @Test("Moments of a file are for its own clients")
    func settings() throws {
        let moment = "2026-06-01T00:00:00Z"
        try write(Self.file("a"), to: "a.yaml")
        try write(Self.file("b", settings: "access_tokens_not_before: \(moment)\n"), to: "b.yaml")
        let first = try read()
        #expect(first.clients.map { $0.notBefore.accessTokens.yaml } == ["[]", moment])
        // One that does not check keeps its value, and at a start its file is out, since it may revoke something.
        try write(Self.file("b", settings: "access_tokens_not_before: soon\n"), to: "b.yaml")
        let second = try read(after: first)
        #expect(second.clients.map { $0.notBefore.accessTokens.yaml } == ["[]", moment])
        #expect(second.problems.count == 1)
        #expect(scopes(try read()) == ["a: a"])
    }

    @Test("A link counts if it ends inside the folder, as the links of a ConfigMap do")
    func links() throws {
        let files = FileManager.default
        try files.createDirectory(atPath: folder.path("clients.d/..2026_11"), withIntermediateDirectories: false)
        try write(Self.file("inside"), to: "..2026_11/a.yaml")
        try files.createSymbolicLink(atPath: folder.path("clients.d/..data"), withDestinationPath: "..2026_11")
        try files.createSymbolicLink(atPath: folder.path("clients.d/a.yaml"), withDestinationPath: "..data/a.yaml")
        try folder.write(Self.file("outside"), to: "outside.yaml")
        try files.createSymbolicLink(atPath: folder.path("clients.d/b.yaml"), withDestinationPath: "../outside.yaml")
        try files.createSymbolicLink(atPath: folder.path("clients.d/c.yaml"), withDestinationPath: "nowhere.yaml")
        let first = try read()
        #expect(scopes(first) == ["inside: a"])
        #expect(
            problems(first) == [
                "b.yaml: is a link that ends outside of the folder, and is not read", "c.yaml: there is no such file",
            ])
        // Kubernetes replaces the link `..data`.
        try files.createDirectory(atPath: folder.path("clients.d/..2026_12"), withIntermediateDirectories: false)
        try write(Self.file("inside", scope: "new"), to: "..2026_12/a.yaml")
        try files.createSymbolicLink(atPath: folder.path("clients.d/..tmp"), withDestinationPath: "..2026_12")
        try FilePath(folder.path("clients.d/..tmp")).rename(to: FilePath(folder.path("clients.d/..data")))
        #expect(scopes(try read(after: first)) == ["inside: new"])
    }

    @Test("A folder, a pipe and a file that is too large are no clients files, and are reported")
    func otherThings() throws {
        try write(Self.file("a"), to: "a.yaml")
        try FileManager.default.createDirectory(
            atPath: folder.path("clients.d/b.yaml"), withIntermediateDirectories: false)
        #expect(unsafe mkfifo(folder.path("clients.d/c.yaml"), 0o600) == 0)
        try write("", to: "d.yaml")
        #expect(unsafe truncate(folder.path("clients.d/d.yaml"), 65 << 20) == 0)
        try write(Self.file("e"), to: "e.yaml")
        #expect(unsafe chmod(folder.path("clients.d/e.yaml"), 0o666) == 0)
        let reading = try read()
        #expect(scopes(reading) == ["a: a"])
        #expect(reading.problems.map { $0.place.description.suffix(6) } == ["b.yaml", "c.yaml", "d.yaml", "e.yaml"])
        #expect(problems(reading)[2] == "d.yaml: the file is too large: 64 MiB are read at most")
    }

    @Test("A file that has not changed is not parsed again, unless what it is checked by has changed")
    func unchangedFiles() throws {
        try write(Self.file("a"), to: "a.yaml")
        try write(Self.file("b"), to: "b.yaml")
        let first = try read()
        try write(Self.file("b", scope: "new"), to: "b.yaml")
        let second = try read(after: first)
        #expect(second.clients[0] === first.clients[0] && second.clients[1] !== first.clients[1])
        let delegations = #"{"a.yaml": {"scope": "a"}, "b.yaml": {"scope": "new"}}"#
        let third = try read(after: second, delegations)
        #expect(third.clients[0] !== second.clients[0] && third.problems.isEmpty)
    }

    // MARK: delegations

    private static let delegations =
        #"{"pay.yaml": {"client_ids": "pay-", "scope": "pay.read pay.write", "resources": ["https://pay.example.com"]}, "#
        + #""web.yaml": {"scope": "site.read"}}"#

    @Test("A file that delegations do not name hands out nothing, and is reported once")
    func anUnnamedFile() throws {
        try write(Self.file("pay-a", scope: "pay.read"), to: "pay.yaml")
        try write(Self.file("x", "y", scope: "pay.read"), to: "other.yaml")
        let reading = try read(Self.delegations)
        #expect(scopes(reading) == ["pay-a: pay.read"])
        #expect(
            problems(reading).count == 1 && problems(reading)[0].hasPrefix("other.yaml: is not named in delegations"))
        #expect(reading.warnings.map(\.message) == ["is named in delegations, and there is no such file"])
    }

    private func read(_ delegations: String) throws -> ClientsReading { try read(after: nil, delegations) }

    @Test(
        "A client with an identifier of another file touches no client of that file, whatever the names of the files are"
    )
    func foreignIdentifiers() throws {
        try write(Self.file("pay-a", "pay-b", scope: "pay.read"), to: "pay.yaml")
        let first = try read(Self.delegations)
        try write(
            Self.file(
                "pay-a", scope: "site.read",
                settings: "removed: [{client_id: pay-b, access_tokens_not_before: 2026-06-01T00:00:00Z}]\n"),
            to: "web.yaml")
        let text = Self.delegations.replacing("web.yaml", with: "aaa.yaml")
        try FilePath(folder.path("clients.d/web.yaml")).rename(to: FilePath(folder.path("clients.d/aaa.yaml")))
        for former in [first, nil] {
            let reading = try read(after: former, text)
            #expect(scopes(reading) == ["pay-a: pay.read", "pay-b: pay.read"])
            #expect(reading.clients.allSatisfy { $0.notBefore == TokensNotBefore() } && reading.removed.isEmpty)
            #expect(
                problems(reading) == [
                    "aaa.yaml: removed has pay-b, which begins as delegations allow pay.yaml alone",
                    "aaa.yaml:3: client_id begins as delegations allow pay.yaml alone",
                ])
        }
    }

    @Test("An entry that exceeds its delegation keeps its former form, unless that exceeds it too")
    func exceedingEntries() throws {
        try write(Self.file("pay-a", scope: "pay.read"), to: "pay.yaml")
        let first = try read(Self.delegations)
        try write(Self.file("pay-a", scope: "pay.read site.read"), to: "pay.yaml")
        let second = try read(after: first, Self.delegations)
        #expect(scopes(second) == ["pay-a: pay.read"])
        #expect(problems(second) == ["pay.yaml:2: scope has site.read, which delegations do not let pay.yaml hand out"])
        let third = try read(after: second, Self.delegations.replacing("pay.read ", with: ""))
        #expect(third.clients.isEmpty && third.refusedCount == 1)
    }

    @Test("What a file revokes in a place that a client of another file has revokes nothing of that client")
    func foreignPlaces() throws {
        let lists = #"{"a.yaml": {"client_ids": "a-", "scope": "a"}, "b.yaml": {"client_ids": "b-", "scope": "a"}}"#
        let moment = "access_tokens_not_before: 2026-06-01T00:00:00Z"
        try write(Self.file("a-1").replacing("scope: a", with: "status_index: 7"), to: "a.yaml")
        let first = try read(lists)
        try write(
            Self.file("b-1", settings: "removed: [{client_id: b-2, status_index: 7, \(moment)}]\n")
                .replacing("scope: a", with: "status_index: 7\n    \(moment)"), to: "b.yaml")
        let second = try read(after: first, lists)
        #expect(second.clients.map(\.id.description) == ["a-1"] && second.clients[0].notBefore == TokensNotBefore())
        #expect(second.removed.isEmpty)
        #expect(second.problems.count == 2)
    }

    @Test("A clients file and delegations exclude each other")
    func delegationsOfAFile() throws {
        try folder.write(Self.file("a"), to: "clients.yaml")
        let context = ClientsContext(
            certificates: CertificateSupport(hasAuthorities: false, canArrive: false),
            delegations: try DelegationsTests.delegations("{}"))
        #expect(throws: InvalidConfiguration.self) {
            try ClientsLocation(FilePath(folder.path("clients.yaml"))).read(context: context)
        }
    }

    private static let lists =
        #"{"a.yaml": {"client_ids": "a-", "scope": "a"}, "b.yaml": {"client_ids": "b-", "scope": "a"}}"#

    @Test(
        "A disabled client keeps its place, and what another file has in `removed` gives no client a better right to one"
    )
    func placesOfDisabledClients() throws {
        func file(_ id: String, _ members: String, settings: String = "") -> String {
            Self.file(id, settings: settings).replacing("scope: a", with: "scope: a\n    status_index: 7\(members)")
        }
        let removed = "removed: [{client_id: b-1, status_index: 7, access_tokens_not_before: 2020-01-01T00:00:00Z}]\n"
        try write(file("a-1", ""), to: "a.yaml")
        let first = try read(Self.lists)
        try write(file("a-1", "\n    disabled: true"), to: "a.yaml")
        let disabled = try read(after: first, Self.lists)
        #expect(disabled.clients.isEmpty && disabled.removed.map(\.isGone) == [true])
        try write(file("b-1", "", settings: removed), to: "b.yaml")
        let registry = try ClientRegistry(disabled.clients, removed: disabled.removed, disabled: disabled.disabled)
        let context = ClientsContext(
            certificates: CertificateSupport(hasAuthorities: false, canArrive: false), listsStatus: true,
            delegations: try DelegationsTests.delegations(Self.lists))
        let running = try location.read(after: disabled, registry, context: context)
        #expect(running.clients.isEmpty && running.removed.contains { $0.id.description == "a-1" && $0.isGone })
        // At a start the first file by name has it.
        try write(file("a-1", ""), to: "a.yaml")
        #expect(try read(Self.lists).clients.map(\.id.description) == ["a-1"])
    }

    @Test("An entry that exceeds its delegation takes no client of another file out")
    func refusedEntriesOfOthers() throws {
        let delegations = #"{"a.yaml": {"scope": "x"}, "b.yaml": {"scope": "a"}}"#
        try write(Self.file("one"), to: "b.yaml")
        let first = try read(delegations)
        try write(Self.file("one"), to: "a.yaml")
        for former in [first, nil] {
            let reading = try read(after: former, delegations)
            #expect(scopes(reading) == ["one: a"] && reading.refusedCount == 1)
        }
    }

    @Test("A file with very many entries that do not check counts as one that cannot be read")
    func manyBrokenEntries() throws {
        try write(Self.file("a"), to: "a.yaml")
        try write("clients: [" + String(repeating: "{},", count: 1001) + "]\n", to: "b.yaml")
        let reading = try read()
        #expect(scopes(reading) == ["a: a"] && reading.refusedCount == 0)
        #expect(problems(reading) == ["b.yaml: has 1001 entries that do not check, and 1000 are borne with"])
        try write(Self.file("c"), to: "line\nfeed.yaml")
        #expect(scopes(try read()) == ["a: a"])
    }
}
