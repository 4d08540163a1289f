import AccessToken
import Foundation
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

@Suite struct ClientsFileTests {
    private static let hash = "sha256:K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols"

    private func read(_ text: String) throws -> [Client] {
        try ClientsFile.clients(in: YAMLText(path: "clients.yaml", text: text))
    }

    private func entry(_ members: String) -> String {
        "clients:\n  - client_id: a\n    client_secrets: [{hash: \"\(Self.hash)\"}]\n\(members)"
    }

    @Test(
        "RFC 9449 section 5.2: dpop_bound_access_tokens is true or false, and false if it is absent",
        arguments: [("true", true), ("on", true), ("false", false), ("~", false)])
    func boundTokens(text: String, requiresProof: Bool) throws {
        let entry = entry("    dpop_bound_access_tokens: \(text)\n")
        let clients = try read(entry)
        #expect(clients.map(\.requiresProof) == [requiresProof])
        #expect(try ClientRegistry(clients).requiresProofs == requiresProof)
        // It is kept when refresh tokens of all clients end.
        let ended = try read("refresh_tokens_not_before: 2026-01-01T00:00:00Z\n" + entry)
        #expect(ended.map(\.requiresProof) == [requiresProof])
        #expect(
            clients.first?.revoking(TokensNotBefore(refreshTokens: NotBefore([NumericDate(1)]))).requiresProof
                == requiresProof)
        #expect(try read(self.entry("")).first?.requiresProof == false)
    }

    @Test(
        "Another value of dpop_bound_access_tokens, or another name for it, is a problem",
        arguments: ["1", "[]", "ES256"])
    func boundTokensMalformed(text: String) {
        #expect(problems(entry("    dpop_bound_access_tokens: \(text)\n")).count == 1)
        let misspelt = problems(entry("    dpop_bound_access_token: true\n"))
        #expect(misspelt.count == 1 && misspelt.allSatisfy { $0.contains("dpop_bound_access_token") }, "\(misspelt)")
    }

    @Test("Every member of an entry is read")
    func readsEveryMember() throws {
        let client = try #require(
            try read(
                """
                clients:
                  - client_id: reporting
                    client_name: Nightly reporting
                    client_secrets:
                      - hash: "\(Self.hash)"
                        expires_at: 2027-01-01T00:00:00Z
                      - hash: "\(Self.hash)"
                    token_endpoint_auth_method: client_secret_basic
                    grant_types: [client_credentials]
                    scope: site.read site.documentation
                    resources: [https://api.example.com]
                    audiences: [rabbitmq, 6f1c1f4e-8a0c-4f6e-9a54-0d8a6a2e1d11, "//iam.googleapis.com/x"]
                    token_shape: { typ: JWT, scope: array, scope_claim: scp }
                    access_token_lifetime: 5m
                    access_token_reuse: 20s
                    requests_per_minute: 600
                    claims: { tenant: acme, level: 3, admin: false, id: "007", tags: [a, b] }

                """
            ).first)
        #expect(client.id.description == "reporting")
        #expect(client.name == "Nightly reporting")
        #expect(client.secrets.map(\.expiresAt?.seconds) == [1_798_761_600, nil])
        #expect(client.authenticationMethod == .clientSecretBasic)
        #expect(client.scope.tokens == ["site.read", "site.documentation"])
        #expect(client.resources.map(\.description) == ["https://api.example.com"])
        #expect(
            client.audiences.map(\.description) == [
                "rabbitmq", "6f1c1f4e-8a0c-4f6e-9a54-0d8a6a2e1d11", "//iam.googleapis.com/x",
            ])
        #expect(client.tokenShape == (try AccessTokenShape(type: .jwt, scope: .array, scopeClaim: "scp")))
        #expect(client.accessTokenLifetime == .seconds(300))
        #expect(client.accessTokenReuse == .seconds(20))
        #expect(client.requestsPerMinute == 600)
    }

    @Test("refresh_tokens_not_before of the client and that of all clients count together")
    func refreshTokensCanBeEnded() throws {
        let clients = try read(
            """
            refresh_tokens_not_before: 2026-11-23T09:30:00Z
            clients:
              - client_id: one
                client_secrets: [{hash: "\(Self.hash)"}]
              - client_id: two
                client_secrets: [{hash: "\(Self.hash)"}]
                refresh_tokens_not_before: 2026-11-23T09:30:01Z
              - client_id: three
                client_secrets: [{hash: "\(Self.hash)"}]
                refresh_tokens_not_before: 2026-11-23T09:29:59Z

            """)
        #expect(
            clients.map { $0.notBefore.refreshTokens.moments.map(\.seconds) } == [
                [1_795_426_200], [1_795_426_200, 1_795_426_201], [1_795_426_199, 1_795_426_200],
            ])
    }

    @Test(
        "A problem of the clients file is reported with its line",
        arguments: [
            (
                "refresh_tokens_not_before: soon\nclients: []\n",
                ["1: refresh_tokens_not_before is not a time such as 2027-01-01T00:00:00Z"]
            ),
            (
                "clients: []\nrefresh_tokens_not_before: [2027-01-01T00:00:00Z, 1]\n",
                ["2: refresh_tokens_not_before has an element that is not a time such as 2027-01-01T00:00:00Z"]
            ),
            (
                "clients:\n  - client_id: a\n    !x client_id: b\n    client_secrets: [{hash: \"\(hash)\"}]\n",
                ["3: client_id is set twice"]
            ),
            ("", ["-: the clients file is empty"]), ("# nothing\n", ["-: the clients file is empty"]),
            ("a: 1\n", ["1: is not a clients file"]), ("clients:\n", ["1: is not a clients file"]),
            ("clients: []\nother: 1\n", ["2: unknown key other"]),
            ("clients: [a]\n", ["1: a client is not a mapping of names to values"]),
            ("clients:\n  - client_name: a\n", ["2: client_id is missing", "2: client_secrets is missing"]),
            (
                "clients:\n  - client_id: é\n    client_secrets: [{hash: \"\(hash)\"}]\n",
                ["2: client_id has a character outside visible ASCII (RFC 6749 appendix A.1)"]
            ),
            (
                "clients:\n  - client_id: a\n    client_secrets: []\n",
                ["3: client_secrets is not a list of at least one secret"]
            ),
            (
                "clients:\n  - client_id: a\n    client_secrets: [{hash: secret}]\n",
                ["3: a secret: begins neither with sha256: nor with $"]
            ),
            (
                "clients:\n  - client_id: a\n    client_secrets: [{hash: \"\(hash)\", expires_at: soon}]\n",
                ["3: a secret: expires_at is not a time such as 2027-01-01T00:00:00Z"]
            ),
            (
                "clients:\n  - client_id: a\n    client_secrets: [{hash: \"\(hash)\"}]\n  - client_id: a\n    client_secrets: [{hash: \"\(hash)\"}]\n",
                ["4: client_id is already used in line 2"]
            ),
        ])
    func saysWhatIsWrongAndWhere(text: String, expected: [String]) {
        #expect(problems(text).sorted() == expected.sorted())
    }

    @Test(
        "Every member of an entry is validated",
        arguments: [
            ("    scop: a\n", "unknown key scop"),
            ("    scope: 'a \"b\"'\n", "scope has a character that RFC 6749 section 3.3 does not allow"),
            ("    scope: 'a  b'\n", "scope has a space at an end or two in a row"),
            (
                "    grant_types: [password]\n",
                "grant_types: an element is none of client_credentials, refresh_token and urn:ietf:params:oauth:grant-type:jwt-bearer"
            ),
            ("    grant_types: client_credentials\n", "grant_types is not a list"), ("    grant_types: []\n", nil),
            ("    resources: [api]\n", "resources: an element is not an absolute URI"),
            (
                "    audiences: ['https://a']\n",
                "audiences: an element has a colon: a URI belongs in resources, and no other name has one (RFC 7519 section 2)"
            ),
            ("    audiences: [a b]\n", "audiences: an element has a character outside visible ASCII"),
            ("    audiences: rabbitmq\n", "audiences is not a list"),
            ("    token_shape: {}\n", nil), ("    token_shape: { typ: at+jwt, scope: string }\n", nil),
            ("    token_shape: JWT\n", "token_shape is not a mapping"),
            ("    token_shape: { typ: jwt }\n", "token_shape typ is neither at+jwt nor JWT"),
            ("    token_shape: { typ: none }\n", "token_shape typ is neither at+jwt nor JWT"),
            ("    token_shape: { scope: list }\n", "token_shape scope is neither string nor array"),
            ("    token_shape: { scope: [a] }\n", "token_shape: scope is not one single value"),
            ("    token_shape: { scope_claims: scp }\n", "token_shape: unknown key scope_claims"),
            (
                "    token_shape: { scope_claim: aud }\n",
                "token_shape scope_claim is the name of a registered claim that is no scope"
            ),
            (
                "    token_shape: { scope_claim: active }\n",
                "token_shape scope_claim is the name of a member of introspection answers"
            ), ("    token_shape: { scope_claim: '' }\n", "token_shape scope_claim is empty"),
            (
                "    token_endpoint_auth_method: none\n",
                "token_endpoint_auth_method is not one of client_secret_basic, client_secret_post, private_key_jwt, spiffe_jwt, "
                    + "tls_client_auth and self_signed_tls_client_auth"
            ),
            ("    access_token_lifetime: 2d\n", "access_token_lifetime is not between 1s and 24h"),
            (
                "    jwks_uri: https://a.example/jwks\n    jwks: { keys: [{ kty: OKP, crv: Ed25519, x: "
                    + "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo }] }\n",
                "jwks_uri cannot be combined with jwks"
            ),
            ("    jwks: { keys: [] }\n", "jwks is not a JWK Set"), ("    jwks: [a]\n", "jwks is not a JWK Set"),
            ("    access_token_reuse: off\n", nil),
            ("    access_token_reuse: 1h\n", "access_token_reuse is neither off nor between 1s and 5m"),
            ("    requests_per_minute: 1\n", nil), ("    requests_per_minute: 1000000\n", nil),
            ("    requests_per_minute: 0\n", "requests_per_minute is not a number from 1 to 1000000"),
            ("    requests_per_minute: +5\n", "requests_per_minute is not a number from 1 to 1000000"),
            ("    requests_per_minute: 1.5\n", "requests_per_minute is not a number from 1 to 1000000"),
            ("    requests_per_minute: 1000001\n", "requests_per_minute is not a number from 1 to 1000000"),
            ("    requests_per_minute: [5]\n", "requests_per_minute is not a single value"),
            ("    claims: { sub: me }\n", "claims would shadow the registered claim sub"),
            ("    claims: { nbf: 0 }\n", "claims would shadow the registered claim nbf"),
            ("    claims: { status: {} }\n", "claims would shadow the registered claim status"),
            (
                "    claims: [a]\n",
                "claims is not a mapping of names to values"
            ),
            (
                "    claims: { a: .inf }\n",
                "claims has an infinity, or what is not a number, which JSON cannot express"
            ),
            (
                "    claims: {1: a, \"1\": b}\n",
                "is not YAML: a key is used twice: 1"
            ),
            (
                "    claims: {n: 12345678901234567890}\n",
                "claims has a number of more than 64 bits, which JSON readers would round"
            ),
        ] as [(String, String?)])
    func checksMembers(members: String, expected: String?) {
        #expect(problems(entry(members)) == (expected.map { ["4: \($0)"] } ?? []))
    }

    @Test("The claim with the scope must not have the name of one of the client's claims")
    func scopeClaimsDoNotShadow() {
        let shape = "    token_shape: { scope_claim: tenant }\n"
        #expect(problems(entry(shape)) == [])
        #expect(
            problems(entry(shape + "    claims: { tenant: acme }\n"))
                == ["4: token_shape scope_claim is the name of one of the client's claims"])
    }

    @Test("A registration that weakens its tokens is warned about by its client and line, unless it is out")
    func warnsOfWeakTokens() throws {
        func warnings(_ text: String) throws -> [String] {
            try ClientsFile(parsing: YAMLText(path: "clients.yaml", text: text)).read().warnings.map(\.description)
        }
        #expect(try warnings(entry("    token_shape: { scope: array }\n    audiences: [b]\n")).isEmpty)
        let jwt = try warnings(entry("    token_shape: { typ: JWT }\n"))
        #expect(jwt.count == 1)
        #expect(jwt.first?.hasPrefix("clients.yaml:4: client a has token_shape with typ JWT: ") == true)
        let own = try warnings(entry("    audiences: [a]\n"))
        #expect(own.count == 1)
        #expect(own.first?.hasPrefix("clients.yaml:2: client a is an audience of its own tokens: ") == true)
        // An entry with a problem is out.
        #expect(try warnings(entry("    token_shape: { typ: JWT }\n    scop: a\n")).isEmpty)
        // Of two entries with one identifier the second is out.
        let second = entry("    token_shape: { typ: JWT }\n").replacing("clients:\n", with: "")
        #expect(try warnings(entry("") + second).isEmpty)
    }

    @Test("Nested aliases that expand to very many values are refused")
    func aliasesDoNotMultiplyWithoutEnd() {
        var text = "    claims:\n      a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let alias = "*a\(level - 1)"
            text += "      a\(level): &a\(level) [\(Array(repeating: alias, count: 10).joined(separator: ", "))]\n"
        }
        #expect(problems(entry(text)).count == 1)
    }

    @Test("An explicitly empty list of clients is accepted")
    func anExplicitlyEmptyListIsFine() throws {
        #expect(try read("clients: []\n").isEmpty)
    }

    private func problems(_ text: String) -> [String] {
        do {
            _ = try read(text)
            return []
        } catch let error as InvalidConfiguration {
            return error.problems.map { problem in
                guard case .file(_, let line) = problem.place else { return problem.message }
                return "\(line.map { "\($0)" } ?? "-"): \(problem.message)"
            }
        } catch {
            return ["\(error)"]
        }
    }

    @Test("Password hashes of more than eight different costs are refused")
    func manyCostsOfPasswordHashesAreRefused() throws {
        func refusals(costs: Int) -> [String] {
            let entries = (1...costs).map { number in
                let hash = "$pbkdf2-sha256$i=\(1000 + number)$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA"
                return "  - client_id: c\(number)\n    client_secrets: [{hash: '\(hash)'}]\n"
            }
            return problems("clients:\n" + entries.joined())
        }
        #expect(refusals(costs: 8).isEmpty)
        #expect(
            refusals(costs: 9) == [
                "18: client_secrets needs 9 password hash checks to reject a wrong secret"
            ])
    }
}
