import AccessToken
import JOSE
import Libcrypto
import OAuth
import Testing

@testable import ServiceFiles

@Suite struct KeycloakImportTests {
    private let fixture: ExportFixture

    init() throws { fixture = try ExportFixture() }

    private static let secret = "Zx8aQp3nVt6rYw1sKd5uMb9cEf2hGj4L"

    /// A realm as `kc.sh export` writes it.
    private static func realm(
        client: String = "", clients: String = "", users: String = "", scopes: String = "", members: String = ""
    ) -> String {
        """
        { "id": "1b0a", "realm": "acme", "accessTokenLifespan": 300, "ssoSessionIdleTimeout": 1800,
          "roles": { "realm": [ { "id": "x", "name": "auditor", "composite": false, "attributes": {} } ] },
          "users": [
            { "id": "u1", "username": "alice", "enabled": true, "credentials": [ { "type": "password",
              "secretData": "{\\"value\\":\\"aGFzaA==\\"}" } ], "realmRoles": [ "default-roles-acme" ] }\(users) ],
          "clientScopes": [
            { "name": "roles", "protocol": "openid-connect", "attributes": { "include.in.token.scope": "false" } },
            { "name": "orders.read", "protocol": "openid-connect", "attributes": { "include.in.token.scope": "true" },
              "protocolMappers": [ { "name": "api", "protocolMapper": "oidc-audience-mapper",
                "config": { "included.custom.audience": "https://orders.example.com", "access.token.claim": "true" } } ] },
            { "name": "hidden", "protocol": "openid-connect", "attributes": { "include.in.token.scope": "false" } },
            { "name": "role_list", "protocol": "saml" }\(scopes) ],
          "clients": [
            { "id": "c1", "clientId": "batch", "name": "Batch", "enabled": true, "clientAuthenticatorType": "client-secret",
              "secret": "\(secret)", "redirectUris": [], "serviceAccountsEnabled": true, "standardFlowEnabled": true,
              "publicClient": false, "bearerOnly": false, "protocol": "openid-connect", "fullScopeAllowed": true,
              "defaultClientScopes": [ "roles", "orders.read", "hidden" ], "optionalClientScopes": [ "offline_access" ]\(client) }
            \(clients) ]\(members),
          "components": { "org.keycloak.keys.KeyProvider": [ { "name": "rsa", "config": { "privateKey": [ "MII" ] } } ] } }
        """
    }

    @Test("A client keeps its identifier, name, secret, scope, audience and lifetime")
    func carriesClients() throws {
        let imported = try fixture.client(Self.realm(), from: .keycloak)
        let client = try #require(imported.client)
        #expect(imported.outcome == .whole && imported.losses.isEmpty)
        #expect(client.id.description == "batch" && client.name == "Batch")
        #expect(client.secrets.map(\.hash) == [try ClientSecretHash(of: Self.secret)])
        #expect(client.scope.description == "orders.read")
        #expect(client.resources.map(\.description) == ["https://orders.example.com"])
        #expect(client.accessTokenLifetime == .seconds(300))
        #expect(client.authenticationMethods.map(\.rawValue) == ["client_secret_basic", "client_secret_post"])
        #expect(client.grantTypes == [.clientCredentials])
        #expect(try client.tokenShape == AccessTokenShape(type: .jwt))
        #expect(imported.claims["azp"] == "batch" && imported.claims["typ"] == "Bearer")
        #expect(imported.claims["preferred_username"] == "service-account-batch")
        #expect(!imported.lines.joined().contains(Self.secret))
    }

