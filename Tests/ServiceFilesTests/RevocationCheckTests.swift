import AccessToken
import Foundation
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

/// What a command that revokes finds afterwards.
@Suite struct RevocationCheckTests {
    private let folder: TemporaryFolder
    private let configuration: ServiceConfiguration
    private let id: ClientID
    private static let hash = "sha256:K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols"
    private static let entry = "  - client_id: one\n    client_secrets: [{hash: \"\(hash)\"}]\n"
    private let now = NumericDate(1_795_000_000)

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("issuer: http://localhost:1\naccess_token: {algorithm: ES256}\n", to: "writ.yaml")
        configuration = try ServiceConfiguration(reading: FilePath(folder.path("writ.yaml")), environment: [:])
        id = try ClientID("one")
    }

    private func write(_ entries: String...) throws {
        try folder.write("clients:\n" + entries.joined() + "  - broken\n", to: "clients.yaml")
    }

    @Test("A removal is taken up if the file can be loaded without the client, whatever else is wrong in it")
    func aRemoval() throws {
        try write("")
        try RevocationCheck.checkRemoval(of: id, configuration)
        try write(Self.entry)
        let left = #expect(throws: UnappliedRevocation.self) { try RevocationCheck.checkRemoval(of: id, configuration) }
        #expect(left?.description.hasPrefix("one is removed, but the service will not take it up: ") == true)
        try folder.write("clients: [", to: "clients.yaml")
        let error = #expect(throws: UnappliedRevocation.self) {
            try RevocationCheck.checkRemoval(of: id, configuration)
        }
        #expect(error?.description.contains("clients.yaml:2: is not YAML") == true)
    }

    @Test("A new secret is taken up if the entry of the client checks")
    func aSecret() throws {
        let hash = try ClientSecretHash(parsing: Self.hash)
        try write(Self.entry)
        try RevocationCheck.checkSecret(hash, of: id, configuration)
        try write(Self.entry + "    scop: a\n")
        let error = #expect(throws: UnappliedRevocation.self) {
            try RevocationCheck.checkSecret(hash, of: id, configuration)
        }
        #expect(error?.description.contains("unknown key scop") == true)
    }

    @Test("A retirement is taken up if another key signs, whatever else is wrong in the folder")
    func aRetirement() throws {
        let keys = configuration.keys
        let first = try #require(try keys.signing.generateFirst())
        func check() throws {
            try RevocationCheck.checkRetirement(
                of: first, configuration, lifetimes: configuration.longestLifetimes, now: now)
        }
        #expect(throws: UnappliedRevocation.self) { try check() }
        try folder.write("none", to: "keys/old.pub.pem")
        let (chain, key) = try keys.find(first.keyID)
        let replacement = try #require(try chain.retire(key, longestLifetime: .seconds(900), now: now))
        try check()
        try FileManager.default.removeItem(atPath: folder.path("keys/\(replacement.name)"))
        let error = #expect(throws: UnappliedRevocation.self) { try check() }
        #expect(error?.description.contains("holds no key that can take its place now") == true)
    }
}
