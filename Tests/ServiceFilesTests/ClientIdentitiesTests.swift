import AccessToken
import JOSE
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

/// `identities` and `claims_from_identity` of `clients.yaml`, and the option `--identity`.
@Suite struct ClientIdentitiesTests {
    private static let hash = "sha256:K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols"

    private func issuers() throws -> IssuerNames {
        IssuerNames([
            try TrustedIssuer(name: "github", identifier: "https://token.actions.githubusercontent.com"),
            try TrustedIssuer(name: "cluster", identifier: "https://kubernetes.default.svc"),
        ])
    }

    private func read(_ members: String, knowsIssuers: Bool = true) throws -> ClientsReading {
        let text = "clients:\n  - client_id: a\n\(members)"
        return try ClientsFile(
            parsing: YAMLText(path: "clients.yaml", text: text), issuers: knowsIssuers ? issuers() : nil
        ).read()
    }

    private func identity(_ text: String, knowsIssuers: Bool = true) throws -> ClientsReading {
        try read("    identities:\n      - \(text)\n", knowsIssuers: knowsIssuers)
    }

    @Test("Identities pin a subject and claims, and are enough as credentials")
    func readsIdentities() throws {
        let reading = try read(
            """
                identities:
                  - issuer: github
                    claims: { repository_id: "456", environment: [production, staging] }
                  - issuer: cluster
                    subject: system:serviceaccount:payments:api
                    claims: { kubernetes.io/pod/count: 3, flag: true }
                claims_from_identity: { tenant: kubernetes.io/namespace }

            """)
        #expect(reading.problems.isEmpty && reading.warnings.isEmpty)
        let client = try #require(reading.clients.first)
        #expect(
            client.identities.map(\.description) == [
                "issuer=github,repository_id=456,environment=production,environment=staging",
                "issuer=cluster,subject=system:serviceaccount:payments:api,kubernetes.io/pod/count:=3,flag:=true",
            ])
        #expect(client.copiedClaims.map { "\($0.name) \($0.path)" } == ["tenant kubernetes.io/namespace"])
        #expect(client.authenticationMethods == [.privateKeyJWT])
    }

    @Test(
        "A star is a text like others, and a warning",
        arguments: [
            ("{ issuer: cluster, subject: 'system:serviceaccount:a:*' }", "subject"),
            ("{ issuer: cluster, claims: { ref: [main, 'release/*'] } }", "ref"),
        ])
    func wildcards(text: String, name: String) throws {
        for knowsIssuers in [true, false] {
            let reading = try identity(text, knowsIssuers: knowsIssuers)
            #expect(reading.problems.isEmpty && reading.clients.count == 1)
            #expect(
                reading.warnings.map(\.message) == [
                    "identities: pins \(name) to a text with *, which stands for itself: there are no wildcards"
                ])
        }
    }

    private static let wrong: [(String, String)] = [
        ("{}", "identities: issuer is missing"), ("a", "identities: is not a mapping"),
        ("{ issuer: cluster }", "identities: pins neither subject nor a claim"),
        ("{ issuer: cluster, claims: {} }", "identities: claims is not a mapping of names to values"),
        ("{ issuer: cluster, claims: [a] }", "identities: claims is not a mapping of names to values"),
        ("{ issuer: cluster, subjct: a }", "identities: unknown key subjct"),
        ("{ issuer: cluster, claims: { sub: a } }", "identities: sub is pinned as subject"),
        (
            "{ issuer: cluster, claims: { aud: a } }",
            "identities: claims cannot pin aud, which is checked for each token of the issuer"
        ),
        (
            "{ issuer: cluster, claims: { a: null } }",
            "identities: claim a has a value that is no text, number or boolean"
        ),
        ("{ issuer: cluster, claims: { a: [] } }", "identities: claim a has no value"),
        (
            "{ issuer: cluster, claims: { a: [[b]] } }",
            "identities: claim a has a value that is no text, number or boolean"
        ),
        (
            "{ issuer: cluster, claims: { a: { b: c } } }",
            "identities: claim a has a value that is no text, number or boolean"
        ),
        ("{ issuer: cluster, subject: '' }", "identities: subject is not one text of 1 to 2048 octets"),
        (
            "{ issuer: github, claims: { environment: production } }",
            "identities: pins no owner, and every account at GitHub Actions gets tokens of this issuer"
        ),
    ]

    @Test("What is wrong with an identity is a problem of its entry, with the line", arguments: wrong)
    func saysWhatIsWrong(text: String, message: String) throws {
        let reading = try identity(text)
        #expect(reading.problems.first?.message == message)
        #expect(reading.problems.first?.place.line == 4)
        #expect(reading.clients.isEmpty)
    }

    @Test(
        "What is unusual in an identity is a warning, and the client is in use",
        arguments: [
            ("{ issuer: clustr, subject: a }", "there is no issuer called clustr", "did you mean cluster?"),
            (
                "{ issuer: github, claims: { repository: octo/a } }", "pins the owner by repository",
                "pin repository_id, which never belongs to another"
            ),
            (
                "{ issuer: github, subject: \"repo:octo/a:ref:refs/heads/main\" }", "pins the owner by sub",
                "pin repository_id, which never belongs to another"
            ),
            (
                "{ issuer: github, claims: { repository_id: 456 } }", "pins repository_id as a number or boolean",
                "write it in quotation marks: \"456\""
            ),
        ])
    func warnings(text: String, message: String, hint: String) throws {
        let reading = try identity(text)
        #expect(reading.problems.isEmpty && reading.clients.count == 1)
        #expect(reading.warnings.count == 1)
        #expect(reading.warnings.first?.message.contains(message) == true)
        #expect(reading.warnings.first?.hint == hint)
        // A command that does not know the issuers checks nothing about them.
        #expect(try identity(text, knowsIssuers: false).warnings.isEmpty)
    }

    @Test(
        "Identities go with the methods that can use them",
        arguments: [
            ("    token_endpoint_auth_method: private_key_jwt\n", nil),
            ("    token_endpoint_auth_method: spiffe_jwt\n", nil),
            ("    client_secrets: [{hash: \"\(hash)\"}]\n", nil),
            (
                "    token_endpoint_auth_method: client_secret_basic\n",
                "identities cannot be used with client_secret_basic"
            ),
            (
                "    token_endpoint_auth_method: spiffe_jwt\n    client_secrets: [{hash: \"\(hash)\"}]\n",
                "client_secrets cannot be used with spiffe_jwt"
            ),
        ] as [(String, String?)])
    func methods(members: String, problem: String?) throws {
        let reading = try read("    identities: [{ issuer: cluster, subject: a }]\n" + members)
        #expect(reading.problems.first?.message == problem)
    }

    @Test("spiffe_jwt and claims_from_identity need identities")
    func withoutIdentities() throws {
        let secret = "    client_secrets: [{hash: \"\(Self.hash)\"}]\n"
        #expect(
            try read("    token_endpoint_auth_method: spiffe_jwt\n").problems.map(\.message)
                == ["token_endpoint_auth_method needs identities"])
        #expect(
            try read(secret + "    claims_from_identity: { a: b }\n").problems.map(\.message)
                == ["claims_from_identity comes without identities"])
    }

    @Test(
        "A copied claim has a name of its own",
        arguments: [
            ("{ sub: a }", "claims_from_identity: sub would shadow a registered claim"),
            ("{ tenant: a }", "claims_from_identity: tenant is also one of claims"),
            ("{ scope: a }", "claims_from_identity: scope would shadow a registered claim"),
            ("{ scp: a }", "claims_from_identity: scp is the claim with the scope"),
            ("{ a: [b] }", "claims_from_identity: a is not the name of one claim"),
            ("{ a: '' }", "claims_from_identity: a is empty"), ("a", "claims_from_identity is not a mapping"),
        ])
    func copiedClaims(text: String, problem: String) throws {
        let reading = try read(
            "    identities: [{ issuer: cluster, subject: a }]\n    claims: { tenant: acme }\n"
                + "    token_shape: { scope_claim: scp }\n    claims_from_identity: \(text)\n")
        #expect(reading.problems.count == 1)
        #expect(reading.problems.first?.message.hasPrefix(problem) == true)
    }

    @Test(
        "--identity takes names and values; a value is text unless := is before it",
        arguments: [
            ("issuer=github,repository_id=456", "issuer=github,repository_id=456"),
            ("issuer=a,n:=456,b:=true", "issuer=a,n:=456,b:=true"), ("a=1,issuer=x,a=2", "issuer=x,a=1,a=2"),
            ("issuer=x,subject=system:serviceaccount:a:b", "issuer=x,subject=system:serviceaccount:a:b"),
            (
                "issuer=x,https://sts.amazonaws.com//aws_account=1=2",
                "issuer=x,https://sts.amazonaws.com//aws_account=1=2"
            ),
            ("issuer=x", nil), ("a=b", nil), ("issuer=x,a", nil), ("issuer=x,a=", nil), ("issuer=x,=b", nil),
            ("issuer=x,a:=b", nil), ("issuer=x,a:=null", nil), ("issuer=x,a:={}", nil), ("issuer=x,issuer=y,a=b", nil),
            ("issuer:=1,a=b", nil), ("", nil), ("issuer=x,,a=b", nil),
        ] as [(String, String?)])
    func optionValues(text: String, identity: String?) {
        #expect((try? IdentityText.parse(text))?.description == identity)
    }

    @Test("`clients add` writes identities that read back as they were")
    func writesIdentities() throws {
        let folder = try TemporaryFolder()
        try folder.write("clients: []\n", to: "clients.yaml")
        let texts = ["issuer=github,repository_id=456,environment=a,environment=b", "issuer=cluster,subject=a:b,n:=3"]
        let client = NewClient(
            id: try ClientID("deploy"), credential: .identities(try texts.map { try IdentityText.parse($0) }),
            grantTypes: [.clientCredentials, .jwtBearer], scope: try Scope("a"))
        try ClientsFileEditor(FilePath(folder.path("clients.yaml"))).add(client, now: NumericDate(0))
        let read = try #require(ClientsFile.clients(in: FilePath(folder.path("clients.yaml"))).first)
        #expect(read.identities.map(\.description) == texts)
        #expect(read.grantTypes == [.clientCredentials, .jwtBearer])
    }

    @Test("`clients add` refuses an issuer that is not there, and an identity without an owner")
    func checksNewIdentities() throws {
        let reading = try IssuersFile.read(
            YAMLText(
                path: "issuers.yaml",
                text: "issuers: [{ name: github, issuer: \"https://token.actions.githubusercontent.com\" }]\n"),
            .command(), service: nil)
        func check(_ text: String) throws -> [Problem] {
            try reading.check([IdentityText.parse(text)], at: .option("--identity"))
        }
        #expect(try check("issuer=github,repository_id=1").isEmpty)
        #expect(try check("issuer=github,repository=a/b").count == 1)
        for text in ["issuer=gitlab,project_id=1", "issuer=github,ref=main"] {
            #expect(throws: InvalidConfiguration.self) { try check(text) }
        }
    }
}
