import AccessToken
import JOSE
import Testing

@testable import OAuth

/// Which client a platform's token is of.
@Suite struct IdentityRegistryTests {
    private static func client(_ id: String, _ identities: ClientIdentity...) throws -> Client {
        try Client(id: ClientID(id), identities: identities)
    }

    private func cause(_ clients: [Client], _ changes: [String: JSONValue?] = [:]) throws -> RefusalCause? {
        let fixture = try IdentityFixture(clients: clients)
        return fixture.cause(IdentityFixture.assertion + (try fixture.token(changes)))
    }

    @Test(
        "Claims match by type and by value; an array matches if it contains the value",
        arguments: [
            (JSONValue.string("456"), JSONValue.string("456"), true), (.string("456"), .integer(456), false),
            (.integer(456), .string("456"), false), (.integer(456), .integer(456), true),
            (.integer(1), .number(1), false), (.bool(true), .string("true"), false), (.bool(true), .bool(true), true),
            (.string("k"), .string("\u{212A}"), false), (.string("a"), .array([.string("b"), .string("a")]), true),
            (.string("a"), .array([.array([.string("a")])]), false), (.string("a"), .array([]), false),
            (.string("a"), .object(JSONObject([.init("a", .string("a"))])), false), (.string("a"), .null, false),
            (.array([.string("a"), .string("b")]), .string("b"), true),
            (.array([.string("a"), .string("b")]), .array([.string("c"), .string("b")]), true),
            (.array([.string("a"), .integer(2)]), .string("2"), false), (.string("a*"), .string("abc"), false),
            (.string("*"), .string("a"), false), (.string("*"), .string("*"), true),
            (.string("a"), .string("*"), false),
        ] as [(JSONValue, JSONValue, Bool)])
    func matching(pinned: JSONValue, found: JSONValue, matches: Bool) throws {
        let client = try Self.client("a", IdentityFixture.identity("cluster", ("claim", pinned)))
        #expect(try cause([client], ["claim": found]) == (matches ? nil : .noMatchingClient))
        #expect(try cause([client]) == .noMatchingClient)
    }

