import HTTPEdge
import NIOCore
import NIOHTTP1
import PrometheusText
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
            readiness: Readiness(), metrics: MetricsPage(registry), description: ByteBuffer(),
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
}
