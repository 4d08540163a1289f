import AccessToken
import Foundation
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

/// `writ clients set`: what it writes, and what it reports.
@Suite struct ClientChangesTests {
    private static let hash = "sha256:K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols"
    private static let now = NumericDate(1_795_000_000)
    private static let block = """
        # The clients.
        clients:
          # First.
          - client_id: one   # its name
            client_secrets:
              - hash: "\(hash)"
            scope: >-
              a
              b
            resources:
              # the default
              - https://one.example
              - https://two.example
            access_token_lifetime: 5m
          # Second.
          - client_id: two
            client_secrets: [{hash: "\(hash)"}]

        """
    private static let flow = """
        clients:
          - { client_id: one, client_secrets: [{hash: "\(hash)"}], scope: a b, access_token_lifetime: 5m }
          - {client_id: two, client_secrets: [{hash: "\(hash)"}], resources: ["https://one.example", 'https://two.example']}

        """
    private let folder: TemporaryFolder
    private let editor: ClientsEditor

    init() throws {
        folder = try TemporaryFolder()
        editor = ClientsEditor(ClientsLocation(FilePath(folder.path("clients.yaml"))), retention: .seconds(86400))
    }

    private func set(_ changes: ClientChange..., of id: String = "one", in text: String = block) throws -> String {
        try folder.write(text, to: "clients.yaml")
        try editor.set(changes, of: try ClientID(id), now: Self.now)
        return try folder.read("clients.yaml")
    }

    private func client(_ id: String = "one") throws -> Client {
        let reading = try editor.location.read()
        return try #require((reading.clients + reading.disabled).first { $0.id.description == id })
    }

