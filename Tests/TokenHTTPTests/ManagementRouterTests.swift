import HTTPEdge
import NIOCore
import NIOHTTP1
import PrometheusText
import Synchronization
import Testing

@testable import TokenHTTP

@Suite struct ManagementRouterTests {
    @Test("RFC 9110 section 15.5.6: a method that /metrics does not have is refused before the metrics are collected")
    func theMethodComesFirst() async throws {
        let collections = Atomic(0)
        let registry = PrometheusRegistry()
        registry.collect { _ in collections.add(1, ordering: .relaxed) }
        let router = ManagementRouter(readiness: Readiness(), metrics: registry, description: ByteBuffer())
        let refused = try await send(Request(.POST, "/metrics"), to: router.reply)
        #expect(refused.status == 405)
        #expect(refused.fields["Allow"] == ["GET, HEAD"])
        #expect(collections.load(ordering: .relaxed) == 0)
        #expect(try await send(Request(.GET, "/metrics"), to: router.reply).status == 200)
        #expect(collections.load(ordering: .relaxed) == 1)
        #expect(try await send(Request(.POST, "/nothing"), to: router.reply).status == 404)
    }
}
