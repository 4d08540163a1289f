import Foundation
import NIOCore
import NIOPosix
import ServiceFiles
import ServiceFixture
import SystemPackage
import TestSupport
import Testing

@testable import TokenHTTP

/// `writ config check`
@Suite struct ConfigurationCheckTests {
    @Test("The check tries to listen on the addresses if it is asked to")
    func theCheckTriesTheAddresses() async throws {
        let fixture = try ServiceFixture()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(listener.localAddress?.port)
        let file = FilePath(fixture.folder.path("writ.yaml"))
        let environment = ["WRIT_LISTEN": "127.0.0.1:\(port)", "WRIT_MANAGEMENT": "no.such.host.invalid:1"]
        let error = await #expect(throws: InvalidConfiguration.self) {
            try await ConfigurationCheck.run(
                ConfigurationSource(file: file, environment: environment), triesAddresses: true)
        }
        #expect(
            error?.problems.map(\.message) == [
                "cannot listen on 127.0.0.1:\(port): address already in use",
                "cannot listen on no.such.host.invalid:1: there is no such host",
            ])
        try await ConfigurationCheck.run(
            ConfigurationSource(file: file, environment: environment), triesAddresses: false)
        try await listener.close().get()
    }

    @Test(
        "A missing keys folder is a problem unless keys_rotation makes it",
        arguments: [("", false), ("keys_rotation: {every: 90d}", true)])
    func theCheckAllowsWhatServeWouldMake(rotation: String, isGood: Bool) async throws {
        let folder = try TemporaryFolder()
        try folder.write("issuer: https://a.example\ntls: terminated-upstream\n\(rotation)\n", to: "writ.yaml")
        try folder.write("clients: []\n", to: "clients.yaml")
        let file = FilePath(folder.path("writ.yaml"))
        let warnings = try? await ConfigurationCheck.run(
            ConfigurationSource(file: file, environment: [:]), triesAddresses: false)
        #expect((warnings != nil) == isGood)
        #expect(!FileManager.default.fileExists(atPath: folder.path("keys")))
    }

    @Test("The check warns about clients whose assertions may be used again, and about a service that allows it to all")
    func theCheckWarnsAboutRepeatedAssertions() async throws {
        let fixture = try ServiceFixture()
        let file = FilePath(fixture.folder.path("writ.yaml"))
        let before = try await ConfigurationCheck.run(
            ConfigurationSource(file: file, environment: [:]), triesAddresses: false)
        let entry =
            "  - client_id: job\n    jwks_uri: https://keys.example.com/\n    client_assertion: { single_use: false }\n"
        try fixture.folder.write(fixture.folder.read("clients.yaml") + entry, to: "clients.yaml")
        try fixture.folder.write(
            fixture.folder.read("writ.yaml") + "client_assertion: { single_use: off }\n", to: "writ.yaml")
        let warnings = try await ConfigurationCheck.run(
            ConfigurationSource(file: file, environment: [:]), triesAddresses: false)
        let added = warnings.map(\.message).filter { !before.map(\.message).contains($0) }
        let end = "an assertion that is stolen can be used until it expires"
        #expect(
            added == [
                "client_assertion.single_use is off: \(end)", "client job has client_assertion.single_use off: \(end)",
            ])
    }

    @Test("The check reports the problems of configuration, keys and clients at once")
    func theCheckReportsEverythingAtOnce() async throws {
        let fixture = try ServiceFixture()
        try fixture.folder.write("issuer: https://a?b\nlistn: 127.0.0.1:1\n", to: "writ.yaml")
        try fixture.folder.write("clients:\n  - client_id: a\n", to: "clients.yaml")
        try fixture.folder.write("x", to: "keys/bad.pem")
        let error = await #expect(throws: InvalidConfiguration.self) {
            try await ConfigurationCheck.run(
                ConfigurationSource(file: FilePath(fixture.folder.path("writ.yaml")), environment: [:]),
                triesAddresses: false)
        }
        #expect(
            error?.problems.map(\.message) == [
                "issuer has a query; RFC 8414 section 2 allows none", "unknown key listn", "it holds no PEM block",
                "client_secrets is missing",
            ])
    }

    @Test(
        "The check warns of clients whose tokens are weaker than they could be",
        arguments: ["", "keys_rotation: {every: 90d}"])
    func theCheckWarnsOfClients(rotation: String) async throws {
        let folder = try TemporaryFolder()
        try folder.write(
            "issuer: https://a.example\ntls: terminated-upstream\ntrusted_proxies: {from: [10.0.0.1], field: forwarded}\n"
                + rotation, to: "writ.yaml")
        let fixture = try ServiceFixture()
        if rotation.isEmpty {
            try FileManager.default.copyItem(atPath: fixture.folder.path("keys"), toPath: folder.path("keys"))
        }
        let clients = try fixture.folder.read("clients.yaml").replacing(
            "claims: {", with: "token_shape: { typ: JWT }\n    claims: {")
        try folder.write(clients, to: "clients.yaml")
        let warnings = try await ConfigurationCheck.run(
            ConfigurationSource(file: FilePath(folder.path("writ.yaml")), environment: [:]), triesAddresses: false)
        #expect(warnings.count == 1)
        #expect(warnings.first?.message.hasPrefix("client tenant has token_shape with typ JWT") == true)
    }

    @Test("A missing sealing key is a problem unless keys_rotation makes it")
    func theCheckExpectsAFirstKeyThatTheServiceMakes() async throws {
        let issuer = "issuer: https://tokens.example.com\n"
        for (rotation, isGood) in [("keys_rotation: {every: 90d}\n", true), ("", false)] {
            let fixture = try ServiceFixture(configuration: issuer + rotation)
            try FileManager.default.removeItem(atPath: fixture.folder.path("keys/first.sealing"))
            let file = FilePath(fixture.folder.path("writ.yaml"))
            var problems: [String] = []
            do throws(InvalidConfiguration) {
                try await ConfigurationCheck.run(
                    ConfigurationSource(file: file, environment: [:]), triesAddresses: false)
            } catch {
                problems = error.problems.map(\.message)
            }
            #expect(problems.isEmpty == isGood, "\(problems)")
        }
    }

    @Test("The check reads the ca_file of a client beside a bad entry, and warns if its group can change it")
    func authoritiesOfClients() async throws {
        let fixture = try ServiceFixture()
        let source = ConfigurationSource(file: FilePath(fixture.folder.path("writ.yaml")), environment: [:])
        let good = "clients:\n  - {client_id: a, jwks_uri: \"https://keys.example.com/k\", ca_file: ca.pem}\n"
        try fixture.folder.write(good + "  - client_id: b\n", to: "clients.yaml")
        try fixture.folder.write("no certificate", to: "ca.pem")
        let error = await #expect(throws: InvalidConfiguration.self) {
            try await ConfigurationCheck.run(source, triesAddresses: false)
        }
        #expect(
            error?.problems.map(\.message) == ["client_secrets is missing", "a certificate in PEM does not parse"])
        try fixture.folder.write(good, to: "clients.yaml")
        try fixture.folder.write(
            String(decoding: TestVectors.octets("certificates/good.pem"), as: UTF8.self), to: "ca.pem",
            permissions: 0o664)
        let warnings = try await ConfigurationCheck.run(source, triesAddresses: false)
        #expect(warnings.count { $0.description.contains("ca.pem: can be changed by its group") } == 1)
    }

    private static let warned = """
        clients:
          - client_id: urn:a
            client_secrets: [{hash: "$pbkdf2-sha256$i=1000$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA"}]
          - client_id: b
            jwks: {keys: [{kty: tomorrow, kid: c},
              {kty: OKP, crv: Ed25519, x: 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo}]}

        """

    @Test(
        "The check reports what is unusual in clients, whether there is a key or the service makes it",
        arguments: [true, false])
    func theCheckWarnsOfClients(hasKey: Bool) async throws {
        let fixture = try ServiceFixture(
            configuration: "issuer: https://tokens.example.com\n" + (hasKey ? "" : "keys_rotation: {every: 90d}\n"))
        try fixture.folder.write(Self.warned, to: "clients.yaml")
        if !hasKey { try FileManager.default.removeItem(atPath: fixture.folder.path("keys")) }
        let warnings = try await ConfigurationCheck.run(
            ConfigurationSource(file: FilePath(fixture.folder.path("writ.yaml")), environment: [:]),
            triesAddresses: false)
        let path = fixture.folder.path("clients.yaml")
        let ofClients = warnings.filter { $0.description.utf8.starts(with: path.utf8) }
        #expect(
            ofClients.map { String($0.message.prefix(34)) } == [
                "client_secrets has a PBKDF2 hash w", "client_id has a colon: with HTTP B",
                "jwks has a key that is skipped: ke",
            ])
        #expect(
            ofClients.last?.description
                == "\(path):5: jwks has a key that is skipped: key 1 (kid \"c\"): kty is not known")
    }
}
