import Admission
import AccessToken
import Foundation
import Hummingbird
import HummingbirdTesting
import JOSE
import Libcrypto
import Logging
import OAuth
import SystemPackage
import Telemetry
import TestSupport

@testable import Signing
@testable import TokenHTTP

/// A working folder with one client for each rule, and the token router on it with a clock that stands still.
struct ServiceFixture {
    static let now = NumericDate(1_795_000_000)
    static let secret = "writ_cs_fixture"

    let folder: TemporaryFolder
    let configuration: ServiceConfiguration

    init(configuration text: String = "issuer: https://tokens.example.com\n", keyFile: String = "rsa-2048.pem") throws {
        folder = try TemporaryFolder()
        try folder.write(text + "tls: terminated-upstream\n", to: "writ.yaml")
        try FileManager.default.createDirectory(
            atPath: folder.path("keys"), withIntermediateDirectories: true)
        let key = try String(contentsOf: TestVectors.url("keys/\(keyFile)"), encoding: .utf8)
        try folder.write(key, to: "keys/first.pem")
        try folder.write(Self.sealingKey + "\n", to: "keys/first.sealing")
        try folder.write(Self.clients, to: "clients.yaml")
        configuration = try ServiceConfiguration(reading: FilePath(folder.path("writ.yaml")), environment: [:])
    }

    /// `echo -n writ_cs_fixture | sha256sum`, in base64url.
    private static let hash = "sha256:-StfEenewcjB1d94NpfljJECVET_sZOfX4p-xpnnHb4"

    /// 32 octets of seven.
    static let sealingKey = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"

    private static let clients = """
        clients:
          - client_id: reporting
            client_name: Nightly reporting
            client_secrets:
              - hash: "\(hash)"
            scope: site.read site.documentation
            resources: [https://api.example.com, https://other.example.com]
          - client_id: tenant
            client_secrets: [{hash: "\(hash)"}]
            access_token_lifetime: 5m
            claims: { tenant: acme, level: 3 }
          - client_id: waiting
            client_secrets: [{hash: "\(hash)"}]
            grant_types: []
          - client_id: inspector
            client_secrets: [{hash: "\(hash)"}]
            introspect: true
          - client_id: other-api
            client_secrets: [{hash: "\(hash)"}]
            introspect: [https://other.example.com, https://b.example.com]
          - client_id: nightly
            client_secrets: [{hash: "\(hash)"}]
            grant_types: [client_credentials, refresh_token]
            scope: site.read site.documentation
            resources: [https://api.example.com, https://other.example.com]
          - client_id: weekly
            client_secrets: [{hash: "\(hash)"}]
            grant_types: [client_credentials, refresh_token]
            scope: site.read site.documentation
            resources: [https://api.example.com, https://other.example.com]
          - client_id: recalled
            client_secrets: [{hash: "\(hash)"}]
            grant_types: [client_credentials, refresh_token]
            scope: site.read
            refresh_tokens_not_before: \(NumericDate(now.seconds - 600).rfc3339)

        """

    func snapshot() throws -> Snapshot {
        var loader = SnapshotLoader(configuration)
        return try loader.load(now: Self.now)
    }

    /// What watches the folder; nothing looks unless the test says so.
    func reloader(timing: KeyTiming = .standard, now: NumericDate = now) throws -> Reloader {
        try Reloader(configuration, timing: timing, logger: .silent, now: now)
    }

    /// Puts a key from Tests/Vectors into the keys folder.
    func copyKey(_ vector: String, as name: String) throws {
        try folder.write(String(contentsOf: TestVectors.url("keys/\(vector)"), encoding: .utf8), to: "keys/\(name)")
    }

    /// - Parameter signers: a pool; without one, two threads.
    func tokenRouter(
        _ signers: SignerPool? = nil,
        makeTokenID: @escaping @Sendable () throws(LibcryptoError) -> TokenID = { TokenID("jti-of-the-exchange") },
        report: @escaping @Sendable (RequestEvent) -> Void = { _ in }
    ) throws -> TokenRouter {
        let authenticator = try ClientAuthenticator(
            limits: .standard, audiences: configuration.assertionAudiences,
            passwordChecks: PasswordChecks(threadCount: 1, capacity: 8),
            verifiedSecrets: VerifiedSecretCache().secrets, keySets: ClientKeySets { _, _ in })
        let snapshots = SnapshotStore(try snapshot())
        let readiness = Readiness()
        readiness.begin()
        let signers = signers ?? SignerPool(threadCount: 2, wait: .seconds(60))
        let shell = EndpointShell(trustedProxies: TrustedProxies(networks: []), retryDelay: { 1 }, report: report)
        return TokenRouter(
            paths: configuration.endpoints,
            tokenEndpoint: TokenEndpointHandler(
                shell: shell, snapshots: snapshots, authenticator: authenticator,
                issuer: TokenIssuer(signers, makeTokenID: makeTokenID), url: "https://tokens.example.com/oauth2/token",
                now: { Self.now }),
            introspectionEndpoint: IntrospectionEndpointHandler(
                shell: shell, snapshots: snapshots, authenticator: authenticator, signers: signers,
                url: "https://tokens.example.com/oauth2/introspect", now: { Self.now }), snapshots: snapshots,
            readiness: readiness,
            reportTime: { _, _ in })
    }
}
