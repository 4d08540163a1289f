import AccessToken
import JOSE
import Libcrypto
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

/// What `profile: fapi2` refuses when files are read.
@Suite struct SecurityProfileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let settings = """
        issuer: https://tokens.example.com
        profile: fapi2
        access_token: { algorithm: ES256 }
        tls: { certificate: a.crt, private_key: a.key }

        """

    private func configuration(_ text: String, _ environment: [String: String] = [:]) throws -> ServiceConfiguration {
        try folder.write(text, to: "writ.yaml")
        return try ServiceConfiguration(reading: FilePath(folder.path("writ.yaml")), environment: environment)
    }

    private func problems(_ text: String, _ environment: [String: String] = [:]) -> [String] {
        Self.problems { _ = try configuration(text, environment) }
    }

    private static func problems(_ body: () throws -> Void) -> [String] {
        do { try body() } catch let error as InvalidConfiguration {
            return error.problems.map { "\($0.place.line.map(String.init) ?? "-"): \($0.message)" }
        } catch {}
        return []
    }

    @Test("A good configuration: assertions are for the issuer alone, and every rule reaches what decides")
    func settings() throws {
        let configuration = try configuration(Self.settings)
        #expect(configuration.profile == .fapi2 && configuration.policy.profile == .fapi2)
        #expect(configuration.assertionAudiences == ["https://tokens.example.com"])
        #expect(configuration.assertionAudiences(at: "https://other.example.com/oauth2/token").count == 1)
        #expect(configuration.keys.profile == .fapi2)
        #expect(configuration.clientsContext.profile == .fapi2)
        for text in ["", "profile: off\n", "profile: ~\n"] {
            let standard = try self.configuration("issuer: http://localhost\n" + text)
            #expect(standard.profile == .standard && standard.assertionAudience == .either)
        }
    }

    @Test("What the profile forbids in the configuration is refused with its line, also if it is a default")
    func forbiddenSettings() {
        let text = """
            issuer: http://127.0.0.1:8080
            profile: fapi2
            access_token:
              lifetime: 61m
            client_assertion:
              audience: either
            replay:
              url: valkey://127.0.0.1

            """
        #expect(
            problems(text) == [
                "1: issuer is http, which profile fapi2 forbids, also on a loopback host",
                "2: access_token.algorithm is RS256, which profile fapi2 forbids",
                "4: access_token.lifetime is longer than an hour, which profile fapi2 forbids",
                "6: client_assertion.audience is either, which profile fapi2 forbids: an assertion is for the issuer alone",
                "8: replay.url is without TLS, which profile fapi2 forbids",
            ])
        #expect(
            problems(Self.settings.replacing("a.key }", with: "a.key, mtls_alias: \"http://localhost\" }"))
                == ["4: tls.mtls_alias is http, which profile fapi2 forbids, also on a loopback host"])
        #expect(problems(Self.settings.replacing("fapi2", with: "fapi1")) == ["2: profile is neither fapi2 nor off"])
        let good = "access_token: { algorithm: PS256, lifetime: 1h }"
        #expect(problems(Self.settings.replacing("access_token: { algorithm: ES256 }", with: good)).isEmpty)
        let text2 = "issuer: https://tokens.example.com\ntls: terminated-upstream\n"
        #expect(problems(text2, ["WRIT_PROFILE": "fapi2"]).count == 1)
    }

    @Test("FAPI 2.0 section 5.4.1: algorithms of access tokens", arguments: SignatureAlgorithm.offered)
    func algorithms(algorithm: SignatureAlgorithm) {
        let isAllowed = ["PS256", "ES256", "EdDSA", "Ed25519"].contains(algorithm.name)
        #expect(problems(Self.settings.replacing("ES256", with: algorithm.name)).isEmpty == isAllowed)
    }

    private func read(_ entry: String, bindsAll: Bool = false, profile: SecurityProfile = .fapi2) throws -> Client {
        let yaml = try YAMLText(
            path: "clients.yaml", text: "clients:\n  - client_id: a\n    " + entry.replacing("\n", with: "\n    "))
        let context = ClientsContext(
            certificates: CertificateSupport(hasAuthorities: true, canArrive: true), profile: profile,
            bindsTokensToCertificates: bindsAll)
        let reading = try ClientsFile(parsing: yaml, context: context).read()
        guard reading.problems.isEmpty else { throw InvalidConfiguration(reading.problems) }
        return reading.clients[0]
    }

    private func problems(ofClient entry: String, bindsAll: Bool = false) -> [String] {
        Self.problems { _ = try read(entry, bindsAll: bindsAll) }
    }

    private static let secret = "client_secrets: [{hash: \"sha256:K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols\"}]"
    private static let bound = "dpop_bound_access_tokens: true"
    private static let remote = "jwks_uri: https://client.example.com/keys"

    private static func jwks(_ algorithm: SignatureAlgorithm, named: Bool = false) throws -> String {
        let key = try algorithm.makeKey().publicKey
        let set = JWKSet([JWK(key, keyID: "k1", algorithm: named ? algorithm : nil)])
        return "jwks: " + String(decoding: set.json(), as: UTF8.self)
    }

    @Test("Clients that the profile allows: keys or certificates, and tokens that are bound in one of three ways")
    func clients() throws {
        let keys = try Self.jwks(.es256)
        #expect(try read("\(keys)\n\(Self.bound)").requiresProof)
        #expect(problems(ofClient: "\(Self.remote)\ntls_client_certificate_bound_access_tokens: true").isEmpty)
        #expect(problems(ofClient: keys, bindsAll: true).isEmpty)
        #expect(
            problems(ofClient: "token_endpoint_auth_method: tls_client_auth\ntls_client_auth_san_dns: a\n\(Self.bound)")
                .isEmpty)
        // It gets no tokens.
        #expect(problems(ofClient: "\(keys)\ngrant_types: []\nintrospect: true").isEmpty)
        #expect(problems(ofClient: "\(keys)\n\(Self.bound)\naccess_token_lifetime: 1h").isEmpty)
        #expect(problems(ofClient: "\(keys)\n\(Self.bound)\ngrant_types: [client_credentials, refresh_token]").isEmpty)
    }

    @Test(
        "What the profile forbids in a registration is refused with its line",
        arguments: [
            (secret, "3: client_secrets is set, which profile fapi2 forbids"),
            ("identities: [{issuer: github, subject: a}]", "3: identities is set, which profile fapi2 forbids"),
            (
                "\(secret)\ntoken_endpoint_auth_method: client_secret_basic",
                "4: token_endpoint_auth_method is client_secret_basic, which profile fapi2 forbids"
            ),
            (
                "jwks_uri: http://localhost/keys",
                "3: jwks_uri is http, which profile fapi2 forbids, also on a loopback host"
            ),
            (
                "\(remote)\naccess_token_lifetime: 61m",
                "4: access_token_lifetime is over an hour, which profile fapi2 forbids"
            ),
            (
                "\(remote)\ngrant_types: [\"\(GrantType.jwtBearer.rawValue)\"]",
                "4: grant_types is \(GrantType.jwtBearer.rawValue), which profile fapi2 forbids"
            ),
        ])
    func forbiddenRegistrations(entry: String, problem: String) {
        #expect(problems(ofClient: "\(entry)\n\(Self.bound)").contains(problem))
    }

    @Test("A client whose tokens nothing binds is refused")
    func bearerTokens() {
        let bearer =
            "2: dpop_bound_access_tokens is not set: the client would have bearer tokens, which profile fapi2 forbids"
        #expect(problems(ofClient: Self.remote) == [bearer])
        #expect(problems(ofClient: Self.remote + "\ndpop_bound_access_tokens: false").count == 1)
    }

    @Test("A key that can only sign with a forbidden algorithm is refused", arguments: SignatureAlgorithm.offered)
    func clientKeys(algorithm: SignatureAlgorithm) throws {
        let forbidden = "3: jwks has a key for an algorithm, which profile fapi2 forbids: key 1"
        let named = problems(ofClient: try Self.jwks(algorithm, named: true) + "\n" + Self.bound)
        #expect(named == (["RS256", "ES384"].contains(algorithm.name) ? [forbidden] : []))
        let unnamed = problems(ofClient: try Self.jwks(algorithm) + "\n" + Self.bound)
        #expect(unnamed == (algorithm == .es384 ? [forbidden] : []))
    }

    @Test("A trusted issuer is refused: its tokens are no authentication by FAPI 2.0")
    func issuers() throws {
        try folder.write("issuers:\n  - name: github\n    issuer: https://token.example.com\n", to: "issuers.yaml")
        let reading = try configuration(Self.settings).issuers.read()
        #expect(reading.issuers.isEmpty)
        #expect(
            reading.problems.map(\.message) == [
                "issuer is trusted, which profile fapi2 forbids: its tokens are no authentication of a client"
            ])
        try folder.write("issuers: []\n", to: "issuers.yaml")
        #expect(try configuration(Self.settings).issuers.read().problems.isEmpty)
    }

    @Test(
        "A key in the folder is for the algorithms that the profile allows: an RSA key for PS256, a P-384 key for none")
    func keys() throws {
        let keys = KeysFolder(FilePath(folder.path("")), algorithm: .es256, profile: .fapi2)
        try write(.rs256, to: "20260101T000000Z-a.pem")
        try write(.es256, to: "20260102T000000Z-b.pem")
        #expect(try keys.load().map(\.algorithm) == [.ps256, .es256])
        #expect(try keys.load().map(\.usableAlgorithms) == [[.ps256], [.es256]])
        try write(.es384, to: "20260103T000000Z-c.pem")
        #expect(
            Self.problems { _ = try keys.load() } == ["-: is a key for an algorithm, which profile fapi2 forbids"])
    }

    private func write(_ algorithm: SignatureAlgorithm, to name: String) throws {
        let pem = try algorithm.makeKey().pem().withBytes { pem in
            String(decoding: pem.indices.map { pem[$0] }, as: UTF8.self)
        }
        try folder.write(pem, to: name)
    }

    @Test("A command writes no client that the profile forbids, and leaves the file as it is")
    func commands() throws {
        let path = FilePath(folder.path("clients.yaml"))
        try folder.write("clients: []\n", to: "clients.yaml")
        let editor = ClientsFileEditor(path, context: try configuration(Self.settings).clientsContext)
        let hash = try ClientSecretHash(parsing: "sha256:K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols")
        let id = try ClientID("a")
        #expect(
            Self.problems {
                try editor.add(NewClient(id: id, credential: .secret(hash), scope: .empty), now: NumericDate(0))
            } == [
                "-: client_secrets is set, which profile fapi2 forbids",
                "-: dpop_bound_access_tokens is not set: the client would have bearer tokens, which profile fapi2 forbids",
            ])
        #expect(try folder.read("clients.yaml") == "clients: []\n")
        let keys = JWKSet([JWK(try SignatureAlgorithm.es256.makeKey().publicKey, keyID: "k", algorithm: nil)])
        try editor.add(
            NewClient(id: id, credential: .keys(keys), scope: .empty, requiresProof: true), now: NumericDate(0))
        #expect(try ClientsFile.clients(in: path).count == 1)
    }

    @Test("The file is read again by the profile in force, since another one takes effect with a restart")
    func reload() throws {
        let running = try configuration(Self.settings)
        try folder.write(
            "issuer: https://tokens.example.com\ntls: terminated-upstream\nprofile: off\n", to: "writ.yaml")
        #expect(
            Self.problems { _ = try running.readAgain() }
                == ["3: access_token.algorithm is RS256, which profile fapi2 forbids"])
        try folder.write(Self.settings.replacing("profile: fapi2", with: "profile: off"), to: "writ.yaml")
        let new = try running.readAgain()
        #expect(running.changesNeedingRestart(new) == ["profile", "client_assertion.audience"])
        #expect(running.adopting(new).profile == .fapi2)
    }

    @Test("With a forbidden algorithm, no key for it is looked for")
    func reducedConfiguration() throws {
        try folder.write("issuer: https://tokens.example.com\nprofile: fapi2\n", to: "writ.yaml")
        let source = ConfigurationSource(file: FilePath(folder.path("writ.yaml")), environment: [:])
        #expect(ServiceConfiguration(findingFilesOf: source)?.algorithm == .es256)
    }

    @Test("A client without secrets has none that could be rotated")
    func noSecret() throws {
        let path = FilePath(folder.path("clients.yaml"))
        try folder.write("clients:\n  - client_id: a\n    \(Self.remote)\n", to: "clients.yaml")
        #expect(throws: ClientsFileEditError.noSecret) {
            try ClientsFileEditor(path).rotateSecret(
                of: ClientID("a"), to: ClientSecretHash(of: "secret"), oldEnd: nil, now: .now)
        }
    }
}