    @Test(
        "A client that does not use client_credentials is left out",
        arguments: [
            (#", "enabled": false"#, "it is disabled"),
            (#", "publicClient": true"#, "it is a public client, which has no credential"),
            (#", "bearerOnly": true"#, "it is a resource server (bearerOnly)"),
            (#", "protocol": "saml""#, "its protocol is saml"),
            (
                #", "serviceAccountsEnabled": false"#,
                "it has no service account, so that it does not use client_credentials"
            ),
        ])
    func leavesOut(members: String, reason: String) throws {
        let standard = #""serviceAccountsEnabled": true, "secret": "\#(Self.secret)""#
        // Each name is there once.
        let name = members.split(separator: "\"")[1]
        let kept = standard.split(separator: ", ").filter { !$0.contains("\"\(name)\"") }.joined(separator: ", ")
        let imported = try fixture.client(#"{ "clientId": "x", \#(kept)\#(members) }"#, from: .keycloak)
        #expect(imported.outcome == .leftOut && imported.reason == reason && imported.client == nil)
    }

    @Test(
        "A secret that is not in the export refuses the client",
        arguments: [
            ("", "its secret is not in the export"), (#", "secret": """#, "its secret is not in the export"),
            (#", "secret": "**********""#, "the export has stars in place of its secret"),
            (#", "secret": "${vault.batch}""#, "its secret is in a vault, not in the export"),
            (
                #", "secret": "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2g""#,
                "its secret is a hash of the kind argon2id, which Writ cannot check"
            ),
        ])
    func refusesMissingSecrets(member: String, reason: String) throws {
        let export = #"{ "clientId": "x", "serviceAccountsEnabled": true\#(member) }"#
        let imported = try fixture.client(export, from: .keycloak)
        #expect(imported.outcome == .refused && imported.client == nil)
        #expect(imported.losses.first == reason)
    }

    @Test(
        "What Writ does not have is lost, and the rest is carried",
        arguments: [
            (#""directAccessGrantsEnabled": true"#, "the grant type password"),
            (#""implicitFlowEnabled": true, "redirectUris": ["https://a.example"]"#, "the grant type implicit"),
            (#""authorizationServicesEnabled": true"#, "the authorization services (UMA)"),
            (#""attributes": {"oidc.ciba.grant.enabled": "true"}"#, "the grant type ciba"),
            (
                #""attributes": {"access.token.lifespan": "172800"}"#,
                "the lifetime of its access tokens, 2d: Writ's live 24h at most"
            ),
            (
                #""protocolMappers": [{"name": "m", "protocolMapper": "oidc-usermodel-attribute-mapper", "config": {}}]"#,
                "the mapper m (oidc-usermodel-attribute-mapper)"
            ),
            (
                #""protocolMappers": [{"name": "m", "protocolMapper": "oidc-hardcoded-claim-mapper", "config": {"claim.name": "a.b", "claim.value": "1"}}]"#,
                "the mapper m: the claim a.b is nested"
            ),
            (
                #""protocolMappers": [{"name": "m", "protocolMapper": "oidc-hardcoded-claim-mapper", "config": {"claim.name": "sub", "claim.value": "1"}}]"#,
                "the claim sub: Writ sets it itself"
            ),
        ])
    func listsLosses(members: String, loss: String) throws {
        let export = #"{ "clientId": "x", "serviceAccountsEnabled": true, "secret": "\#(Self.secret)", \#(members) }"#
        let imported = try fixture.client(export, from: .keycloak)
        #expect(imported.outcome == .part && imported.client != nil)
        #expect(imported.losses == [loss])
    }

    @Test("Claims of hard-coded mappers are carried by their kinds")
    func carriesClaims() throws {
        func mapper(_ name: String, _ value: String, _ label: String, access: String = "true") -> String {
            #"{"name": "m", "protocolMapper": "oidc-hardcoded-claim-mapper", "config": {"claim.name": "\#(name)", "claim.value": "\#(value)", "jsonType.label": "\#(label)", "access.token.claim": "\#(access)"}}"#
        }
        let mappers = [
            mapper("tenant", "acme", "String"), mapper("level", "3", "int"), mapper("live", "true", "boolean"),
            mapper(#"a\\.b"#, #"{\"x\":[1]}"#, "JSON"), mapper("id_only", "1", "String", access: "false"),
        ]
        let export =
            #"{ "clientId": "x", "serviceAccountsEnabled": true, "secret": "\#(Self.secret)", "protocolMappers": [\#(mappers.joined(separator: ","))] }"#
        let imported = try fixture.client(export, from: .keycloak)
        let claims = imported.claims
        #expect(imported.losses.isEmpty)
        #expect(claims["tenant"] == "acme" && claims["level"] == 3 && claims["live"] == true)
        #expect(claims["a.b"] == ["x": [1]] && claims["id_only"] == nil)
    }

    @Test("Roles of the service account are claims, as Keycloak's tokens have them")
    func carriesRoles() throws {
        let account = #"""
            , { "username": "service-account-batch", "serviceAccountClientId": "batch", "groups": [],
                "realmRoles": [ "default-roles-acme", "offline_access", "auditor" ],
                "clientRoles": { "account": [ "view-profile" ], "orders": [ "write" ], "batch": [ "uma_protection" ] } }
            """#
        let imported = try fixture.client(Self.realm(users: account), from: .keycloak)
        let client = try #require(imported.client)
        #expect(imported.claims["realm_access"] == ["roles": ["auditor"]])
        #expect(imported.claims["resource_access"] == ["orders": ["roles": ["write"]]])
        #expect(client.audiences.map(\.description) == ["orders"])
        #expect(imported.losses.count == 1 && imported.losses[0].hasPrefix("several audiences in each token"))
    }

    @Test("Roles that scope mappings limit are not widened")
    func keepsRolesNarrow() throws {
        let account = #", { "serviceAccountClientId": "batch", "realmRoles": [ "auditor" ] }"#
        let export = Self.realm(users: account).replacing(
            #""fullScopeAllowed": true"#, with: #""fullScopeAllowed": false"#)
        let imported = try fixture.client(export, from: .keycloak)
        #expect(imported.claims["realm_access"] == nil)
        #expect(imported.losses.contains { $0.contains("fullScopeAllowed") })
    }

    @Test("Users may be in files of their own")
    func readsUsersOfOtherFiles() throws {
        let users =
            #"{ "realm": "acme", "users": [ { "serviceAccountClientId": "batch", "realmRoles": [ "auditor" ] } ] }"#
        let imported = try fixture.clients(of: [Self.realm(), users], from: .keycloak)
        #expect(imported.count == 1 && imported[0].claims["realm_access"] == ["roles": ["auditor"]])
    }

    @Test("A rotated secret is valid until its end, and an expired one is lost")
    func carriesRotatedSecrets() throws {
        func export(_ end: Int64) -> String {
            #"{ "clientId": "x", "serviceAccountsEnabled": true, "secret": "\#(Self.secret)", "attributes": { "client.secret.rotated": "formerformerformerformer", "client.secret.rotated.expiration.time": "\#(end)" } }"#
        }
        let later = ExportFixture.now.seconds + 60
        let client = try #require(try fixture.client(export(later), from: .keycloak).client)
        #expect(client.secrets.map(\.expiresAt?.seconds) == [nil, later])
        let imported = try fixture.client(export(ExportFixture.now.seconds), from: .keycloak)
        #expect(imported.outcome == .part && imported.client?.secrets.count == 1)
        #expect(imported.losses == ["a secret that has expired"])
    }

    @Test("Keys of client-jwt are carried from a URL, a JWK Set, and a public key")
    func carriesKeys() throws {
        func imported(_ attributes: String) throws -> ImportedClient {
            try fixture.client(
                #"{ "clientId": "x", "serviceAccountsEnabled": true, "clientAuthenticatorType": "client-jwt", "attributes": {\#(attributes)} }"#,
                from: .keycloak)
        }
        let remote = try imported(#""use.jwks.url": "true", "jwks.url": "https://x.example/jwks""#)
        #expect(remote.client?.authenticationMethods == [.privateKeyJWT])
        let key = try PrivateKey.generateRSA(bits: 2048).publicKey
        var writer = JSONWriter()
        JWK(key, keyID: "k", algorithm: nil).write(to: &writer)
        let set = #"{"keys":[\#(String(decoding: writer.bytes, as: UTF8.self))]}"#
        let quoted = set.replacing("\"", with: "\\\"")
        #expect(try imported(#""use.jwks.string": "true", "jwks.string": "\#(quoted)""#).outcome == .whole)
        let body = try key.pem().split(separator: "\n").filter { !$0.hasPrefix("-----") }.joined()
        #expect(try imported(#""jwt.credential.public.key": "\#(body)""#).outcome == .whole)
        for bad in [#""jwt.credential.public.key": "AAAA""#, #""jwt.credential.certificate": "AAAA""#, ""] {
            #expect(try imported(bad).losses.first == "its keys are not in the export, or cannot be read")
        }
    }

    @Test(
        "A subject of certificates is carried if it is no regular expression",
        arguments: [
            (#""x509.subjectdn": "CN=batch,O=Acme", "x509.allow.regex.pattern.comparison": "false""#, true),
            (#""x509.subjectdn": "CN=batch,O=Acme""#, true), (#""x509.subjectdn": "(.*?)(?:$)""#, false), ("", false),
        ])
    func carriesSubjects(attributes: String, isCarried: Bool) throws {
        let imported = try fixture.client(
            #"{ "clientId": "x", "serviceAccountsEnabled": true, "clientAuthenticatorType": "client-x509", "attributes": {\#(attributes)} }"#,
            from: .keycloak)
        #expect((imported.client?.authenticationMethods == [.tlsClientAuth]) == isCarried)
    }

    @Test(
        "Other credentials refuse the client",
        arguments: ["client-secret-jwt", "federated-jwt", "client-sec\u{212A}ret"])
    func refusesOtherMethods(kind: String) throws {
        let imported = try fixture.client(
            #"{ "clientId": "x", "serviceAccountsEnabled": true, "secret": "\#(Self.secret)", "clientAuthenticatorType": "\#(kind)" }"#,
            from: .keycloak)
        #expect(imported.losses == ["it authenticates with \(kind)"] && imported.outcome == .refused)
    }

    @Test("Clients of several realms are refused, since each realm is an issuer")
    func refusesSeveralRealms() throws {
        let messages = try fixture.messages(["[\(Self.realm()), { \"realm\": \"master\" }]"], from: .keycloak)
        #expect(messages == ["holds 2 realms, and each is an issuer of its own"])
    }

    @Test("The attributes of bound tokens and of RFC 9068 are carried")
    func carriesAttributes() throws {
        let attributes =
            #", "attributes": { "tls.client.certificate.bound.access.tokens": "true", "dpop.bound.access.tokens": "true", "access.token.header.type.rfc9068": "true", "client_credentials.use_refresh_token": "true", "access.token.lifespan": "60" }"#
        let client = try #require(try fixture.client(Self.realm(client: attributes), from: .keycloak).client)
        #expect(client.requiresProof && client.certificates.bindsAccessTokens && client.tokenShape == .standard)
        #expect(client.grantTypes == [.clientCredentials, .refreshToken] && client.accessTokenLifetime == .seconds(60))
    }
}
