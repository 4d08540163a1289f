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
            try await ConfigurationCheck.run(file, environment: environment, triesAddresses: true)
        }
        #expect(
            error?.problems.map(\.message) == [
                "cannot listen on 127.0.0.1:\(port): address already in use",
                "cannot listen on no.such.host.invalid:1: there is no such host",
            ])
        try await ConfigurationCheck.run(file, environment: environment, triesAddresses: false)
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
        let warnings = try? await ConfigurationCheck.run(file, environment: [:], triesAddresses: false)
        #expect((warnings != nil) == isGood)
        #expect(!FileManager.default.fileExists(atPath: folder.path("keys")))
    }

    @Test("The check reports the problems of configuration, keys and clients at once")
    func theCheckReportsEverythingAtOnce() async throws {
        let fixture = try ServiceFixture()
        try fixture.folder.write("issuer: https://a?b\nlistn: 127.0.0.1:1\n", to: "writ.yaml")
        try fixture.folder.write("clients:\n  - client_id: a\n", to: "clients.yaml")
        try fixture.folder.write("x", to: "keys/bad.pem")
        let error = await #expect(throws: InvalidConfiguration.self) {
            try await ConfigurationCheck.run(
                FilePath(fixture.folder.path("writ.yaml")), environment: [:], triesAddresses: false)
        }
        #expect(
            error?.problems.map(\.message) == [
                "issuer has a query; RFC 8414 section 2 allows none", "unknown key listn", "it holds no PEM block",
                "client_secrets is missing",
            ])
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
                try await ConfigurationCheck.run(file, environment: [:], triesAddresses: false)
            } catch {
                problems = error.problems.map(\.message)
            }
            #expect(problems.isEmpty == isGood, "\(problems)")
        }
    }
}
