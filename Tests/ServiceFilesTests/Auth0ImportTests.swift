import AccessToken
import JOSE
import OAuth
import Testing

@testable import ServiceFiles

@Suite struct Auth0ImportTests {
    private let fixture: ExportFixture

    init() throws { fixture = try ExportFixture() }

    private static let secret = "q8vZr3TnYw5Lk2Xp9Bs6Hd4Jf7Gm1Cc0-Ee_Uu"

    private static func client(_ members: String = "") -> String {
        #"""
        { "tenant": "acme", "global": false, "client_id": "AbC123", "name": "Batch", "app_type": "non_interactive",
          "client_secret": "\#(secret)", "grant_types": [ "client_credentials" ], "callbacks": [],
          "token_endpoint_auth_method": "client_secret_post", "jwt_configuration": { "alg": "RS256", "lifetime_in_seconds": 36000 },
          "signing_keys": [ { "cert": "-----BEGIN", "pkcs7": "-----BEGIN" } ]\#(members) }
        """#
    }

    private static func grant(_ audience: String, _ scope: String, _ members: String = "") -> String {
        #"{ "id": "cgr_1", "client_id": "AbC123", "audience": "\#(audience)", "scope": [\#(scope)], "subject_type": "client"\#(members) }"#
    }

    private static func server(_ identifier: String, _ members: String) -> String {
        #"{ "id": "rs_1", "name": "API", "identifier": "\#(identifier)", "scopes": [ { "value": "a" }, { "value": "b" } ]\#(members) }"#
    }

    @Test("A client has the scope and audience of its grant, and the lifetime and form of its API")
    func carriesClients() throws {
        let files = [
            "[\(Self.client())]", #"{ "total": 1, "client_grants": [ \#(Self.grant("https://api", #""read:x""#)) ] }"#,
            "[\(Self.server("https://api", #", "token_lifetime": 7200, "token_dialect": "access_token""#))]",
        ]
        let imported = try fixture.clients(of: files, from: .auth0)[0]
        let client = try #require(imported.client)
        #expect(imported.outcome == .whole && client.id.description == "AbC123" && client.name == "Batch")
        #expect(client.secrets.map(\.hash) == [try ClientSecretHash(of: Self.secret)])
        #expect(client.scope.description == "read:x" && client.resources.map(\.description) == ["https://api"])
        #expect(client.accessTokenLifetime == .seconds(7200))
        #expect(imported.claims["azp"] == "AbC123" && imported.claims["gty"] == "client-credentials")
        #expect(try client.tokenShape == AccessTokenShape(type: .jwt))
        #expect(client.authenticationMethods == [.clientSecretBasic, .clientSecretPost])
    }

    @Test(
        "The dialect of the API decides about the form of tokens",
        arguments: [
            ("access_token", "JWT", "scope", true), ("access_token_authz", "JWT", "permissions", true),
            ("rfc9068_profile", "at+jwt", "scope", false), ("rfc9068_profile_authz", "at+jwt", "permissions", false),
        ])
    func readsDialects(dialect: String, type: String, scopeClaim: String, hasOwnClaims: Bool) throws {
        let files = [
            Self.client(), Self.grant("https://api", #""a""#),
            Self.server("https://api", #", "token_dialect": "\#(dialect)""#),
        ]
        let imported = try fixture.clients(of: files, from: .auth0)[0]
        #expect(
            imported.client?.tokenShape.type.rawValue == type && imported.client?.tokenShape.scopeClaim == scopeClaim)
        #expect((imported.claims["gty"] != nil) == hasOwnClaims)
    }

    @Test(
        "A client gets no scope for an API for which it did not have it",
        arguments: [
            ([#""a""#, #""a""#], ImportedClient.Outcome.whole), ([#""a","b""#, #""b","a""#], .whole),
            ([#""a""#, #""b""#], .refused),
            ([#""a","b""#, #""a""#], .refused),
        ])
    func refusesUnequalGrants(scopes: [String], outcome: ImportedClient.Outcome) throws {
        let grants = scopes.enumerated().map { Self.grant("https://api\($0)", $1) }
        let imported = try fixture.clients(of: [Self.client(), "[\(grants.joined(separator: ","))]"], from: .auth0)[0]
        #expect(imported.outcome == outcome)
    }

    @Test("A grant of all scopes needs the API")
    func readsGrantsOfAll() throws {
        let grant = Self.grant("https://api", "", #", "allow_all_scopes": true"#)
        #expect(try fixture.clients(of: [Self.client(), grant], from: .auth0)[0].outcome == .refused)
        let imported = try fixture.clients(of: [Self.client(), grant, Self.server("https://api", "")], from: .auth0)[0]
        #expect(imported.client?.scope.description == "a b")
    }

    @Test(
        "Clients without a usable grant are left out",
        arguments: [
            (
                grant("https://other", "").replacing("AbC123", with: "other"),
                "no client grant names it, so that Auth0 gives it no token"
            ),
            (grant("https://acme.eu.auth0.com/api/v2/", ""), "its client grants are for users, or for Auth0's own API"),
            (
                grant("https://api", "").replacing(#""subject_type": "client""#, with: #""subject_type": "user""#),
                "its client grants are for users, or for Auth0's own API"
            ),
        ])
    func leavesOutClientsWithoutGrant(grant: String, reason: String) throws {
        let imported = try fixture.clients(of: [Self.client(), grant], from: .auth0)[0]
        #expect(imported.outcome == .leftOut && imported.reason == reason)
    }

    @Test("Without any client grant the export is refused")
    func needsGrants() throws {
        #expect(
            try fixture.messages([Self.client()], from: .auth0) == [
                "has clients and no client grants, which have their scopes and audiences"
            ])
    }

    @Test("Keys that are not in the export refuse the client")
    func refusesKeys() throws {
        let client = Self.client(
            #", "client_authentication_methods": { "private_key_jwt": { "credentials": [ { "id": "c" } ] } }"#)
        let imported = try fixture.clients(of: [client, Self.grant("https://api", #""a""#)], from: .auth0)[0]
        #expect(imported.losses == ["it authenticates with private_key_jwt, and its keys are not in the export"])
    }

    @Test("The Deploy CLI's grants name clients by their names")
    func readsNamesOfClients() throws {
        let grant = Self.grant("https://api", #""a""#).replacing("AbC123", with: "Batch")
        #expect(try fixture.clients(of: [Self.client(), grant], from: .auth0)[0].outcome == .whole)
    }
}
