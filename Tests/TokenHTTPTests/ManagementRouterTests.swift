import HTTPTypes
import Hummingbird
import HummingbirdTesting
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
        let refused = Mutex<[HTTPEvent]>([])
        let router = ManagementRouter(
            readiness: Readiness(), metrics: MetricsPage(registry), description: ByteBuffer(),
            report: { event in refused.withLock { $0.append(event) } })
        try await Application(responder: router).test(.router) { client in
            try await client.execute(uri: "/metrics", method: .post) { response in
                #expect(response.status == .methodNotAllowed)
                #expect(response.headers[.allow] == "GET, HEAD")
            }
            #expect(collections.load(ordering: .relaxed) == 0)
            try await client.execute(uri: "/metrics", method: .get) { #expect($0.status == .ok) }
            #expect(collections.load(ordering: .relaxed) == 1)
            try await client.execute(uri: "/nothing", method: .post) { #expect($0.status == .notFound) }
        }
        #expect(refused.withLock { $0.count } == 2)
    }
}
