import AccessToken
import HTTPEdge
import NIOCore
import NIOHTTP1
import ServiceFiles
import Testing
import WireText

@testable import TokenHTTP

@Suite("Clients that ignore Retry-After")
struct RetryPacingTests {
    private static let proxy = IPAddress("192.0.2.1")
    private let request = Request(
        .POST, .path("/", query: nil), fields: [:], content: .whole(ByteBuffer()),
        peer: Peer(address: IPAddress("192.0.2.2")))

    private static func pacing() -> RetryPacing {
        RetryPacing(
            interval: .milliseconds(2), isShared: { $0.address == proxy }, now: { .uptimeNanoseconds(1_000_000) })
    }

    private static func response(_ status: HTTPResponseStatus = .tooManyRequests, retryAfter: String? = "3") -> Response
    {
        Response(status, fields: HTTPHeaders(retryAfter.map { [("Retry-After", $0)] } ?? []))
    }

    @Test("They take turns, and wait for as long as they were asked to at most")
    func turns() {
        let pacing = Self.pacing()
        #expect(pacing.pause(after: Self.response(), to: request) == nil)
        #expect(pacing.pause(after: Self.response(), to: request) == .milliseconds(2))
        #expect(pacing.pause(after: Self.response(), to: request) == .milliseconds(4))
        for _ in 0..<5000 { _ = pacing.pause(after: Self.response(), to: request) }
        #expect(pacing.pause(after: Self.response(), to: request) == .seconds(3))
        #expect(pacing.pause(after: Self.response(retryAfter: "9"), to: request) == .seconds(4))
    }

    @Test("A connection that a proxy shares among its clients is never paused")
    func proxies() {
        let pacing = Self.pacing()
        let shared = Request(
            .POST, .path("/", query: nil), fields: [:], content: .whole(ByteBuffer()), peer: Peer(address: Self.proxy))
        for _ in 0..<100 { #expect(pacing.pause(after: Self.response(), to: shared) == nil) }
        // And it takes nobody's turn.
        #expect(pacing.pause(after: Self.response(), to: request) == nil)
    }

    @Test("The service pauses no connection of a trusted proxy, and none at all if a proxy ends TLS")
    func proxiesOfTheService() throws {
        let proxies = TrustedProxies(
            TrustedProxySettings(networks: [try IPNetwork("192.0.2.1")], field: .forwardedFor))
        func isPaused(_ address: IPAddress?, isProxied: Bool) -> Bool {
            let pacing = RetryPacing(coreCount: 1, isProxied: isProxied, proxies: { proxies })
            let request = Request(
                .POST, .path("/", query: nil), fields: [:], content: .whole(ByteBuffer()), peer: Peer(address: address))
            return (0..<1000).contains { _ in pacing.pause(after: Self.response(), to: request) != nil }
        }
        #expect(!isPaused(Self.proxy, isProxied: false))
        #expect(isPaused(IPAddress("192.0.2.2"), isProxied: false))
        #expect(!isPaused(IPAddress("192.0.2.2"), isProxied: true))
    }

    @Test("A stream, a connection that ends, and a response without Retry-After are not paused")
    func others() {
        let pacing = Self.pacing()
        let stream = Request(
            .POST, .path("/", query: nil), fields: [:], content: .whole(ByteBuffer()), peer: request.peer,
            isStream: true)
        var last = Self.response()
        last.closesConnection = true
        for _ in 0..<10 {
            #expect(pacing.pause(after: Self.response(), to: stream) == nil)
            #expect(pacing.pause(after: last, to: request) == nil)
            #expect(pacing.pause(after: Self.response(.ok), to: request) == nil)
            #expect(pacing.pause(after: Self.response(retryAfter: nil), to: request) == nil)
            #expect(pacing.pause(after: Self.response(retryAfter: "soon"), to: request) == nil)
        }
        #expect(pacing.pause(after: Self.response(), to: request) == nil)
    }
}
