import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization
import TestSupport
import Testing

@testable import HTTPEdge

/// What an endpoint knows of the certificate that its client presents.
@Suite struct PeerCertificateTests {
    /// Reads until the server closes the connection.
    private final class Reader: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let end: EventLoopPromise<Void>

        init(_ end: EventLoopPromise<Void>) { self.end = end }

        func channelInactive(context: ChannelHandlerContext) { end.succeed() }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    private let certificate: NIOSSLCertificate
    private let key: NIOSSLPrivateKey

    init() throws {
        certificate = try NIOSSLCertificate(bytes: TestVectors.octets("certificates/good.pem"), format: .pem)
        key = try NIOSSLPrivateKey(bytes: TestVectors.octets("certificates/good.key"), format: .pem)
    }

    /// Sends one request, as a client that presents a certificate or none.
    ///
    /// - Returns: the certificates that the responder was given.
    private func certificateAtResponder(ofClientWith own: NIOSSLCertificate?) async throws -> [[UInt8]] {
        var settings = TLSConfiguration.makeServerConfiguration(
            certificateChain: [.certificate(certificate)], privateKey: .privateKey(key))
        settings.certificateVerification = .optionalVerification
        settings.trustRoots = .certificates([])
        let context = try NIOSSLContext(configuration: settings)
        let seen = Mutex<[[[UInt8]]]>([])
        var configuration = EdgeFixture().configuration
        configuration.tls = { ServerTLS(context, asksForCertificates: true) }
        configuration.respond = { request, _ in
            seen.withLock { $0.append(request.peer.certificates) }
            return .now(Response(.ok))
        }
        let listener = try await HTTPListener(configuration, group: .singleton)
        defer { listener.close() }

        var client = TLSConfiguration.makeClientConfiguration()
        client.trustRoots = .certificates([certificate])
        client.certificateChain = own.map { [.certificate($0)] } ?? []
        client.privateKey = own.map { _ in .privateKey(key) }
        let clientContext = try NIOSSLContext(configuration: client)
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let end = loop.makePromise(of: Void.self)
        let address = try #require(listener.channel.localAddress)
        let channel = try await ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        NIOSSLClientHandler(context: clientContext, serverHostname: "tokens.example.com"), Reader(end),
                    ])
                }
            }.connect(to: address).get()
        let request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        try await channel.writeAndFlush(ByteBuffer(string: request))
        try await end.futureResult.get()
        return try #require(seen.withLock { $0.last })
    }

    @Test("The responder is given the certificate of the TLS handshake, and none of a client without one")
    func certificateOfTheHandshake() async throws {
        #expect(try await certificateAtResponder(ofClientWith: certificate) == [certificate.toDERBytes()])
        #expect(try await certificateAtResponder(ofClientWith: nil) == [])
    }
}