    @Test("A member changes, and comments, order and the other entries stay")
    func scope() throws {
        let text = try set(.addScope(Scope("c a")))
        #expect(
            text == Self.block.replacing("    scope: >-\n      a\n      b\n", with: "    scope: a b c\n"))
        #expect(try set(.removeScope(Scope("a x"))).contains("    scope: b\n"))
        #expect(try !set(.removeScope(Scope("a b"))).contains("scope"))
        #expect(try set(.scope(Scope("z")), of: "two").contains("client_id: two\n    scope: z\n"))
    }

    @Test("Each change is in the client that is read afterwards, in both styles", arguments: [block, flow])
    func changes(text: String) throws {
        _ = try set(.accessTokenLifetime(.seconds(90)), .name("Nightly: one"), .requiresProof(true), in: text)
        let one = try client()
        #expect(one.accessTokenLifetime == .seconds(90) && one.name == "Nightly: one" && one.requiresProof)
        #expect(one.scope == (try Scope("a b")))
        _ = try set(.accessTokenLifetime(nil), in: text)
        #expect(try client().accessTokenLifetime == nil && client().scope == Scope("a b"))
        _ = try set(.scope(try Scope("x y")), in: text)
        #expect(try client().scope == Scope("x y") && client().accessTokenLifetime == .seconds(300))
        _ = try set(.mayIntrospect(true), .grantTypes([.clientCredentials, .refreshToken]), in: text)
        #expect(try client().introspection == .all && client().grantTypes == [.clientCredentials, .refreshToken])
        let audience = try Audience(resource: "https://three.example")
        _ = try set(.resources([audience]), of: "two", in: text)
        #expect(try client("two").resources == [audience])
        _ = try set(.resources([]), .audiences([try Audience(name: "rabbit")]), of: "two", in: text)
        #expect(try client("two").resources == [] && client("two").audiences.map(\.description) == ["rabbit"])
    }

    @Test("A comment in a list that is replaced stays")
    func commentsInLists() throws {
        let text = try set(.resources([try Audience(resource: "https://new.example")]))
        #expect(
            text.contains("    resources: [https://new.example]\n      # the default\n    access_token_lifetime: 5m\n"))
    }

    @Test("New credentials replace all present ones")
    func credentials() throws {
        let text = try set(.credential(.keysURL("https://keys.example/jwks.json")))
        #expect(!text.contains("client_secrets:\n") && text.contains("jwks_uri: https://keys.example/jwks.json"))
        #expect(try client().secrets.isEmpty && client().authenticationMethods == [.privateKeyJWT])
        let identity = try ClientIdentity(issuer: "cluster", subject: "system:serviceaccount:a:b")
        try editor.set([.credential(.identities([identity]))], of: try ClientID("one"), now: Self.now)
        #expect(try client().identities == [identity] && client().keys == nil)
        #expect(try !folder.read("clients.yaml").contains("jwks_uri"))
    }

    @Test(
        "A disabled client is registered no more, its tokens are revoked in every list, and it comes back when it is enabled"
    )
    func disabling() throws {
        let text = try set(.disable)
        let moment = (Self.now + .seconds(1)).rfc3339
        #expect(text.contains("    disabled: true\n") && text.contains("access_tokens_not_before: \(moment)"))
        let reading = try editor.location.read()
        #expect(reading.clients.map(\.id.description) == ["two"] && reading.disabled.map(\.id.description) == ["one"])
        #expect(reading.problems.isEmpty)
        let lists = try ClientRegistry(reading.clients, removed: reading.removed).statusLists
        let place = Int64(try client().statusPlace())
        for second in [0, 1_794_999_900, 1_795_086_400] as [Int64] {
            #expect(lists.isRevoked(place, in: NumericDate(second), at: Self.now + .seconds(100_000)))
        }
        try editor.set([.enable], of: try ClientID("one"), now: Self.now)
        let after = try folder.read("clients.yaml")
        #expect(!after.contains("disabled") && after.contains("access_tokens_not_before: \(moment)"))
        #expect(try editor.location.read().clients.count == 2)
    }

    @Test("A disabled entry that does not check does not come back in its last form")
    func aBrokenDisabledEntry() throws {
        try folder.write(Self.block, to: "clients.yaml")
        let first = try editor.location.read()
        try folder.write(
            Self.block.replacing("    access_token_lifetime: 5m", with: "    disabled: true\n    lifetim: 5m"),
            to: "clients.yaml")
        let second = try editor.location.read(after: first, try ClientRegistry(first.clients))
        #expect(second.clients.map(\.id.description) == ["two"] && second.refusedCount == 1)
        #expect(second.removed.map(\.isGone) == [true])
    }

    @Test("A change that the entry would not check with is refused with the reason, and the file stays as it is")
    func refusals() throws {
        try folder.write(Self.block, to: "clients.yaml")
        let long = try Scope((0..<3000).map { "scope-token-\($0)" }.joined(separator: " "))
        #expect(throws: InvalidConfiguration.self) {
            try editor.set(
                [.scope(long), .grantTypes([.clientCredentials, .refreshToken])], of: ClientID("one"), now: Self.now)
        }
        #expect(throws: ClientsFileEditError.nothingToChange) {
            try editor.set(
                [.scope(Scope("b a")), .accessTokenLifetime(.seconds(300))], of: ClientID("one"), now: Self.now)
        }
        #expect(throws: ClientsFileEditError.noSuchClient) {
            try editor.set([.scope(.empty)], of: ClientID("x"), now: Self.now)
        }
        #expect(try folder.read("clients.yaml") == Self.block)
    }

    @Test("A trial reports what would change, and writes nothing")
    func trial() throws {
        try folder.write(Self.block, to: "clients.yaml")
        let difference = try editor.set(
            [.scope(Scope("b c")), .name("One")], of: ClientID("one"), isTrial: true, now: Self.now)
        #expect(difference.kind == .changed)
        #expect(
            difference.changes == [
                .init(name: "client_name", removed: [], added: ["One"]),
                .init(name: "scope", removed: ["a"], added: ["c"]),
            ])
        #expect(try folder.read("clients.yaml") == Self.block)
    }

    // MARK: diff

    private func differences(_ old: String, _ new: String) throws -> [String] {
        func read(_ entries: String) throws -> ClientsReading {
            try ClientsFile(parsing: YAMLText(path: "c", text: entries)).read()
        }
        return try ClientDifference.all(from: read(old), to: read(new)).map { difference in
            "\(difference.id) \(difference.kind.rawValue)"
                + difference.changes.map { " \($0.name) -\($0.removed) +\($0.added)" }.joined()
        }
    }

    @Test("Order, comments, style and spelling make no difference")
    func noDifference() throws {
        #expect(try differences(Self.block, Self.block).isEmpty)
        let other = """
            clients:
              - {client_id: two, client_secrets: [{hash: "\(Self.hash)"}]}
              - {access_token_lifetime: 300s, client_id: one, scope: b a, client_secrets: [{hash: "\(Self.hash)"}],
                 resources: ["https://one.example", "https://two.example"]}
            """
        #expect(try differences(Self.block, other).isEmpty)
    }

    @Test(
        "What tokens have, and how they are got, makes a difference",
        arguments: [
            ("scope: >-\n      a\n      b", "scope: a c", "scope -[\"b\"] +[\"c\"]"),
            ("5m", "6m", "access_token_lifetime -[\"5m\"] +[\"6m\"]"),
            (
                "      - https://one.example\n      - https://two.example",
                "      - https://two.example\n      - https://one.example",
                "resources -[\"https://one.example https://two.example\"] +[\"https://two.example https://one.example\"]"
            ),
            ("access_token_lifetime: 5m", "access_token_lifetime: 5m\n    disabled: true", "disabled -[] +[\"true\"]"),
            (
                "access_token_lifetime: 5m", "access_token_lifetime: 5m\n    claims: {a: {b: 1}}",
                "claims -[] +[\"a={\\\"b\\\":1}\"]"
            ),
            ("client_id: one", "client_id: one\n    introspect: true", "introspect -[] +[\"true\"]"),
        ])
    func difference(text: String, other: String, change: String) throws {
        #expect(try differences(Self.block, Self.block.replacing(text, with: other)) == ["one changed \(change)"])
    }

    @Test("Clients that are new and gone are named, and no hash is shown")
    func newAndGone() throws {
        let found = try differences(Self.block, Self.block.replacing("client_id: two", with: "client_id: three"))
        #expect(found.count == 2 && found[0].hasPrefix("three added") && found[1] == "two removed")
        #expect(!found[0].contains(Self.hash.dropFirst(7)))
    }
}
