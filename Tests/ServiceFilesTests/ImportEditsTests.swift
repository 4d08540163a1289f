import AccessToken
import Foundation
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

@Suite struct ImportEditsTests {
    private let fixture: ExportFixture
    private let editor: ClientsFileEditor
    private static let hash = "sha256:K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols"

    private static let text = """
        # The clients of the site.
        clients:
            # Runs at night.
            - client_id: one   # the first
              client_secrets: [{ hash: "\(hash)" }]
        # The end.

        """

    init() throws {
        fixture = try ExportFixture()
        try fixture.folder.write(Self.text, to: "clients.yaml", permissions: 0o640)
        editor = ClientsFileEditor(FilePath(fixture.folder.path("clients.yaml")))
    }

    private func imported(_ ids: [String]) throws -> [ImportedClient] {
        let export = ids.map {
            #"{ "client_id": "\#($0)", "client_secret": "a-registered-secret-of-a-client", "grant_types": ["client_credentials"], "scope": "a" }"#
        }
        return try fixture.clients(of: [export.joined(separator: "\n")], from: .rfc7591)
    }

    private func clients(of name: String = "clients.yaml") throws -> [Client] {
        try ClientsFile.clients(in: FilePath(fixture.folder.path(name)))
    }

    private func add(_ ids: [String]) throws {
        try editor.add(imported(ids), creates: false, beside: [], now: ExportFixture.now)
    }

    @Test("Clients are added after the others in one edit; comments and order stay")
    func addsAfterTheOthers() throws {
        try add(["two", "three"])
        let text = try fixture.folder.read("clients.yaml")
        #expect(text.hasPrefix(String(Self.text.prefix { $0 != "\n" })))
        #expect(text.contains("    - client_id: one   # the first\n") && text.hasSuffix("# The end.\n"))
        let clients = try clients()
        #expect(clients.map(\.id.description) == ["one", "two", "three"])
        let places = clients.compactMap(\.statusIndex)
        #expect(Set(places).count == 2 && places.count == 2)
    }

    @Test("If one identifier is there already, nothing is written and each is named")
    func refusesPresentClients() throws {
        let clients = try imported(["two", "one"])
        #expect {
            try editor.add(clients, creates: false, beside: [], now: ExportFixture.now)
        } throws: { error in
            (error as? InvalidConfiguration)?.problems.map(\.message) == ["has the client one already"]
        }
        #expect(try fixture.folder.read("clients.yaml") == Self.text)
        #expect(throws: InvalidConfiguration.self) { try editor.checkAbsence(of: clients, mayBeAbsent: false) }
    }

    @Test("A file that is absent is created, for its owner alone, and a second import appends to it")
    func createsFiles() throws {
        let path = FilePath(fixture.folder.path("imported.yaml"))
        let other = ClientsFileEditor(path)
        #expect(throws: (any Error).self) {
            try other.add(imported(["two"]), creates: false, beside: [], now: ExportFixture.now)
        }
        try other.add(imported(["two"]), creates: true, beside: [], now: ExportFixture.now)
        #expect(try path.stat().permissions == .ownerReadWrite)
        try other.add(imported(["three"]), creates: true, beside: [], now: ExportFixture.now)
        #expect(try clients(of: "imported.yaml").map(\.id.description) == ["two", "three"])
        let names = try FileManager.default.contentsOfDirectory(atPath: fixture.folder.url.path)
        #expect(!names.contains { $0.hasPrefix(".writ-draft") })
    }

    @Test(
        "An empty list, and a file without content, take clients too", arguments: ["clients: []\n", "", "# nothing\n"])
    func addsToEmptyFiles(text: String) throws {
        try fixture.folder.write(text, to: "clients.yaml")
        try add(["two", "three"])
        #expect(try clients().map(\.id.description) == ["two", "three"])
    }

    @Test("Clients that were removed come back with their places and moments")
    func restoresRemovedClients() throws {
        try add(["two", "three"])
        let former = try clients()
        for id in ["two", "three"] { try editor.remove(ClientID(id), now: ExportFixture.now) }
        try add(["three", "two", "four"])
        let clients = try clients()
        #expect(clients.map(\.id.description) == ["one", "three", "two", "four"])
        #expect(clients[1].statusIndex == former[2].statusIndex && clients[2].statusIndex == former[1].statusIndex)
        #expect(clients[1].notBefore.accessTokens != .never && clients[3].notBefore.accessTokens == .never)
        #expect(try !fixture.folder.read("clients.yaml").contains("removed:"))
    }

    @Test("Places of the clients in another file are not taken")
    func avoidsOtherPlaces() throws {
        let taken = (0..<200).map {
            "  - { client_id: c\($0), client_secrets: [{ hash: \"\(Self.hash)\" }], status_index: \($0) }"
        }
        try fixture.folder.write("clients:\n" + taken.joined(separator: "\n") + "\n", to: "other.yaml")
        let other = try ClientsFile(parsing: FilePath(fixture.folder.path("other.yaml")))
        var places = [try ClientsFile(parsing: FilePath(fixture.folder.path("clients.yaml"))), other].places
        #expect(places.takeFree(from: 0, for: try ClientID("a")) == 200)
        try editor.add(imported(["two"]), creates: false, beside: [other], now: ExportFixture.now)
        #expect(try clients().compactMap(\.statusIndex).allSatisfy { $0 >= 200 })
    }

    @Test("Many clients are added to a large file, which stays as it is before them")
    func addsManyToLargeFiles() throws {
        let present = (0..<3000).map {
            "  - client_id: c\($0)\n    client_secrets:\n      - hash: \"\(Self.hash)\"\n    scope: read write\n"
        }
        let text = "clients:\n" + present.joined()
        try fixture.folder.write(text, to: "clients.yaml")
        try add((0..<300).map { "n\($0)" })
        let after = try fixture.folder.read("clients.yaml")
        #expect(after.hasPrefix(text))
        let clients = try clients()
        #expect(clients.count == 3300 && Set(clients.compactMap(\.statusIndex)).count == 300)
    }

    @Test("A layout that cannot be edited is left as it is")
    func refusesOtherLayouts() throws {
        let text = "{ clients: [ { client_id: one, client_secrets: [ { hash: \"\(Self.hash)\" } ] } ] }\n"
        try fixture.folder.write(text, to: "clients.yaml")
        #expect(throws: ClientsFileEditError.unusualLayout) { try add(["two"]) }
        #expect(try fixture.folder.read("clients.yaml") == text)
    }
}
