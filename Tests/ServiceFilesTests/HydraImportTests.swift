import AccessToken
import JOSE
import OAuth
import Testing

@testable import ServiceFiles

@Suite struct HydraImportTests {
    private let fixture: ExportFixture

    init() throws { fixture = try ExportFixture() }

    private static func client(_ members: String = "") -> String {
        #"""
        { "client_id": "batch", "client_name": "Batch", "grant_types": [ "client_credentials" ], "response_types": [ "code" ],
          "scope": "orders.read  orders.write", "audience": [ "https://orders.example.com", "rabbitmq" ], "owner": "",
          "redirect_uris": [], "metadata": {}, "client_secret_expires_at": 0, "created_at": "2024-01-01T00:00:00Z"\#(members) }
        """#
    }

    private static let hash =
        "$pbkdf2-sha256$i=25000,l=32$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g"

    @Test("A hash of Hydra's is carried as it is, with the form of Hydra's tokens")
    func carriesHashes() throws {
        let export = Self.client(
            #", "client_secret": "\#(Self.hash)", "client_credentials_grant_access_token_lifespan": "1h30m0s""#)
        let imported = try fixture.client(export, from: .hydra)
        let client = try #require(imported.client)
        #expect(imported.outcome == .whole)
        #expect(client.secrets.map(\.hash.description) == [Self.hash])
        #expect(client.scope.description == "orders.read orders.write")
        #expect(client.resources.map(\.description) == ["https://orders.example.com"])
        #expect(client.audiences.map(\.description) == ["rabbitmq"])
        #expect(client.accessTokenLifetime == .seconds(5400))
        #expect(try client.tokenShape == AccessTokenShape(type: .jwt, scope: .array, scopeClaim: "scp"))
        #expect(client.authenticationMethods == [.clientSecretBasic])
    }

    @Test("Secrets may come in a file of their own, for clients of the other")
    func joinsSecrets() throws {
        let list = #"{ "items": [ \#(Self.client()) ], "next_page_token": "", "is_last_page": true }"#
        let secrets =
            #"[ { "client_id": "batch", "client_secret": "\#(Self.hash)" }, { "client_id": "gone", "client_secret": "x" } ]"#
        let clients = try fixture.clients(of: [list, secrets], from: .hydra)
        #expect(clients.map(\.id) == ["batch", "gone"] && clients.map(\.outcome) == [.whole, .refused])
        #expect(clients[1].losses == ["the export has its secret alone"])
        #expect(try fixture.clients(of: [list], from: .hydra)[0].losses == ["its secret is not in the export"])
    }

    @Test("A page of a list that goes on is reported")
    func warnsOfPages() throws {
        let page = #"{ "items": [ \#(Self.client(#", "client_secret": "\#(Self.hash)""#)) ], "is_last_page": false }"#
        #expect(
            try fixture.found([page], from: .hydra).warnings.map(\.message) == ["is one page of a list that goes on"])
        let last = #"{ "items": [], "is_last_page": true }"#
        #expect(try fixture.found([page, last], from: .hydra).warnings.isEmpty)
    }

    @Test(
        "Grant types without a client's own credential are left out or lost",
        arguments: [
            (#"["authorization_code"]"#, "[]", ImportedClient.Outcome.leftOut, [String]()),
            (#"["client_credentials", "authorization_code"]"#, "[]", .whole, []),
            (
                #"["client_credentials", "authorization_code"]"#, #"["https://a.example"]"#, .part,
                ["the grant type authorization_code"]
            ),
            (
                #"["client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer"]"#, "[]", .part,
                ["the grant jwt-bearer: the trusted issuers are not in the export, and belong in `identities`"]
            ),
            (#"["client_credentials", "refresh_token"]"#, "[]", .whole, []),
            ("[\"client_\u{212A}redentials\"]", "[]", .leftOut, []),
        ])
    func readsGrantTypes(names: String, redirections: String, outcome: ImportedClient.Outcome, losses: [String]) throws
    {
        let export =
            #"{ "client_id": "x", "client_secret": "\#(Self.hash)", "grant_types": \#(names), "redirect_uris": \#(redirections) }"#
        let imported = try fixture.client(export, from: .hydra)
        #expect(imported.outcome == outcome && imported.losses == losses)
        #expect(imported.client?.grantTypes ?? [.clientCredentials] == [.clientCredentials])
    }

    @Test(
        "Durations are Go's, in whole seconds",
        arguments: [
            ("1h0m0s", 3600), ("90s", 90), ("1m", 60), ("", nil), ("1", nil), ("500ms", nil), ("1.5h", nil),
            ("-1h", nil),
            ("1\u{0660}s", nil), ("s", nil), ("1h\u{0301}", nil), ("99999999999h", nil),
        ] as [(String, Int64?)])
    func readsDurations(text: String, seconds: Int64?) {
        #expect(HydraExport.seconds(text) == seconds)
    }

    @Test("Opaque tokens have no special form")
    func keepsTheFormOfOpaqueTokens() throws {
        let export = Self.client(#", "client_secret": "\#(Self.hash)", "access_token_strategy": "opaque""#)
        #expect(try fixture.client(export, from: .hydra).client?.tokenShape == .standard)
    }
}
