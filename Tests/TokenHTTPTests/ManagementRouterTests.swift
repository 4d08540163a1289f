import HTTPTypes
import Hummingbird
import HummingbirdTesting
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
    }
}