    @Test(
        "A path is a name, or the names of nested members; the longest first name counts",
        arguments: [
            ("kubernetes.io/namespace", #"{"kubernetes.io":{"namespace":"x"}}"#, "x"),
            ("kubernetes.io/serviceaccount/name", #"{"kubernetes.io":{"serviceaccount":{"name":"x"}}}"#, "x"),
            ("https://sts.amazonaws.com//aws_account", #"{"https://sts.amazonaws.com/":{"aws_account":"x"}}"#, "x"),
            ("https://a.example/b", #"{"https://a.example/b":"x","https://a.example":{"b":"y"}}"#, "x"),
            ("a/b/c", #"{"a":{"b/c":"y"},"a/b":{"c":"x"}}"#, "x"),
            ("a/b/c", #"{"a":{"b/c":"x"},"a/b":{"d":"y"}}"#, "x"),
            ("a/b", #"{"a":["b"]}"#, nil), ("a/b", #"{"a":"b"}"#, nil), ("a", #"{"a/b":"x"}"#, nil),
            ("a//b", #"{"a":{"":{"b":"x"}}}"#, "x"), ("\u{212A}", #"{"K":"x"}"#, nil),
        ] as [(String, String, String?)])
    func paths(path: String, claims: String, value: String?) throws {
        let claims = try #require(try JSONReader.read(Array(claims.utf8)).object)
        #expect(try ClaimPath(path).value(in: claims)?.string == value)
    }

    @Test("A path is bounded", arguments: ["", String(repeating: "a", count: 257), "a/b/c/d/e/f/g/h/i/j"])
    func boundedPaths(path: String) {
        #expect(throws: InvalidValue.self) { try ClaimPath(path) }
    }

    @Test("A token that several clients match is refused without client_id, and accepted with it")
    func ambiguity() throws {
        let clients = [
            try Self.client("a", IdentityFixture.identity("cluster", subject: "system:serviceaccount:payments:api")),
            try Self.client("b", IdentityFixture.identity("cluster", ("kubernetes.io/namespace", .string("payments")))),
        ]
        #expect(try cause(clients) == .ambiguousIdentity)
        let fixture = try IdentityFixture(clients: clients)
        let body = IdentityFixture.assertion + (try fixture.token())
        for id in ["a", "b"] {
            #expect(try fixture.authenticate(body + "&client_id=\(id)").client.id.description == id)
        }
        // Two identities of one client are no two clients.
        let one = try Self.client(
            "a", IdentityFixture.identity("cluster", subject: "system:serviceaccount:payments:api"),
            IdentityFixture.identity("cluster", ("kubernetes.io/namespace", .string("payments"))))
        #expect(try cause([one]) == nil)
    }

    @Test("An identity that pins no owner at a shared issuer matches no token, also if its entry was accepted before")
    func withoutOwner() throws {
        let client = try Self.client("a", IdentityFixture.identity("github", ("environment", .string("production"))))
        let fixture = try IdentityFixture(clients: [client])
        let body = IdentityFixture.assertion + (try fixture.githubToken())
        #expect(fixture.cause(body) == .noMatchingClient)
        #expect(fixture.cause(body + "&client_id=a") == .identityMismatch)
    }

    @Test("An identity of an issuer that is not there has no effect")
    func unknownIssuer() throws {
        let client = try Self.client(
            "a", IdentityFixture.identity("gone", subject: "system:serviceaccount:payments:api"))
        #expect(try cause([client]) == .noMatchingClient)
    }

    @Test("A subject with a star is that text and no pattern")
    func noPatterns() throws {
        let client = try Self.client(
            "a", IdentityFixture.identity("cluster", subject: "system:serviceaccount:payments:*"))
        #expect(try cause([client]) == .noMatchingClient)
        #expect(try cause([client], ["sub": .string("system:serviceaccount:payments:*")]) == nil)
    }

    @Test("A repository keeps its identity by its id when it is renamed, and loses it by its name")
    func renamedRepository() throws {
        let clients = [
            try Self.client("id", IdentityFixture.identity("github", ("repository_id", .string("456")))),
            try Self.client("name", IdentityFixture.identity("github", ("repository", .string("octo-org/octo-repo")))),
        ]
        let fixture = try IdentityFixture(clients: clients)
        let renamed = IdentityFixture.assertion + (try fixture.githubToken(["repository": .string("octo-org/new")]))
        #expect(fixture.cause(renamed + "&client_id=id") == nil)
        #expect(fixture.cause(renamed + "&client_id=name") == .identityMismatch)
        // A repository that gets the former name has another id.
        let recycled = IdentityFixture.assertion + (try fixture.githubToken(["repository_id": .string("999")]))
        #expect(fixture.cause(recycled + "&client_id=id") == .identityMismatch)
        #expect(fixture.cause(recycled + "&client_id=name") == nil)
    }

    @Test("A token is compared with a few identities, however many clients there are")
    func manyClients() throws {
        let count = 20_000
        let clients = try (0..<count).map { number in
            try Self.client(
                "c\(number)",
                IdentityFixture.identity(
                    "cluster", ("environment", .string("production")), ("number", .string("\(number)"))))
        }
        let fixture = try IdentityFixture(clients: clients)
        let changes: [String: JSONValue?] = ["environment": .string("production"), "number": .string("7")]
        let jwt = try UnverifiedJWT(parsing: fixture.token(changes))
        let token = try PlatformToken(jwt, isSVID: false)
        let candidates = fixture.registry.candidates(for: token, of: fixture.issuers[1])
        #expect(candidates.map(\.client.id.description) == ["c7"])
        #expect(fixture.cause(IdentityFixture.assertion + (try fixture.token(changes))) == nil)
    }

    @Test("Pairs of clients that one token could be of both are found, each once, and the work is bounded")
    func overlaps() throws {
        func pairs(_ clients: Client..., budget: Int = 1_000_000) -> [String] {
            IdentityOverlaps(of: clients, budget: budget).pairs.map { "\($0.issuer) \($0.first) \($0.second)" }
        }
        let all = try Self.client("all", IdentityFixture.identity("github", ("repository_id", .string("1"))))
        let main = try Self.client(
            "main", IdentityFixture.identity("github", ("repository_id", .string("1")), ("ref", .string("main"))))
        let other = try Self.client(
            "other", IdentityFixture.identity("github", ("repository_id", .string("2")), ("ref", .string("main"))))
        let both = try Self.client(
            "both", IdentityFixture.identity("github", ("repository_id", .array([.string("2"), .string("3")]))))
        let free = try Self.client("free", IdentityFixture.identity("github", ("actor_id", .string("9"))))
        let elsewhere = try Self.client(
            "elsewhere", IdentityFixture.identity("cluster", ("repository_id", .string("1"))))
        #expect(pairs(all, main) == ["github all main"])
        #expect(pairs(main, other).isEmpty && pairs(all, other).isEmpty && pairs(all, elsewhere).isEmpty)
        #expect(pairs(other, both).count == 1)
        #expect(pairs(all, free).count == 1)
        #expect(pairs(all).isEmpty)
        #expect(pairs(all, main, budget: 0).isEmpty)
        // Whatever stands first, each client is looked at.
        let two = try Self.client(
            "two", IdentityFixture.identity("github", ("repository_id", .string("8"))),
            IdentityFixture.identity("github", ("repository_id", .string("7"))))
        #expect(pairs(two, free) == ["github free two"])
        let seven = try Self.client("seven", IdentityFixture.identity("github", ("repository_id", .string("9"))))
        #expect(pairs(two, seven, free) == ["github free two", "github free seven"].sorted().reversed())
        let mixed = try Self.client(
            "mixed", IdentityFixture.identity("github", ("repository_id", .string("4"))),
            IdentityFixture.identity("github", ("actor_id", .string("5"))))
        #expect(pairs(mixed, free).isEmpty == false && pairs(mixed, seven) == ["github mixed seven"])
        #expect(Set(pairs(mixed, free, seven)) == ["github free mixed", "github free seven", "github mixed seven"])
        let many = try (0..<100).map {
            try Self.client("c\($0)", IdentityFixture.identity("github", ("a", .string("1"))))
        }
        #expect(IdentityOverlaps(of: many).pairs.count == IdentityOverlaps.most)
    }
}
