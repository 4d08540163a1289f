import AccessToken
import Foundation
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

/// Edits of clients in a folder of files.
@Suite struct ClientsEditorTests {
    private static let hash = "sha256:K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols"
    private static let now = NumericDate(1_795_000_000)
    private let folder: TemporaryFolder
    private let location: ClientsLocation

    init() throws {
        folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.path("clients.d"), withIntermediateDirectories: false)
        location = ClientsLocation(FilePath(folder.path("clients.d")))
    }

    private func editor(_ delegations: String? = nil) throws -> ClientsEditor {
        ClientsEditor(
            location, delegations: try delegations.map(DelegationsTests.delegations), retention: .seconds(86400))
    }

    private func write(_ ids: String..., to name: String) throws {
        let entries = ids.map { "  # \($0)\n  - client_id: \($0)\n    client_secrets: [{hash: \"\(Self.hash)\"}]\n" }
        try folder.write(
            "# \(name)\n" + (ids.isEmpty ? "clients: []\n" : "clients:\n" + entries.joined()), to: "clients.d/\(name)")
    }

    private func client(_ id: String, scope: String = "a") throws -> NewClient {
        NewClient(
            id: try ClientID(id), credential: .secret(try ClientSecretHash(of: "secret")), scope: try Scope(scope))
    }

    private func ids(_ name: String) throws -> [String] {
        try ClientsFile.clients(in: FilePath(folder.path("clients.d/\(name)"))).map(\.id.description)
    }

    @Test("A client is added to the file that is named, and to no other")
    func addsToTheNamedFile() throws {
        try write("a", to: "a.yaml")
        try write("b", to: "b.yaml")
        let other = try folder.read("clients.d/a.yaml")
        try editor().add(try client("c"), into: "b.yaml", now: Self.now)
        #expect(try ids("b.yaml") == ["b", "c"] && folder.read("clients.d/a.yaml") == other)
        try editor().add(try client("d"), into: "new.yaml", now: Self.now)
        #expect(try ids("new.yaml") == ["d"])
    }

    @Test("Without a name a client is added to the file that its identifier belongs to, or to the only one")
    func addsWithoutAName() throws {
        try write("a", to: "a.yaml")
        try editor().add(try client("b"), into: nil, now: Self.now)
        #expect(try ids("a.yaml") == ["a", "b"])
        try write(to: "pay.yaml")
        #expect(throws: ClientsFileEditError.severalFiles) {
            try editor().add(try client("c"), into: nil, now: Self.now)
        }
        try editor("{a.yaml: {scope: a}, pay.yaml: {client_ids: pay-, scope: a}}")
            .add(try client("pay-1"), into: nil, now: Self.now)
        #expect(try ids("pay.yaml") == ["pay-1"])
    }

    @Test(
        "No file outside of the folder, and none that is not read, is written",
        arguments: [
            "../x.yaml", "x.yml", ".x.yaml", "sub/x.yaml", "", ".yaml", "x.yaml/",
        ])
    func otherNames(name: String) throws {
        #expect(throws: ClientsFileEditError.noNameOfFile) {
            try editor().add(try client("c"), into: name, now: Self.now)
        }
        let file = ClientsEditor(ClientsLocation(FilePath(folder.path("clients.yaml"))), retention: .seconds(1))
        #expect(throws: ClientsFileEditError.notAFolder) {
            try file.add(try client("c"), into: "x.yaml", now: Self.now)
        }
    }

    @Test(
        "An identifier that a client of any file has is not added again, and places in the status lists differ over all files"
    )
    func looksAtAllFiles() throws {
        try write("a", to: "a.yaml")
        try write("b", to: "b.yaml")
        #expect(throws: ClientsFileEditError.clientExists) {
            try editor().add(try client("a"), into: "b.yaml", now: Self.now)
        }
        // All places but one are taken in the other file.
        let free = 4711
        let removed = StatusIndex.range.filter { $0 != free }.prefix(2000)
        #expect(!removed.contains(free))
        let neighbour = try ClientsFile(
            parsing: YAMLText(
                path: "n",
                text: "clients:\n"
                    + removed.map {
                        "- {client_id: n\($0), status_index: \($0), client_secrets: [{hash: \"\(Self.hash)\"}]}\n"
                    }.joined()))
        var places = [neighbour].places
        for place in removed { #expect(places[place] == (try ClientID("n\(place)"))) }
        #expect(places.takeFree(from: 0, for: try ClientID("x")) == 2000)
    }

    @Test("What delegations do not let a file hand out is not added to it, and the file stays as it is")
    func delegations() throws {
        try write("a", to: "a.yaml")
        try write(to: "pay.yaml")
        let before = try (folder.read("clients.d/a.yaml"), folder.read("clients.d/pay.yaml"))
        let editor = try editor("{a.yaml: {scope: a}, pay.yaml: {client_ids: pay-, scope: pay.read}}")
        #expect(throws: InvalidConfiguration.self) {
            try editor.add(try client("pay-1"), into: "a.yaml", now: Self.now)
        }
        #expect(throws: InvalidConfiguration.self) { try editor.add(try client("x"), into: "pay.yaml", now: Self.now) }
        #expect(throws: InvalidConfiguration.self) {
            try editor.add(try client("pay-1", scope: "a"), into: "pay.yaml", now: Self.now)
        }
        #expect(throws: InvalidConfiguration.self) {
            try editor.add(try client("x", scope: "b"), into: "a.yaml", now: Self.now)
        }
        #expect(try (folder.read("clients.d/a.yaml"), folder.read("clients.d/pay.yaml")) == before)
    }

    @Test("A secret is rotated, tokens are revoked and a client is removed in the file that has the client")
    func editsTheFileOfTheClient() throws {
        try write("a", to: "a.yaml")
        try write("b", "c", to: "b.yaml")
        try folder.write("[ no such thing", to: "clients.d/c.yaml")
        let other = try folder.read("clients.d/a.yaml")
        let id = try ClientID("b")
        try editor().rotateSecret(
            of: id, to: try ClientSecretHash(of: "secret"), oldEnd: Self.now + .seconds(60), now: Self.now)
        let moments = try editor().revoke(id, at: Self.now, now: Self.now)
        let text = try folder.read("clients.d/b.yaml")
        #expect(text.contains("access_tokens_not_before: \(Self.now.rfc3339)") && text.hasPrefix("# b.yaml\n"))
        #expect(moments.accessTokens.moments == [Self.now])
        try editor().remove(id, now: Self.now)
        #expect(try ids("b.yaml") == ["c"] && folder.read("clients.d/b.yaml").contains("removed: [{ client_id: b"))
        #expect(try folder.read("clients.d/a.yaml") == other)
    }

    @Test("A client that no file has is not found, and a file that cannot be read is named then")
    func notFound() throws {
        try write("a", to: "a.yaml")
        let id = try ClientID("x")
        #expect(throws: ClientsFileEditError.noSuchClient) { try editor().revoke(id, at: Self.now, now: Self.now) }
        try folder.write("[ no such thing", to: "clients.d/b.yaml")
        #expect(throws: InvalidConfiguration.self) { try editor().revoke(id, at: Self.now, now: Self.now) }
    }

    @Test("A client that two files have is removed from both")
    func removesFromAllFiles() throws {
        try write("a", "same", to: "a.yaml")
        try write("same", to: "b.yaml")
        try editor().remove(try ClientID("same"), now: Self.now)
        #expect(try ids("a.yaml") == ["a"] && ids("b.yaml") == [])
    }

    @Test("The tokens of all clients are revoked in every file that can be written, and the others are reported")
    func revokesAll() throws {
        try write("a", to: "a.yaml")
        try folder.write("[ no such thing", to: "clients.d/b.yaml")
        try write("c", to: "c.yaml")
        let first = try editor().revokeAll(at: Self.now, now: Self.now)
        #expect(first.problems.count == 1 && first.written.count == 2)
        for name in ["a.yaml", "c.yaml"] {
            #expect(try folder.read("clients.d/\(name)").contains("access_tokens_not_before: \(Self.now.rfc3339)"))
        }
        try FileManager.default.removeItem(atPath: folder.path("clients.d/b.yaml"))
        let files = try editor().revokeAll(at: Self.now + .seconds(5), now: Self.now).written
        #expect(files.map { $0.file.lastComponent?.string } == ["a.yaml", "c.yaml"])
        #expect(files.allSatisfy { $0.notBefore.accessTokens.moments == [Self.now, Self.now + .seconds(5)] })
    }

    @Test("No command writes through a link that ends outside of the folder or in another file")
    func links() throws {
        try write("a", to: "a.yaml")
        try folder.write("clients: []\n", to: "outside.yaml")
        for (name, target) in [("b.yaml", "../outside.yaml"), ("c.yaml", "a.yaml")] {
            try FileManager.default.createSymbolicLink(
                atPath: folder.path("clients.d/\(name)"), withDestinationPath: target)
            #expect(throws: ClientsFileEditError.linkElsewhere) {
                try editor().add(try client("x"), into: name, now: Self.now)
            }
        }
        let result = try editor().revokeAll(at: Self.now, now: Self.now)
        #expect(result.written.map { $0.file.lastComponent?.string } == ["a.yaml"] && result.problems.count == 2)
        #expect(try folder.read("outside.yaml") == "clients: []\n")
    }

    @Test("A mistake in the entry keeps no client from being disabled")
    func disablingABrokenEntry() throws {
        try folder.write("clients:\n  - client_id: a\n    scop: a\n", to: "clients.d/a.yaml")
        let difference = try editor().set([.disable], of: try ClientID("a"), now: Self.now)
        #expect(difference.changes == [.init(name: "disabled", removed: [], added: ["true"])])
        let text = try folder.read("clients.d/a.yaml")
        #expect(
            text.contains("disabled: true\n") && text.contains("scop: a") && text.contains("access_tokens_not_before"))
        #expect(throws: InvalidConfiguration.self) {
            try editor().set([.name("A")], of: try ClientID("a"), now: Self.now)
        }
    }
}
