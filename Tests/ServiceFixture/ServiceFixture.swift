package import AccessToken
import Foundation
package import LiveState
import Logging
package import OAuth
package import ServiceFiles
import SystemPackage
package import TestSupport

/// A working folder with one client for each rule, and its configuration. The clock stands still.
package struct ServiceFixture {
    /// The clock of the tests: 2026-11-18T11:06:40Z.
    package static let now = NumericDate(1_795_000_000)
    /// The secret of each client.
    package static let secret = "writ_cs_fixture"

    /// It is removed together with the fixture.
    package let folder: TemporaryFolder
    /// The configuration in `writ.yaml`.
    package let configuration: ServiceConfiguration

    /// - Parameters:
    ///   - text: the contents of `writ.yaml`, without `tls`.
    ///   - keyFile: the first signing key, from Tests/Vectors/keys.
    package init(configuration text: String = "issuer: https://tokens.example.com\n", keyFile: String = "rsa-2048.pem")
        throws
    {
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

    /// 32 octets of the value 7, in base64url.
    package static let sealingKey = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"

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

    /// Adds the client `courier`, which must send DPoP proofs.
    package func addCourier() throws {
        let entry = """
              - client_id: courier
                client_secrets: [{hash: "\(Self.hash)"}]
                grant_types: [client_credentials, refresh_token]
                scope: site.read
                resources: [https://api.example.com]
                dpop_bound_access_tokens: true

            """
        try folder.write(folder.read("clients.yaml") + entry, to: "clients.yaml")
    }

    /// Loads the current contents of the folder.
    package func snapshot() throws -> Snapshot {
        var loader = SnapshotLoader(configuration)
        return try loader.load(now: Self.now)
    }

    /// A reloader for the folder. It reads the folder only when a test calls it.
    package func reloader(timing: KeyTiming = .standard, now: NumericDate = now) throws -> Reloader {
        try Reloader(
            configuration, timing: timing, logger: Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() },
            now: now)
    }

    /// Puts a key from Tests/Vectors into the keys folder.
    package func copyKey(_ vector: String, as name: String) throws {
        try folder.write(String(contentsOf: TestVectors.url("keys/\(vector)"), encoding: .utf8), to: "keys/\(name)")
    }
}
