import AccessToken
import JOSE
import OAuth
import Testing

@testable import ServiceFiles

@Suite struct CognitoImportTests {
    private let fixture: ExportFixture

    init() throws { fixture = try ExportFixture() }

    private static func client(_ members: String = "", id: String = "3n4b5urk1ft4fl3mg5e62d9ado") -> String {
        #"""
        { "UserPoolClient": { "UserPoolId": "eu-west-1_aB", "ClientName": "batch", "ClientId": "\#(id)",
            "ClientSecret": "1example2secret3of4cognito5which6is7long8enough9xy", "RefreshTokenValidity": 30,
            "AllowedOAuthFlows": [ "client_credentials" ], "AllowedOAuthFlowsUserPoolClient": true,
            "AllowedOAuthScopes": [ "https://orders.example.com/read", "solar/write" ]\#(members) } }
        """#
    }

    @Test("A client keeps its scopes, and its tokens have what verifiers for Cognito look at")
    func carriesClients() throws {
        let imported = try fixture.client(Self.client(), from: .cognito)
        let client = try #require(imported.client)
        #expect(imported.outcome == .whole && client.name == "batch")
        #expect(client.scope.description == "https://orders.example.com/read solar/write")
        #expect(client.resources.isEmpty && client.accessTokenLifetime == .seconds(3600))
        #expect(imported.claims["token_use"] == "access" && imported.claims["version"] == 2)
    }

    @Test(
        "Lifetimes have units",
        arguments: [
            (#", "AccessTokenValidity": 2"#, 7200),
            (#", "AccessTokenValidity": 30, "TokenValidityUnits": { "AccessToken": "minutes" }"#, 1800),
            (#", "AccessTokenValidity": 300, "TokenValidityUnits": { "AccessToken": "seconds" }"#, 300),
            (#", "AccessTokenValidity": 1, "TokenValidityUnits": { "AccessToken": "days" }"#, 86400),
            (#", "AccessTokenValidity": 0"#, 3600),
        ])
    func readsLifetimes(members: String, seconds: Int64) throws {
        let client = try fixture.client(Self.client(members), from: .cognito).client
        #expect(client?.accessTokenLifetime == .seconds(seconds))
    }

    @Test("Answers for several clients may stand in one file, and others in another")
    func readsSeveral() throws {
        let files = [Self.client(id: "a") + "\n" + Self.client(id: "b"), "[\(Self.client(id: "c"))]"]
        #expect(try fixture.clients(of: files, from: .cognito).map(\.id) == ["a", "b", "c"])
    }

    @Test("A list without secrets is refused, and says what to export")
    func refusesLists() throws {
        let list = #"{ "UserPoolClients": [ { "ClientId": "a", "UserPoolId": "p", "ClientName": "n" } ] }"#
        #expect(
            try fixture.messages([list], from: .cognito) == ["is a list of app clients, without secrets and scopes"])
    }

    @Test("Clients for people are left out")
    func leavesOut() throws {
        let export = Self.client().replacing("\"client_credentials\"", with: "\"code\", \"implicit\"")
        #expect(
            try fixture.client(export, from: .cognito).reason == "it uses code, implicit, and not client_credentials")
    }
}
