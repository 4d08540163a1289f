import AccessToken
import Admission
import HTTPEdge
import LiveState
import NIOCore
import NIOHTTP1
import PrometheusText
import ServiceFixture
import Synchronization
import Telemetry
import Testing

@testable import TokenHTTP

@Suite struct ManagementRouterTests {
    @Test("RFC 9110 section 15.5.6: a method that /metrics does not have is refused before the metrics are collected")
    func theMethodComesFirst() async throws {
        let collections = Atomic(0)
        let registry = PrometheusRegistry()
        registry.collect { _ in collections.add(1, ordering: .relaxed) }
        let events = Mutex<[HTTPEvent]>([])
        let router = ManagementRouter(
            readiness: Readiness(), metrics: MetricsPage(registry),
            lastUses: LastUsesDocument(
                ClientUses(start: NumericDate(0)), snapshots: SnapshotStore(try ServiceFixture().snapshot())),
            description: ByteBuffer(),
            report: { event in events.withLock { $0.append(event) } })
        let refused = try await send(Request(.POST, "/metrics"), to: router.reply)
        #expect(refused.status == 405)
        #expect(refused.fields["Allow"] == ["GET, HEAD"])
        #expect(collections.load(ordering: .relaxed) == 0)
        #expect(try await send(Request(.GET, "/metrics"), to: router.reply).status == 200)
        #expect(collections.load(ordering: .relaxed) == 1)
        #expect(try await send(Request(.POST, "/nothing"), to: router.reply).status == 404)
        #expect(events.withLock { $0.count } == 2)
    }

    private func router(hasConsole: Bool) throws -> ManagementRouter {
        let console = ConsoleRoutes(
            access: ConsoleAccess(host: "127.0.0.1"), document: try ConsoleDocument(),
            writer: ConsoleStateWriter { _ in Array("{}".utf8) },
            events: ConsoleEvents {
                ConsoleNumbers(
                    time: NumericDate(0), uptime: .zero, revision: 0, isReady: true, totals: ServiceMetrics().totals,
                    signatures: (0, 0), connectionCount: 0)
            })
        return ManagementRouter(
            readiness: Readiness(), metrics: MetricsPage(PrometheusRegistry()),
            lastUses: LastUsesDocument(
                ClientUses(start: NumericDate(0)), snapshots: SnapshotStore(try ServiceFixture().snapshot())),
            description: ByteBuffer(), console: hasConsole ? console : nil, report: { _ in })
    }

    private static let consolePaths = ["/console", "/console/state.json", "/console/events"]

    @Test("Without the setting there is no console", arguments: consolePaths)
    func off(path: String) async throws {
        let request = Request(.GET, path, fields: ["Host": "localhost"])
        #expect(try await send(request, to: router(hasConsole: false).reply).status == 404)
        #expect(try await send(request, to: router(hasConsole: true).reply).status == 200)
    }

    @Test(
        "The console has GET and HEAD alone, answers a foreign host 421 and another site's page 403",
        arguments: consolePaths)
    func refusals(path: String) async throws {
        let router = try router(hasConsole: true)
        let own: HTTPHeaders = ["Host": "localhost"]
        #expect(try await send(Request(.POST, path, fields: own), to: router.reply).status == 405)
        #expect(try await send(Request(.HEAD, path, fields: own), to: router.reply).status == 200)
        let foreign = try await send(Request(.GET, path, fields: ["Host": "evil.example"]), to: router.reply)
        #expect(foreign.status == 421 && !foreign.fields.contains(name: "Access-Control-Allow-Origin"))
        let page: HTTPHeaders = ["Host": "localhost", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"]
        #expect(try await send(Request(.GET, path, fields: page), to: router.reply).status == 403)
    }

    @Test("A path that is not one of the console's octet for octet is none of its paths")
    func otherPaths() async throws {
        for path in ["/console/", "/Console", "/console/state", "/console//events", "/console/state.json/a"] {
            let request = Request(.GET, path, fields: ["Host": "localhost"])
            #expect(try await send(request, to: router(hasConsole: true).reply).status == 404, "\(path)")
        }
    }
}
