import AccessToken
import Foundation
import OAuth
import SystemPackage
import TestSupport
import Testing
import Yams

@testable import ServiceFiles

@Suite struct ClientsFileEditorTests {
    private let folder: TemporaryFolder
    private let editor: ClientsFileEditor
    private let hash: ClientSecretHash

    private static let first = "sha256:K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols"

    private static let now = NumericDate(1_795_000_000)

    private static let text = """
        # The clients of the site.
        clients:
          # Runs at night.
          - client_id: one
            client_secrets:
              - hash: "\(first)"   # the old one
            scope: a b   # both

          # Runs by day.
          - client_id: two
            scope: c
            client_secrets:
              - hash: "\(first)"
                expires_at: 2027-01-01T00:00:00Z
        # The end.

        """

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(Self.text, to: "clients.yaml", permissions: 0o640)
        editor = ClientsFileEditor(FilePath(folder.path("clients.yaml")))
        hash = try ClientSecretHash(of: "new")
    }

    private func client(_ id: String, scope: String = "x") throws -> NewClient {
        NewClient(
            id: try ClientID(id), credential: .secret(hash), scope: try Scope(scope), resources: [try Audience("urn:a")]
        )
    }

    @Test("A client is added after the others")
    func addsBehindTheOthers() throws {
        try editor.add(client("three"), now: Self.now)
        let text = try folder.read("clients.yaml")
        let place = try #require(try clients.last?.statusIndex)
        let expected = Self.text.replacing(
            "# The end.",
            with: """
                  - client_id: three
                    client_secrets:
                      - hash: "\(hash)"
                    scope: x
                    resources:
                      - "urn:a"
                    status_index: \(place)
                # The end.
                """)
        #expect(text == expected)
    }

    @Test("Names of audiences are written so that they read back as text")
    func writesAudiences() throws {
        let names = ["rabbitmq", "null", "1e5", "//iam/x", "-a", "0123", "#a", "&a", "*"]
        let client = NewClient(
            id: try ClientID("three"), credential: .secret(hash), scope: .empty,
            audiences: try names.map { try Audience(name: $0) })
        try editor.add(client, now: Self.now)
        let clients = try ClientsFile.clients(in: FilePath(folder.path("clients.yaml")))
        #expect(clients.last?.audiences.map(\.description) == names)
        #expect(clients.last?.resources.isEmpty == true)
    }

    @Test("A client that must send proofs is written as such, and another one without the member")
    func writesBoundTokens() throws {
        try editor.add(
            NewClient(id: try ClientID("three"), credential: .secret(hash), scope: .empty, requiresProof: true),
            now: Self.now)
        let clients = try ClientsFile.clients(in: FilePath(folder.path("clients.yaml")))
        #expect(clients.map(\.requiresProof) == [false, false, true])
        #expect(try folder.read("clients.yaml").contains("dpop_bound_access_tokens: true"))
        #expect(try !folder.read("clients.yaml").contains("dpop_bound_access_tokens: false"))
    }

    @Test("An entry is removed with the comment above it")
    func removesAnEntryWithItsComment() throws {
        try editor.remove(ClientID("one"), now: Self.now)
        let text = try folder.read("clients.yaml")
        #expect(!text.contains("Runs at night.") && !text.contains("- client_id: one"))
        #expect(text.contains("# The clients of the site.") && text.contains("  # Runs by day.\n  - client_id: two"))
    }

    @Test("The last client can be removed, and another one added afterwards")
    func removesTheLastEntryToo() throws {
        try editor.remove(ClientID("one"), now: Self.now)
        try editor.remove(ClientID("two"), now: Self.now)
        #expect(try ClientsFile.clients(in: FilePath(folder.path("clients.yaml"))).isEmpty)
        try editor.add(client("again"), now: Self.now)
        #expect(try ClientsFile.clients(in: FilePath(folder.path("clients.yaml"))).count == 1)
    }

    @Test("After a rotation the old secret is valid until the given end")
    func rotatesASecretAndKeepsTheOldForAWhile() throws {
        let now = NumericDate(1_795_000_000)
        try editor.rotateSecret(of: ClientID("one"), to: hash, oldEnd: now + .seconds(3600), now: now)
        let clients = try ClientsFile.clients(in: FilePath(folder.path("clients.yaml")))
        #expect(clients[0].secrets.map(\.hash.description) == [hash.description, Self.first])
        #expect(clients[0].secrets.map(\.expiresAt?.seconds) == [nil, 1_795_003_600])
        #expect(try folder.read("clients.yaml").contains("scope: a b   # both\n\n  # Runs by day."))
    }

    @Test("A rotation without an end removes the old secret at once")
    func rotatesASecretAndEndsTheOldAtOnce() throws {
        let now = NumericDate(1_795_000_000)
        try editor.rotateSecret(of: ClientID("two"), to: hash, oldEnd: nil, now: now)
        let clients = try ClientsFile.clients(in: FilePath(folder.path("clients.yaml")))
        #expect(clients[1].secrets.map(\.hash) == [hash])
        #expect(try folder.read("clients.yaml").hasSuffix("# The end.\n"))
    }

    @Test("A rotation does not extend a secret that expires earlier")
    func anEarlierEndIsNotPutOff() throws {
        let now = NumericDate(1_795_000_000)
        try editor.rotateSecret(of: ClientID("two"), to: hash, oldEnd: NumericDate(1_900_000_000), now: now)
        let clients = try ClientsFile.clients(in: FilePath(folder.path("clients.yaml")))
        #expect(clients[1].secrets.last?.expiresAt?.seconds == 1_798_761_600)
    }

    private static let broken = "  - client_id: broken\n    scop: a\n"

    @Test("An entry that does not check holds up no edit of another, and stays as it is")
    func aBrokenEntryHoldsNothingUp() throws {
        try folder.write(Self.text.replacing("# The end.\n", with: Self.broken), to: "clients.yaml")
        try editor.remove(ClientID("one"), now: Self.now)
        try editor.add(client("three"), now: Self.now)
        try editor.rotateSecret(of: ClientID("two"), to: hash, oldEnd: nil, now: NumericDate(0))
        let reading = try ClientsFile(parsing: FilePath(folder.path("clients.yaml"))).read()
        #expect(reading.clients.map(\.id.description) == ["two", "three"])
        #expect(try folder.read("clients.yaml").contains(Self.broken))
        #expect(throws: InvalidConfiguration.self) {
            try editor.rotateSecret(of: ClientID("broken"), to: hash, oldEnd: nil, now: NumericDate(0))
        }
    }

    @Test("A client is removed with every entry that has its identifier, also one that does not check")
    func removesEveryEntryOfAClient() throws {
        let twice = Self.broken.replacing("broken", with: "one")
        try folder.write(Self.text.replacing("# The end.\n", with: twice), to: "clients.yaml")
        try editor.remove(ClientID("one"), now: Self.now)
        #expect(try ClientsFile.clients(in: FilePath(folder.path("clients.yaml"))).map(\.id.description) == ["two"])
    }

    @Test("A refused edit leaves the file unchanged")
    func refusesAndLeavesTheFileAsItWas() throws {
        #expect(throws: ClientsFileEditError.clientExists) { try editor.add(client("one"), now: Self.now) }
        #expect(throws: ClientsFileEditError.noSuchClient) { try editor.remove(ClientID("nobody"), now: Self.now) }
        #expect(throws: ClientsFileEditError.noSuchClient) {
            try editor.rotateSecret(of: ClientID("nobody"), to: hash, oldEnd: nil, now: NumericDate(0))
        }
        #expect(try folder.read("clients.yaml") == Self.text)
    }

    @Test(
        "An edit of an unusual layout either results in a valid file or changes nothing",
        arguments: [
            "clients: [{client_id: one, client_secrets: [{hash: \"\(first)\"}]}]\n",
            "{clients: [{client_id: one, client_secrets: [{hash: \"\(first)\"}]}]}\n",
            "clients:\n  -\n    client_id: one\n    client_secrets: [{hash: \"\(first)\"}]\n",
        ])
    func whatItCannotEditItRefuses(text: String) throws {
        try folder.write(text, to: "clients.yaml")
        for edit in [
            { try editor.add(client("two"), now: Self.now) }, { try editor.remove(ClientID("one"), now: Self.now) },
        ] {
            do { try edit() } catch ClientsFileEditError.unusualLayout {
                #expect(try folder.read("clients.yaml") == text)
            }
            _ = try ClientsFile.clients(in: FilePath(folder.path("clients.yaml")))
        }
    }

    @Test("An edit that would change another client is refused")
    func refusesAnEditThatWouldChangeAnotherClient() throws {
        let text = """
            clients:
              - client_id: one
                client_secrets: [{hash: "\(Self.first)"}]
                client_name: |
                  Hello

                  # not a comment

            """
        try folder.write(text, to: "clients.yaml")
        #expect(throws: ClientsFileEditError.unusualLayout) { try editor.add(client("two"), now: Self.now) }
        #expect(try folder.read("clients.yaml") == text)
    }

    @Test("A first client is added to a file without clients, and comments are kept")
    func anEmptyFileGetsItsFirstClient() throws {
        try folder.write("# Nobody yet.\n", to: "clients.yaml")
        try editor.add(client("first"), now: Self.now)
        #expect(try folder.read("clients.yaml").hasPrefix("# Nobody yet.\nclients:\n  - client_id: first\n"))
        try folder.write("clients: []   # nobody yet\n", to: "clients.yaml")
        try editor.add(client("first"), now: Self.now)
        #expect(try folder.read("clients.yaml").hasPrefix("clients:   # nobody yet\n  - client_id: first\n"))
    }

    @Test("An edit keeps the permissions of the file and leaves no draft")
    func keepsPermissionsAndLeavesNoDraft() throws {
        try folder.write("", to: ".writ-draft-dead")
        try editor.add(client("three"), now: Self.now)
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.path("clients.yaml"))
        #expect(attributes[.posixPermissions] as? Int == 0o640)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path("")).sorted()
        #expect(files == [FolderLock.fileName, "clients.yaml"])
    }

    @Test(
        "Text that is written as a YAML scalar reads back as the same text",
        arguments: [
            "plain", "with space", "yes", "null", "- dash", "a: b", "a #b", "\"quoted\"", "'", "#", " ", "1", "0x1",
            "~",
            "@a", "a\\b", "é\u{1F600}", "\u{FFFE}", "\u{FFFF}", "{a}", "a,b", "https://a.example/b?c=d#e", "a:",
        ])
    func whatItWritesReadsBack(text: String) throws {
        let yaml = try YAMLText(path: "x", text: "value: \(YAMLScalar.write(text))\n")
        #expect(yaml.root?.mapping?["value"]?.scalar?.string == text)
    }

    @Test("If clients.yaml is a symbolic link, the file that it points to is edited")
    func aLinkStaysALink() throws {
        try FileManager.default.createDirectory(atPath: folder.path("real"), withIntermediateDirectories: true)
        try folder.write(Self.text, to: "real/clients.yaml")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("link.yaml"), withDestinationPath: "real/clients.yaml")
        try ClientsFileEditor(FilePath(folder.path("link.yaml"))).add(client("three"), now: Self.now)
        #expect(
            try FileManager.default.destinationOfSymbolicLink(atPath: folder.path("link.yaml")) == "real/clients.yaml")
        #expect(try ClientsFile.clients(in: FilePath(folder.path("real/clients.yaml"))).count == 3)
    }

    private var clients: [Client] {
        get throws { try ClientsFile.clients(in: FilePath(folder.path("clients.yaml"))) }
    }

    @Test("Each edit keeps the line ends of the file, also if they are mixed", arguments: [true, false])
    func keepsLineEnds(isMixed: Bool) throws {
        let windows = Self.text.replacing("\n", with: "\r\n")
        let mixed = Self.text.replacing("# Runs at night.\n", with: "# Runs at night.\r\n")
        try folder.write(isMixed ? mixed : windows, to: "clients.yaml")
        try editor.add(client("three"), now: Self.now)
        try editor.rotateSecret(
            of: ClientID("one"), to: hash, oldEnd: NumericDate(1_900_000_000), now: NumericDate(1_795_000_000))
        let text = try folder.read("clients.yaml")
        let withoutPairs = Array(text.replacing("\r\n", with: "").utf8)
        #expect(try clients.map(\.id.description) == ["one", "two", "three"])
        if isMixed {
            #expect(Array(text.utf8).count { $0 == UInt8(ascii: "\r") } == 1)
        } else {
            #expect(!withoutPairs.contains(UInt8(ascii: "\n")))
        }
        try editor.remove(ClientID("three"), now: Self.now)
        try editor.remove(ClientID("two"), now: Self.now)
        #expect(try clients.map(\.id.description) == ["one"])
    }

    private static let commented = """
        clients:
          - client_id: one
            client_secrets:   # two at most
              # The old one.
              - hash: "\(first)"   # set in March
                expires_at: 2027-01-01T00:00:00Z   # soon
              # The older one.
              - hash: "\(first)"   # set in February

              # No more.
            scope: a

        """

    @Test("A rotation that keeps the old secrets keeps every comment, and the lines of the old secrets")
    func aRotationKeepsComments() throws {
        try folder.write(Self.commented, to: "clients.yaml")
        let end = NumericDate(1_796_000_000)
        try editor.rotateSecret(of: ClientID("one"), to: hash, oldEnd: end, now: NumericDate(1_795_000_000))
        let expected = """
            clients:
              - client_id: one
                client_secrets:   # two at most
                  - hash: "\(hash)"
                  # The old one.
                  - hash: "\(Self.first)"   # set in March
                    expires_at: \(end.rfc3339)   # soon
                  # The older one.
                  - hash: "\(Self.first)"   # set in February
                    expires_at: \(end.rfc3339)

                  # No more.
                scope: a

            """
        #expect(try folder.read("clients.yaml") == expected)
        #expect(try clients[0].secrets.map(\.expiresAt) == [nil, end, end])
        // What ends earlier already stays as it is.
        try editor.rotateSecret(
            of: ClientID("one"), to: hash, oldEnd: end + .seconds(60), now: NumericDate(1_795_000_000))
        #expect(try folder.read("clients.yaml").contains("    expires_at: \(end.rfc3339)   # soon\n"))
    }

    @Test("A rotation that removes the old secrets keeps comments on lines of their own")
    func aRotationThatRemovesKeepsOwnLines() throws {
        try folder.write(Self.commented, to: "clients.yaml")
        try editor.rotateSecret(of: ClientID("one"), to: hash, oldEnd: nil, now: NumericDate(1_795_000_000))
        let expected = """
            clients:
              - client_id: one
                client_secrets:   # two at most
                  # The old one.
                  - hash: "\(hash)"
                  # The older one.

                  # No more.
                scope: a

            """
        #expect(try folder.read("clients.yaml") == expected)
    }

    @Test(
        "A rotation keeps comments whatever the layout of the secrets",
        arguments: [
            "client_secrets: [{hash: \"\(first)\"}]   # set in March",
            "client_secrets:   # set in March\n    - {hash: \"\(first)\"}",
            "client_secrets:\n    - {hash: \"\(first)\"}   # set in March",
            "client_secrets:\n    - hash: '\(first)'   # set in March",
            "client_secrets:\n      - expires_at: 2027-01-01T00:00:00Z   # set in March\n        hash: \"\(first)\"",
            "client_secrets:\n      -   hash: \"\(first)\"   # set in March\n          expires_at: null",
            "client_secrets:\n      -\n        hash: \"\(first)\"   # set in March",
            "client_secrets: [\n      {hash: \"\(first)\"}   # set in March\n      ]",
        ])
    func aRotationKeepsCommentsInEveryLayout(secrets: String) throws {
        let text = "clients:\n  - client_id: one\n    \(secrets)\n    # Its scope.\n    scope: a   # b\n"
        try folder.write(text, to: "clients.yaml")
        let end = NumericDate(1_796_000_000)
        try editor.rotateSecret(of: ClientID("one"), to: hash, oldEnd: end, now: NumericDate(1_795_000_000))
        let new = try folder.read("clients.yaml")
        #expect(new.contains("# set in March\n") && new.hasSuffix("    # Its scope.\n    scope: a   # b\n"), "\(new)")
        #expect(try clients[0].secrets.map(\.hash.description) == [hash.description, Self.first])
        #expect(try clients[0].secrets.map(\.expiresAt) == [nil, end])
    }
}
