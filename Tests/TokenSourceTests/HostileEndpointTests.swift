import AccessToken
import NIOCore
import NIOHTTP1
import NIOPosix
import RemoteKeys
import Synchronization
import Testing

@testable import TokenSource

/// A token endpoint that sends what it likes, over a socket.
@Suite(.timeLimit(.minutes(1))) struct HostileEndpointTests {
    /// Writes octets to each connection when the whole request is there, and ends it if the test says so.
    private final class Writer: ChannelInboundHandler, Sendable {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = ByteBuffer
        private let octets: [UInt8]
        private let ends: Bool
        private let connections: Mutex<Int>

        init(_ octets: [UInt8], ends: Bool) {
            self.octets = octets
            self.ends = ends
            connections = Mutex(0)
        }

        var count: Int { connections.withLock { $0 } }

        func channelActive(context: ChannelHandlerContext) { connections.withLock { $0 += 1 } }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard case .end = unwrapInboundIn(data) else { return }
            let written = context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: octets)))
            if ends { written.assumeIsolated().whenComplete { _ in context.close(promise: nil) } }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    private static func listen(_ writer: Writer) async throws -> any Channel {
        try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    // The request may come in several pieces.
                    let decoder = ByteToMessageHandler(HTTPRequestDecoder())
                    try channel.pipeline.syncOperations.addHandlers(decoder, writer)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    /// Requests a token from a server that answers with these octets.
    ///
    /// - Returns: the number of connections.
    private func request(
        answeredWith octets: [UInt8], ends: Bool = true, within limit: Duration = .seconds(30)
    ) async throws -> (error: TokenSourceError?, connections: Int) {
        let writer = Writer(octets, ends: ends)
        let server = try await Self.listen(writer)
        let port = try #require(server.localAddress?.port)
        let source = AccessTokenSource(
            tokenEndpoint: try RemoteURL("http://127.0.0.1:\(port)/token"),
            credential: try .secret("the-secret", of: try ClientID("client")), limits: .init(requestTime: limit))
        var failure: TokenSourceError?
        do throws(TokenSourceError) { _ = try await source.token() } catch { failure = error }
        try await server.close().get()
        return (failure, writer.count)
    }

    private static func answer(_ body: String, head: String = "", status: String = "200 OK") -> [UInt8] {
        Array("HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\(head)\r\n\(body)".utf8)
    }

    private static let token = #"{"access_token":"t","token_type":"Bearer"}"#

    @Test("The server of these tests can give a token")
    func theServerWorks() async throws {
        let outcome = try await request(answeredWith: Self.answer(Self.token))
        #expect(outcome.error == nil && outcome.connections == 1)
    }

    /// More octets than an answer may have.
    enum Flood: CaseIterable {
        case length, chunks, informational

        var octets: [UInt8] {
            let body = String(repeating: " ", count: 10_000_000)
            let text =
                switch self {
                case .length: "HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n\(body)"
                case .chunks: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n989680\r\n\(body)"
                case .informational: String(repeating: "HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n", count: 100_000)
                }
            return Array(text.utf8)
        }
    }

    @Test("An answer is bounded in size, whatever it is made of", arguments: Flood.allCases)
    func boundsTheSize(flood: Flood) async throws {
        let outcome = try await request(answeredWith: flood.octets, ends: false)
        #expect(outcome.error == TokenSourceError(.malformedAnswer))
        #expect(outcome.connections == 1)
    }

    @Test(
        "An answer that does not come, or does not end, is waited for no longer than the time limit",
        arguments: [0, 30, 70])
    func boundsTheTime(octets: Int) async throws {
        let answer = Array(Self.answer(Self.token).prefix(octets))
        let outcome = try await request(answeredWith: answer, ends: false, within: .milliseconds(100))
        #expect(outcome.error == TokenSourceError(.unreachable))
    }

    @Test("A connection that ends before the answer does gives no token", arguments: [0, 10, 45, 70])
    func endsEarly(octets: Int) async throws {
        let outcome = try await request(answeredWith: Array(Self.answer(Self.token).prefix(octets)))
        #expect(outcome.error == TokenSourceError(.unreachable))
        // The secret is not sent again by itself.
        #expect(outcome.connections == 1)
    }

    @Test(
        "A redirect of the token endpoint is not followed: another host would get the secret",
        arguments: ["301 Moved", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"])
    func doesNotFollowRedirects(status: String) async throws {
        let other = Writer(Self.answer(Self.token), ends: true)
        let server = try await Self.listen(other)
        let port = try #require(server.localAddress?.port)
        let head = "Location: http://127.0.0.1:\(port)/token\r\n"
        let outcome = try await request(answeredWith: Self.answer("", head: head, status: status))
        try await server.close().get()
        let code = try #require(outcome.error?.code)
        guard case .unexpectedStatus(let number) = code else { Issue.record("\(code)"); return }
        #expect((300...399).contains(number))
        #expect(other.count == 0 && outcome.connections == 1)
    }

    @Test("A compressed answer is not decompressed: a small one could fill the memory")
    func doesNotDecompress() async throws {
        // gzip of {"access_token":"t","token_type":"Bearer"}
        let compressed: [UInt8] = [
            0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xAB, 0x56, 0x4A, 0x4C, 0x4E, 0x4E, 0x2D, 0x2E,
            0x8E,
        ]
        let head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(compressed.count)\r\n\r\n"
        let outcome = try await request(answeredWith: Array(head.utf8) + compressed)
        #expect(outcome.error == TokenSourceError(.malformedAnswer))
    }

    @Test("No error shows the secret", arguments: ["200 OK", "400 Bad Request", "500 Oops"])
    func keepsTheSecret(status: String) async throws {
        // An endpoint that sends back what it got: nothing of an answer without an error code is repeated.
        let outcome = try await request(
            answeredWith: Self.answer("Basic Y2xpZW50OnRoZS1zZWNyZXQ= the-secret", status: status))
        let error = try #require(outcome.error)
        for text in ["\(error)", String(reflecting: error)] {
            #expect(!text.contains("the-secret") && !text.contains("Y2xpZW50"))
        }
    }

    @Test("An endpoint that is not http at all is reported")
    func anotherProtocol() async throws {
        let outcome = try await request(answeredWith: Array("220 smtp.example ESMTP\r\n".utf8))
        #expect(outcome.error == TokenSourceError(.unreachable))
    }

    @Test("The time limit of a request counts for the issuer's metadata too")
    func silentMetadata() async throws {
        let server = try await Self.listen(Writer([], ends: false))
        let port = try #require(server.localAddress?.port)
        // The limit of the client itself is longer than that of the suite.
        let source = AccessTokenSource(
            issuer: try Issuer("http://127.0.0.1:\(port)"), try .secret("the-secret", of: try ClientID("client")),
            through: OutgoingHTTP(FetchSettings(timeLimit: .seconds(3600))), .init(requestTime: .milliseconds(50)),
            clock: .system, nil)
        var failure: TokenSourceError?
        do throws(TokenSourceError) { _ = try await source.token() } catch { failure = error }
        try await server.close().get()
        #expect(failure?.code == .undiscovered)
    }
}
