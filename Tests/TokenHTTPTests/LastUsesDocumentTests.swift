import AccessToken
import Admission
import HTTPEdge
import JOSE
import LiveState
import NIOCore
import NIOHTTP1
import PrometheusText
import ServiceFixture
import TestSupport
import Testing

@testable import TokenHTTP

@Suite struct LastUsesDocumentTests {
    private let uses = ClientUses(start: NumericDate(1_795_000_000))

    /// Documents about the registered clients `client-0` and so on.
    private func document(clientCount: Int) throws -> LastUsesDocument {
        let fixture = try ServiceFixture()
        let hash = "sha256:\(String(repeating: "A", count: 43))"
        let entries = (0..<clientCount).map {
            "  - { client_id: client-\($0), client_secrets: [{ hash: \"\(hash)\" }] }\n"
        }
        try fixture.folder.write("clients:\n" + entries.joined(), to: "clients.yaml")
        return LastUsesDocument(uses, snapshots: SnapshotStore(try fixture.snapshot()))
    }

    private func read(_ octets: [UInt8]) throws -> (clients: [String], next: ClientID?, object: JSONObject) {
        let object = try #require(try JSONReader.read(octets).object)
        let clients = try #require(object["clients"]?.array).compactMap { $0.object?["client_id"]?.string }
        return (clients, try object["next"]?.string.map { try ClientID($0) }, object)
    }

    @Test("It has the registered clients that got a token, with the time, and since when that is known")
    func content() throws {
        let document = try document(clientCount: 2)
        for name in ["client-1", "removed"] { uses.record(try ClientID(name), at: NumericDate(1_795_000_060)) }
        #expect(
            String(decoding: document.part(after: nil), as: UTF8.self)
                == #"{"since":"2026-11-18T11:06:40Z","clients":[{"client_id":"client-1","last_used":"2026-11-18T11:07:40Z"}]}"#
        )
    }

    @Test("Many clients come in parts of bounded size, each of them once")
    func parts() throws {
        let document = try document(clientCount: 1234)
        for number in 0..<1234 { uses.record(try ClientID("client-\(number)"), at: NumericDate(number == 7 ? 1 : 2)) }
        var (seen, next): ([String], ClientID?) = ([], nil)
        repeat {
            let part = try read(document.part(after: next))
            #expect(part.clients.count <= LastUsesDocument.clientLimit)
            seen += part.clients
            next = part.next
        } while next != nil
        #expect(seen.count == 1234)
        #expect(seen == seen.sorted() && Set(seen).count == 1234)
    }

    @Test("A part begins behind any identifier, registered or not")
    func anyBeginning() throws {
        let document = try document(clientCount: 3)
        for number in 0..<3 { uses.record(try ClientID("client-\(number)"), at: NumericDate(1)) }
        #expect(try read(document.part(after: nil)).clients.count == 3)
        #expect(try read(document.part(after: ClientID("client-"))).clients.count == 3)
        #expect(try read(document.part(after: ClientID("client-1"))).clients == ["client-2"])
        #expect(try read(document.part(after: ClientID("~"))).clients == [])
    }

    @Test(
        "A query that is not one of a part is not found",
        arguments: [
            ("after=client-0", 200), ("after=client%2D0", 200), ("after=a%20b", 200), ("", 404), ("after", 404),
            ("after=", 404), ("after=%", 404), ("after=%zz", 404), ("after=%CC%81", 404), ("before=a", 404),
            ("After=a", 404), ("after=%00", 404),
        ])
    func queries(query: String, status: Int) async throws {
        let router = ManagementRouter(
            readiness: Readiness(), metrics: MetricsPage(PrometheusRegistry()),
            lastUses: try document(clientCount: 1), description: ByteBuffer(), report: { _ in })
        let answer = try await send(Request(.GET, "/clients/last-used?\(query)"), to: router.reply)
        #expect(answer.status == status)
        #expect(try await send(Request(.GET, "/clients/last-used"), to: router.reply).status == 200)
    }
}
