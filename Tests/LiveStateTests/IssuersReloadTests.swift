import AccessToken
import Foundation
import JOSE
import Logging
import OAuth
import ServiceFixture
import SystemPackage
import TestSupport
import Testing

@testable import LiveState
@testable import ServiceFiles

/// Trusted issuers are a part of the state of their own.
@Suite struct IssuersReloadTests {
    private let fixture: ServiceFixture
    private let reloader: Reloader
    private static let issuer = "issuers:\n  - { name: a, issuer: \"https://a.example\", jwks_file: keys.json }\n"
    private static let keySet =
        #"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#
    private static let client = "  - client_id: pod\n    identities: [{ issuer: a, subject: pod }]\n"

    init() throws {
        fixture = try ServiceFixture()
        try fixture.folder.write(Self.keySet, to: "keys.json")
        try fixture.folder.write(Self.issuer, to: "issuers.yaml")
        try fixture.folder.write(fixture.folder.read("clients.yaml") + Self.client, to: "clients.yaml")
        reloader = try fixture.reloader()
    }

    private var current: Snapshot { reloader.snapshots.current }
    private var names: [String] { current.identities.all.map(\.name).sorted() }

    private func look(_ count: Int = 2) {
        for _ in 0..<count { reloader.look(now: ServiceFixture.now) }
    }

    private func keyIDs() -> [String?] {
        guard case .fixed(let keys, _)? = current.identities.all.first?.keys else { return [] }
        return keys.keys.map(\.keyID)
    }

    @Test("A change of issuers.yaml is in use at the second check, and the file may come and go")
    func changes() throws {
        #expect(names == ["a"])
        try fixture.folder.write(Self.issuer.replacing("name: a", with: "name: b"), to: "issuers.yaml")
        look()
        #expect(names == ["b"])
        try FileManager.default.removeItem(atPath: fixture.folder.path("issuers.yaml"))
        look()
        #expect(names.isEmpty)
        try fixture.folder.write(Self.issuer, to: "issuers.yaml")
        look()
        #expect(names == ["a"])
        #expect(reloader.lastStatus.isApplied)
    }

    @Test("A file that an issuer names is watched, also if it was first named while the service runs")
    func namedFiles() throws {
        try fixture.folder.write(Self.keySet.replacing(#""k""#, with: #""k2""#), to: "keys.json")
        look()
        #expect(keyIDs() == ["k2"])
        try fixture.folder.write(Self.keySet, to: "other.json")
        try fixture.folder.write(Self.issuer.replacing("keys.json", with: "other.json"), to: "issuers.yaml")
        look()
        #expect(keyIDs() == ["k"])
        let reloads = reloader.lastStatus.time
        reloader.look(now: ServiceFixture.now + .seconds(1))
        reloader.look(now: ServiceFixture.now + .seconds(2))
        // Nothing has changed since.
        #expect(reloader.lastStatus.time == reloads)
        try fixture.folder.write(Self.keySet.replacing(#""k""#, with: #""k3""#), to: "other.json")
        look()
        #expect(keyIDs() == ["k3"])
    }

    @Test(
        "What is wrong with issuers keeps them as they were, and keeps no other part",
        arguments: ["issuers: [", "", "issuers:\n  - { name: a, issuer: ftp://a }\n"])
    func apart(text: String) throws {
        try fixture.folder.write(text, to: "issuers.yaml")
        look()
        #expect(names == ["a"])
        #expect(reloader.lastStatus.problemCounts[.issuers] == 1)
        try ClientsFileEditor(fixture.configuration.clientsPath).remove(
            ClientID("reporting"), now: NumericDate(1_795_000_000))
        look()
        #expect(current.clients[try ClientID("reporting")] == nil)
        #expect(reloader.lastStatus.problemCounts[.clients] == 0)
    }

    @Test("What is wrong with clients keeps no issuer")
    func goneIssuers() throws {
        try fixture.folder.write("clients: [", to: "clients.yaml")
        look()
        try fixture.folder.write("issuers: []\n", to: "issuers.yaml")
        look()
        #expect(names.isEmpty)
        #expect(try #require(reloader.lastStatus.problemCounts[.clients]) > 0)
    }

    @Test("Clients are checked again when the name of an issuer gets another meaning")
    func clientsAreCheckedAgain() throws {
        try fixture.folder.write(
            "issuers: [{ name: a, issuer: \"https://gitlab.com\", jwks_file: keys.json }]\n", to: "issuers.yaml")
        try fixture.folder.write(
            fixture.folder.read("clients.yaml").replacing("subject: pod", with: "claims: { ref: main }"),
            to: "clients.yaml")
        look()
        // It pins no owner there, so that the entry keeps its last form.
        #expect(reloader.lastStatus.problemCounts[.clients] == 1)
        #expect(current.clients[try ClientID("pod")]?.identities.first?.subject == "pod")
        try fixture.folder.write(Self.issuer, to: "issuers.yaml")
        look()
        #expect(reloader.lastStatus.isApplied)
        #expect(current.clients[try ClientID("pod")]?.identities.first?.subject == nil)
    }

    @Test("A start is refused if the file cannot be read as a whole, and not for one entry")
    func starts() throws {
        try fixture.folder.write("issuers: [", to: "issuers.yaml")
        #expect(throws: InvalidConfiguration.self) { try fixture.reloader() }
        try fixture.folder.write(Self.issuer + "  - { name: b }\n", to: "issuers.yaml")
        let other = try fixture.reloader()
        #expect(other.snapshots.current.identities.all.map(\.name) == ["a"])
        #expect(other.lastStatus.problemCounts[.issuers] == 1)
    }

    @Test("The metadata lists what issuers and clients make use of")
    func metadata() throws {
        func tag() -> String? { current.documents["/.well-known/oauth-authorization-server"]?.entityTag }
        let before = tag()
        #expect(!current.metadataUse.acceptsSVIDs)
        try fixture.folder.write(
            Self.issuer + "  - { name: b, issuer: \"spiffe://example.org\", jwks_file: keys.json }\n",
            to: "issuers.yaml")
        look()
        #expect(current.metadataUse.acceptsSVIDs)
        #expect(tag() != before)
    }
}
