import AccessToken
import JOSE
import LiveState
import NIOCore
import OAuth
import ServiceFixture
import Telemetry
import TestSupport
import Testing

@testable import TokenHTTP

@Suite("The document of the console")
struct ConsoleStateTests {
    private let fixture: ServiceFixture

    init() throws { fixture = try ServiceFixture() }

    private func source(lastUse: @escaping @Sendable (ClientID) -> NumericDate? = { _ in nil }) throws -> ConsoleSource
    {
        ConsoleSource(
            reloader: try fixture.reloader(), metrics: ServiceMetrics(), readiness: Readiness(),
            issuerKeys: IssuerKeySets { _ in }, signatures: { (0, 64) }, connectionCount: { 0 }, lastUse: lastUse,
            now: { ServiceFixture.now })
    }

    private func clients(_ state: [UInt8]) throws -> JSONObject {
        try #require(JSONReader.read(state).object?["clients"]?.object)
    }

    private func ids(_ state: [UInt8]) throws -> [String] {
        try #require(clients(state)["entries"]?.array).compactMap { $0.object?["client_id"]?.string }
    }

    @Test("It has no secret, no hash of one, no private key and no claims of a client")
    func secrets() throws {
        let text = String(decoding: try source().state(ConsoleQuery()), as: UTF8.self)
        for secret in [
            "sha256", "StfEenewcjB1d94NpfljJECVET", ServiceFixture.secret, ServiceFixture.sealingKey, "acme", "\"d\":",
            "PRIVATE",
        ] {
            #expect(!text.contains(secret), "\(secret)")
        }
        #expect(text.contains("Nightly reporting"))
    }

    @Test("It has the published keys, and the folder's keys with their states")
    func keys() throws {
        try fixture.copyKey("rsa-3072.pem", as: "20261119T110000Z.pem")
        let state = try #require(JSONReader.read(source().state(ConsoleQuery())).object)
        let published = try #require(state["jwks"]?.object?["keys"]?.array)
        #expect(published.count == 2 && published.allSatisfy { $0.object?["n"]?.string != nil })
        let keys = try #require(state["keys"]?.array).compactMap(\.object)
        #expect(keys.compactMap { $0["state"]?.string } == ["signing", "next", "signing"])
        #expect(keys.compactMap { $0["use"]?.string } == ["signing", "signing", "sealing"])
        #expect(keys[1]["from"] == .integer(1_795_086_000))
    }

    @Test("Clients are sorted by what the query says; those without a value come last in both orders")
    func sorting() throws {
        let times = ["weekly": 300, "tenant": 100, "nightly": 200]
        let source = try source { id in times[id.description].map { NumericDate(Int64($0)) } }
        #expect(
            try ids(source.state(ConsoleQuery("sort=client_id")!)).prefix(3) == ["inspector", "nightly", "other-api"])
        #expect(try ids(source.state(ConsoleQuery("sort=client_id&order=descending")!)).first == "weekly")
        #expect(
            try ids(source.state(ConsoleQuery("sort=last_token_at")!)).prefix(4) == [
                "tenant", "nightly", "weekly", "inspector",
            ])
        #expect(
            try ids(source.state(ConsoleQuery("sort=last_token_at&order=descending")!)).prefix(4) == [
                "weekly", "nightly", "tenant", "inspector",
            ])
    }

    @Test("A client is found by a part of its identifier or of its name, whatever the case of ASCII letters")
    func finding() throws {
        let source = try source()
        #expect(try ids(source.state(ConsoleQuery("find=NIGHT&sort=client_id")!)) == ["nightly", "reporting"])
        let none = try clients(source.state(ConsoleQuery("find=zzz")!))
        #expect(none["found"] == .integer(0) && none["count"] == .integer(8))
    }

    @Test("What expires first is first, and what is written stays small with ten thousand clients")
    func tenThousand() throws {
        let hash = try ClientSecretHash(of: "secret")
        let registry = try ClientRegistry(
            try (0..<10_000).map { number in
                let expiry = number < 100 ? NumericDate(1_800_000_000 - Int64(number)) : nil
                return try Client(
                    id: ClientID("c\(number)"), name: String(repeating: "n", count: 2000),
                    secrets: [ClientSecret(hash: hash, expiresAt: expiry)])
            })
        func written(_ query: ConsoleQuery) throws -> JSONObject {
            var writer = JSONWriter()
            ConsoleClients(registry, refusedCount: 0, query, lastUse: { _ in nil }).write(to: &writer)
            #expect(writer.bytes.count < 32 * 1024)
            return try #require(JSONReader.read(writer.bytes).object)
        }
        let first = try #require(try written(ConsoleQuery())["entries"]?.array)
        #expect(first.count == ConsoleQuery.limit)
        #expect(first.prefix(3).compactMap { $0.object?["client_id"]?.string } == ["c99", "c98", "c97"])
        let last = try written(ConsoleQuery("offset=999999")!)
        #expect(last["offset"] == .integer(9_975) && last["count"] == .integer(10_000))
    }

    @Test("What did not load is named, twenty problems of a part at most")
    func problems() throws {
        let entries = (0..<30).map { "  - client_id: c\($0)\n    scop: a\n" }.joined()
        try fixture.folder.write(fixture.folder.read("clients.yaml") + entries, to: "clients.yaml")
        let state = try #require(JSONReader.read(source().state(ConsoleQuery())).object)
        let parts = try #require(state["files"]?.object?["parts"]?.array).compactMap(\.object)
        let clients = try #require(parts.first { $0["part"] == .string("clients") })
        #expect(clients["problems"]?.array?.count == 20)
        #expect(clients["count"] == .integer(60))
    }

    @Test("The revision grows when the state has changed, and only then")
    func revisions() throws {
        let source = try source()
        let first = source.numbers.revision
        #expect(source.numbers.revision == first)
        try fixture.folder.write(
            fixture.folder.read("clients.yaml").replacing("weekly", with: "yearly"), to: "clients.yaml")
        source.reloader.reload(now: ServiceFixture.now)
        #expect(source.numbers.revision == first + 1)
        #expect(source.numbers.revision == first + 1)
    }
}
