import AccessToken
import JOSE
import Testing
import TokenVerifier
import TokenVerifierTesting

/// Tokens with the headers and claims that other issuers document, signed with keys of the test.
@Suite struct ForeignTokenTests {
    struct Foreign: Sendable, CustomTestStringConvertible {
        let name: String
        let issuer: String
        let audience: String
        /// `typ`
        let type: String?
        /// Members of the payload after `iss`. The token was issued at 1795000000.
        let claims: String
        /// Whether the issuer publishes its keys with `alg`.
        var publishesAlgorithm = true
        /// What the verifier reads from the token, with the profile that fits.
        var subject: String?
        var clientID: String?
        var scope = ""
        var tokenID: String?

        var testDescription: String { name }
        /// The profile that fits.
        var profile: TokenProfile { .jwt(type: type) }
    }

    static let now = NumericDate(1_795_000_060)

    static let tokens = [
        Foreign(
            name: "Keycloak, client credentials", issuer: "https://sso.example.com/realms/acme", audience: "orders",
            type: "JWT",
            claims: """
                "exp":1795000300,"iat":1795000000,"jti":"trrtcc:5a2b","aud":["orders","account"],"sub":"f1d2","typ":"Bearer",\
                "azp":"reporting","acr":"1","allowed-origins":["/*"],"realm_access":{"roles":["offline_access"]},\
                "resource_access":{"account":{"roles":["view-profile"]}},"scope":"profile email","clientHost":"10.0.0.7",\
                "email_verified":false,"preferred_username":"service-account-reporting","client_id":"reporting"
                """,
            subject: "f1d2", clientID: "reporting", scope: "profile email", tokenID: "trrtcc:5a2b"),
        Foreign(
            name: "Keycloak, lightweight", issuer: "https://sso.example.com/realms/acme", audience: "account",
            type: "JWT",
            claims: """
                "exp":1795000300,"iat":1795000000,"jti":"7c","aud":"account","typ":"Bearer","azp":"reporting","scope":""
                """,
            clientID: "reporting", tokenID: "7c"),
        Foreign(
            name: "Entra ID, version 2, an application", issuer: "https://login.microsoftonline.com/7f0c/v2.0",
            audience: "6e74172b-be56-4843-9ff4-e66a39bb12e3", type: "JWT",
            claims: """
                "aud":"6e74172b-be56-4843-9ff4-e66a39bb12e3","iat":1795000000,"nbf":1795000000,"exp":1795003900,\
                "aio":"AXQAi/8IAAAA","azp":"4a1e","azpacr":"1","oid":"690222be","rh":"0.AUgA.","roles":["Orders.Read"],\
                "sub":"690222be","tid":"7f0c","uti":"GmoC","ver":"2.0","xms_ftd":18446744073709551615
                """,
            publishesAlgorithm: false, subject: "690222be", clientID: "4a1e"),
        Foreign(
            name: "Entra ID, version 1, a person", issuer: "https://sts.windows.net/7f0c/", audience: "api://orders",
            type: "JWT",
            claims: """
                "aud":"api://orders","iat":1795000000,"nbf":1795000000,"exp":1795003900,"acr":"1","amr":["pwd"],\
                "appid":"4a1e","appidacr":"0","name":"\\u00c5sa","oid":"690222be","scp":"Orders.Read user_impersonation",\
                "sub":"HKZp","tid":"7f0c","unique_name":"a@example.com","uti":"GmoC","ver":"1.0"
                """,
            publishesAlgorithm: false, subject: "HKZp", clientID: "4a1e", scope: "Orders.Read user_impersonation"),
        Foreign(
            name: "Google, a service account", issuer: "https://accounts.google.com",
            audience: "32555940559.apps.googleusercontent.com", type: "JWT",
            claims: """
                "azp":"107534","aud":"32555940559.apps.googleusercontent.com","sub":"107534","email":"a@p.iam.example.com",\
                "email_verified":true,"iat":1795000000,"exp":1795003600
                """,
            subject: "107534", clientID: "107534"),
        Foreign(
            name: "GitHub Actions", issuer: "https://token.actions.githubusercontent.com",
            audience: "https://github.com/octo-org", type: "JWT",
            claims: """
                "jti":"example-id","sub":"repo:octo-org/octo-repo:environment:prod","environment":"prod",\
                "aud":"https://github.com/octo-org","ref":"refs/heads/main","sha":"example-sha",\
                "repository":"octo-org/octo-repo","repository_owner":"octo-org","actor_id":"12","repository_id":"74",\
                "run_id":"example-run-id","run_attempt":"2","runner_environment":"github-hosted",\
                "nbf":1794999900,"exp":1795000900,"iat":1795000000
                """,
            subject: "repo:octo-org/octo-repo:environment:prod", tokenID: "example-id"),
        Foreign(
            name: "Kubernetes, a service account", issuer: "https://kubernetes.default.svc.cluster.local",
            audience: "vault", type: nil,
            claims: """
                "aud":["vault"],"exp":1795003607,"iat":1795000000,"jti":"d1c7","kubernetes.io":{"namespace":"payments",\
                "node":{"name":"n1","uid":"5e"},"pod":{"name":"api-0","uid":"9c"},"serviceaccount":{"name":"api","uid":"77"},\
                "warnafter":1795003607},"nbf":1795000000,"sub":"system:serviceaccount:payments:api"
                """,
            subject: "system:serviceaccount:payments:api", tokenID: "d1c7"),
        Foreign(
            name: "Okta", issuer: "https://acme.okta.example.com/oauth2/default", audience: "api://default", type: nil,
            claims: """
                "ver":1,"jti":"AT.0m","aud":"api://default","iat":1795000000,"exp":1795003600,"cid":"0oa","uid":null,\
                "scp":["orders.read","orders.write"],"sub":"0oa"
                """,
            subject: "0oa", scope: "orders.read orders.write", tokenID: "AT.0m"),
    ]

