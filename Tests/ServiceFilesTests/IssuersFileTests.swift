import AccessToken
import JOSE
import Libcrypto
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

/// `issuers.yaml`
@Suite struct IssuersFileTests {
    private let folder: TemporaryFolder
    private static let service = "https://tokens.example.com"
    private static let keySet =
        #"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#

    init() throws { folder = try TemporaryFolder() }

    private func read(_ text: String, after former: IssuersReading? = nil) throws -> IssuersReading {
        try IssuersFile.read(
            YAMLText(path: FilePath(folder.path("issuers.yaml")), text: text), .command(),
            service: Issuer(Self.service), after: former)
    }

    private func entry(_ members: String, name: String = "a", issuer: String = "https://a.example") throws
        -> IssuersReading
    {
        try read("issuers:\n  - name: \(name)\n    issuer: \"\(issuer)\"\n\(members)")
    }

    @Test("Every member of an entry is read")
    func readsEveryMember() throws {
        try folder.write("-----BEGIN CERTIFICATE-----\n", to: "ca.pem")
        try folder.write("token\n", to: "token")
        let reading = try read(
            """
            issuers:
              - name: github
                issuer: https://token.actions.githubusercontent.com
              - name: cluster
                issuer: https://kubernetes.default.svc
                jwks_uri: https://kubernetes.default.svc/openid/v1/jwks
                ca_file: ca.pem
                bearer_token_file: token
                audience: writ
                algorithms: [RS256, RS512]
                longest_lifetime: 24h
                leeway: 0s
                single_use: true
              - { name: spire, issuer: "spiffe://example.org", spiffe_bundle: "https://spire.example.org/bundle" }

            """)
        #expect(reading.problems.isEmpty)
        let (github, cluster, spire) = (reading.issuers[0], reading.issuers[1], reading.issuers[2])
        guard case .discovery = github.keys else { return #expect(Bool(false), "the default is discovery") }
        #expect(github.audience == nil && github.longestLifetime == .seconds(3600) && github.leeway == .seconds(30))
        #expect(github.algorithms.map(\.name) == ["RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"])
        #expect(!github.isSingleUse)
        guard case .keySet("https://kubernetes.default.svc/openid/v1/jwks") = cluster.keys else {
            return #expect(Bool(false), "jwks_uri is the place of the keys")
        }
        #expect(cluster.caFile == folder.path("ca.pem") && cluster.bearerTokenFile == folder.path("token"))
        #expect(cluster.audience == "writ" && cluster.algorithms.map(\.name) == ["RS256", "RS512"])
        #expect(cluster.longestLifetime == .seconds(86400) && cluster.leeway == .zero && cluster.isSingleUse)
        guard case .bundle("https://spire.example.org/bundle") = spire.keys else {
            return #expect(Bool(false), "spiffe_bundle with a URL is fetched")
        }
        #expect(spire.isTrustDomain)
        // The bearer token decides nothing, and is written anew all the time.
        #expect(reading.files.map(\.string) == [folder.path("ca.pem")])
    }

    @Test("Keys in a file are read with the entry: a JWK Set, or the keys of a SPIFFE bundle for JWT-SVIDs")
    func keysInFiles() throws {
        try folder.write(Self.keySet, to: "keys.json")
        try folder.write(Self.keySet.replacing(#""kid":"k""#, with: #""kid":"k","use":"jwt-svid""#), to: "bundle.json")
        for (members, issuer) in [
            ("    jwks_file: keys.json\n", "https://a.example"),
            ("    spiffe_bundle: bundle.json\n", "spiffe://example.org"),
            ("    jwks_file: keys.json\n", "spiffe://example.org"),
        ] {
            let reading = try entry(members, issuer: issuer)
            #expect(reading.problems.isEmpty)
            guard case .fixed(let keys, _)? = reading.issuers.first?.keys else {
                return #expect(Bool(false), "the keys are fixed")
            }
            #expect(keys.keys.map(\.keyID) == ["k"])
            #expect(reading.files.count == 1)
        }
    }

    private static let wrong: [(String, String, String)] = [
        ("    audienc: a\n", "https://a.example", "4: unknown key audienc"),
        ("", Self.service, "3: issuer is that of this service, whose own tokens are no identities"),
        ("", "http://a.example", "3: issuer is not https (http is allowed on a loopback host only)"),
        ("", "https://a.example?x", "3: issuer has a query; RFC 8414 section 2 allows none"),
        ("", "a", "3: issuer is not an absolute URI"),
        ("", "spiffe://example.org", "3: issuer is a trust domain, whose keys have to be named: spiffe_bundle"),
        (
            "    jwks_uri: http://a.example/k\n", "https://a.example",
            "4: jwks_uri is neither https nor http on a loopback host"
        ),
        (
            "    keys: somewhere\n", "https://a.example",
            "4: keys is not discovery; jwks_uri, jwks_file or spiffe_bundle name another place"
        ),
        (
            "    keys: discovery\n    jwks_uri: https://a.example/k\n", "https://a.example",
            "5: jwks_uri cannot be combined with keys"
        ),
        ("    algorithms: [none]\n", "https://a.example", "4: algorithms: an element is none of RS256, RS384"),
        ("    algorithms: [HS256]\n", "https://a.example", "4: algorithms: an element is none of RS256, RS384"),
        ("    algorithms: []\n", "https://a.example", "4: algorithms is not a list of at least one"),
        ("    longest_lifetime: 3d\n", "https://a.example", "4: longest_lifetime is not between 1m and 48h"),
        ("    leeway: 1h\n", "https://a.example", "4: leeway is longer than 5m"),
        ("    single_use: maybe\n", "https://a.example", "4: single_use is neither on nor off"),
        ("    audience: ''\n", "https://a.example", "4: audience is empty or longer than 2048 octets"),
        ("    jwks_file: none.json\n", "https://a.example", "4: jwks_file names a file that cannot be used: "),
        ("    ca_file: none.pem\n", "https://a.example", "4: ca_file names a file that cannot be used: "),
        (
            "    bearer_token_file: none\n", "https://a.example",
            "4: bearer_token_file names a file that cannot be used: "
        ),
    ]

    @Test("What is wrong with an entry is a problem with its line, and the entry is out", arguments: wrong)
    func saysWhatIsWrong(members: String, issuer: String, problem: String) throws {
        let reading = try entry(members, issuer: issuer)
        let place = folder.path("issuers.yaml") + ":"
        #expect(reading.problems.count == 1)
        let text = reading.problems.first.map { "\($0.place): \($0.message)" } ?? ""
        #expect(text.hasPrefix(place + problem), "\(text)")
        #expect(reading.issuers.isEmpty)
    }

    @Test(
        "A name is 1 to 64 letters, digits, dots, hyphens and underscores",
        arguments: ["''", "a b", "é", "\"\\u212A\"", "a/b"])
    func names(name: String) throws {
        #expect(try entry("", name: name).issuers.isEmpty)
    }

    @Test(
        "Keys that cannot be used are a problem: none, private halves, no JWK Set",
        arguments: [#"{"keys":[]}"#, "{}", "no", keySet.replacing(#""kid""#, with: #""d":"AA","kid""#)])
    func unusableKeys(text: String) throws {
        try folder.write(text, to: "keys.json")
        #expect(try entry("    jwks_file: keys.json\n").problems.count == 1)
    }

    @Test("A file that others can change is refused, and so is a bearer token that others can read")
    func untrustedFiles() throws {
        try folder.write(Self.keySet, to: "keys.json", permissions: 0o666)
        #expect(try entry("    jwks_file: keys.json\n").problems.first?.message.contains("every user") == true)
        try folder.write("token", to: "token", permissions: 0o644)
        #expect(
            try entry("    bearer_token_file: token\n").problems.first?.message.contains("other users can read") == true
        )
        for text in ["", "a b", "a\nb", "é"] {
            try folder.write(text, to: "token")
            #expect(try entry("    bearer_token_file: token\n").problems.count == 1, "\(text)")
        }
    }

    @Test("Of two entries with one name or one identifier the first counts")
    func repetitions() throws {
        let reading = try read(
            """
            issuers:
              - { name: a, issuer: "https://a.example" }
              - { name: a, issuer: "https://b.example" }
              - { name: c, issuer: "https://a.example" }
              - { name: d, issuer: "https://a.example/" }

            """)
        #expect(reading.issuers.map(\.name) == ["a", "d"])
        #expect(reading.problems.map(\.message) == ["name is already used above", "issuer is already used above"])
    }

    @Test("An entry that does not check keeps the form that it last had, and at a start is out")
    func keepsTheLastForm() throws {
        let good = try entry("    audience: one\n")
        let bad = "issuers:\n  - name: a\n    issuer: https://a.example\n    audience: [two]\n"
        let kept = try read(bad, after: good)
        #expect(kept.issuers.first === good.issuers.first)
        #expect(kept.problems.count == 1)
        #expect(try read(bad).issuers.isEmpty)
        // What is gone is out, whatever is wrong elsewhere.
        let other = try read(
            "issuers:\n  - { name: b, issuer: \"https://a.example\" }\n" + bad.dropFirst(9), after: good)
        #expect(other.issuers.map(\.name) == ["b"])
    }

    @Test(
        "A former entry that is kept yields to an entry of the file that has its identifier or its name, wherever it is"
    )
    func keptEntriesYield() throws {
        let good = try read(
            """
            issuers:
              - { name: a, issuer: "https://a.example" }
              - { name: b, issuer: "https://b.example" }

            """)
        // The names are swapped, and the first entry does not check.
        let swapped = try read(
            """
            issuers:
              - { name: a, issuer: "https://b.example", leeway: 1h }
              - { name: b, issuer: "https://a.example" }

            """, after: good)
        #expect(swapped.issuers.map { "\($0.name) \($0.identifier)" } == ["b https://a.example"])
        #expect(swapped.problems.map(\.message) == ["leeway is longer than 5m"])
        let repeated = try read(
            """
            issuers:
              - { name: a, issuer: "https://a.example", leeway: 1h }
              - { name: a, issuer: "https://c.example" }
              - { name: b, issuer: "https://b.example", leeway: 1h }

            """, after: good)
        #expect(
            repeated.issuers.map { "\($0.name) \($0.identifier)" } == ["a https://c.example", "b https://b.example"])
    }

    @Test("More keys without kid than are tried for a token are a warning at the member that names the file")
    func manyKeysWithoutID() throws {
        func set(_ count: Int) throws -> String {
            let keys = try (0..<count).map { _ in
                JWK(try PrivateKey.generate(on: .p256).publicKey, keyID: nil, algorithm: nil)
            }
            return String(decoding: JWKSet(keys).json(), as: UTF8.self)
        }
        try folder.write(set(4), to: "keys.json")
        #expect(try entry("    jwks_file: keys.json\n").warnings.isEmpty)
        try folder.write(set(5), to: "keys.json")
        let reading = try entry("    jwks_file: keys.json\n")
        #expect(reading.problems.isEmpty)
        #expect(
            reading.warnings.map { "\($0.place): \($0.message)" } == [
                "\(folder.path("issuers.yaml")):4: jwks_file has more than 4 keys without kid: the first 4 that fit a token "
                    + "are tried"
            ])
    }

    @Test(
        "A text that is no file of issuers is refused as a whole",
        arguments: ["", "issuers:\n", "issuers: a\n", "[]", "a: ["])
    func noFile(text: String) {
        #expect(throws: InvalidConfiguration.self) { try read(text) }
    }

    @Test("Without the setting there need be no file; with it the file must be there")
    func optionalFile() throws {
        func configuration(_ more: String) throws -> ServiceConfiguration {
            try folder.write("issuer: https://tokens.example.com\ntls: terminated-upstream\n" + more, to: "writ.yaml")
            return try ServiceConfiguration(reading: FilePath(folder.path("writ.yaml")), environment: [:])
        }
        let absent = try configuration("")
        #expect(absent.issuersFile.string == folder.path("issuers.yaml"))
        #expect(try absent.issuers.read().issuers.isEmpty)
        try folder.write("issuers: [{ name: a, issuer: \"https://a.example\" }]\n", to: "issuers.yaml")
        #expect(try absent.issuers.read().issuers.map(\.name) == ["a"])
        let named = try configuration("issuers: others.yaml\n")
        #expect(throws: InvalidConfiguration.self) { try named.issuers.read() }
    }
}
