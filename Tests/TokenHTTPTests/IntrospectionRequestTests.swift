import HTTPEdge
import NIOCore
import NIOHTTP1
import ServiceFixture
import TestSupport
import Testing
import WireText

@testable import TokenHTTP

/// What the introspection endpoint has in common with the token endpoint.
@Suite struct IntrospectionRequestTests {
    @Test("RFC 6749 section 2.3.1: guesses at the introspection endpoint count with those at the token endpoint")
    func guesses() async throws {
        let router = try ServiceFixture().tokenRouter()
        func status(_ path: String, _ form: String, secret: String = "wrong") async throws -> Int {
            let body = "\(form)&client_id=inspector&client_secret=\(secret)"
            let request = Request(
                .POST, RequestTarget(path, hasAbsoluteForm: true),
                fields: ["Content-Type": "application/x-www-form-urlencoded"],
                content: .whole(ByteBuffer(string: body)),
                peer: Peer(address: IPAddress("192.0.2.1")))
            return try await send(request, to: router.reply).status
        }
        for _ in 0..<10 { #expect(try await status("/oauth2/introspect", "token=x") == 401) }
        #expect(try await status("/oauth2/introspect", "token=x") == 429)
        #expect(try await status("/oauth2/token", "grant_type=client_credentials") == 429)
        #expect(try await status("/oauth2/introspect", "token=x", secret: ServiceFixture.secret) == 200)
    }
}