    private func verify(
        _ token: Foreign, _ rules: VerificationRules, changing change: (String, String)? = nil,
        signedWith algorithm: SignatureAlgorithm = .es256
    ) throws(AccessTokenVerificationError) -> VerifiedAccessToken? {
        var payload = #"{"iss":"\#(token.issuer)",\#(token.claims)}"#
        if let change { payload = payload.replacing(change.0, with: change.1) }
        guard let issuer = try? TestIssuer(token.issuer, algorithm: algorithm),
            let text = try? issuer.token(payload: Array(payload.utf8), type: token.type),
            let audience = try? Audience(token.audience)
        else { return nil }
        let keys = issuer.keys.keys.map { key in
            JWK(key.publicKey, keyID: key.keyID, algorithm: token.publishesAlgorithm ? key.algorithm : nil)
        }
        let verifier = AccessTokenVerifier(
            issuer: issuer.issuer, audience: audience, keys: .fixed(JWKSet(keys)), rules: rules, now: { Self.now })
        return try verifier.verifyUsingCachedKeys(text)
    }

    @Test("A token of another issuer is accepted with the profile for it, and its claims are read", arguments: tokens)
    func isAccepted(token: Foreign) throws {
        let verified = try #require(
            try verify(token, VerificationRules(profile: token.profile), signedWith: .rs256))
        let claims = verified.claims
        #expect(claims.subject == token.subject)
        #expect(claims.clientID?.description == token.clientID)
        #expect(claims.scope.description == token.scope)
        #expect(claims.tokenID == token.tokenID)
        #expect(claims.issuedAt == NumericDate(1_795_000_000))
        #expect(verified.header.type == token.type)
        #expect(verified.keyID == "test")
    }

    @Test("RFC 9068 section 4: the default profile refuses every token without at+jwt", arguments: tokens)
    func isRefusedByDefault(token: Foreign) {
        #expect(throws: AccessTokenVerificationError.rejected(.wrongType)) {
            try verify(token, VerificationRules())
        }
    }

    @Test("RFC 8725 section 3.11: a profile accepts its own type, and no header without one", arguments: tokens)
    func otherTypes(token: Foreign) {
        let other: TokenProfile = token.type == nil ? .jwt() : .jwt(type: nil)
        for profile in [other, .jwt(type: "secevent+jwt")] {
            #expect(throws: AccessTokenVerificationError.rejected(.wrongType)) {
                try verify(token, VerificationRules(profile: profile))
            }
        }
    }

    @Test("The profile for other issuers still checks issuer, audience and time", arguments: tokens)
    func isStillChecked(token: Foreign) {
        let changes: [((String, String), AccessTokenRejection)] = [
            ((#""iss":"https://"#, #""iss":"https://evil."#), .wrongIssuer),
            ((#""\#(token.audience)""#, #""another""#), .wrongAudience),
            ((#""exp":179500"#, #""exp":179400"#), .expired),
            ((#""exp":"#, #""x":"#), .missingClaim("exp")), ((#""aud":"#, #""x":"#), .missingClaim("aud")),
            ((#""iss":"#, #""x":"#), .missingClaim("iss")),
            ((#""iat":17"#, #""nbf":1895000000,"iat":17"#), .notYetValid),
            ((#""iat":17"#, #""iat":"17","x":17"#), .missingClaim("iat")),
            ((#""iat":17"#, #""cnf":{"jkt":"a"},"iat":17"#), .boundToKey),
        ]
        for (change, rejection) in changes {
            // A token with a claim of its own of that name would have it twice.
            if change.1.contains("nbf"), token.claims.contains("nbf") { continue }
            #expect(throws: AccessTokenVerificationError.rejected(rejection), "\(change)") {
                try verify(token, VerificationRules(profile: token.profile), changing: change)
            }
        }
    }

    @Test("A token of Writ with token_shape is accepted with the profile for its shape")
    func tokensOfWritWithAShape() throws {
        let issuer = try TestIssuer()
        func verify(_ text: String, _ profile: TokenProfile) throws -> String {
            let verifier = try issuer.verifier(rules: VerificationRules(profile: profile))
            return try #require(try verifier.verifyUsingCachedKeys(text)).scope.description
        }
        let scopes: [String: JSONValue] = ["scp": ["a", "b"]]
        let shaped = try issuer.token(type: "JWT", claims: scopes)
        #expect(try verify(shaped, .jwt()) == "a b")
        #expect(try verify(shaped, .jwt(scopeClaim: "scp")) == "a b")
        #expect(try verify(issuer.token(claims: scopes), .rfc9068(scopeClaim: "scp")) == "a b")
        #expect(try verify(issuer.token(scope: "c"), .rfc9068(scopeClaim: "scp")) == "c")
        #expect(try verify(issuer.token(scope: "c"), .jwt()) == "c")
        #expect(throws: AccessTokenVerificationError.rejected(.wrongType)) { try verify(shaped, .rfc9068) }
    }
}
