import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOSSL

/// The handlers of a connection.
///
///     without TLS   RequestMeter | HTTP decoder | HTTP1Connection
///     with TLS      NIOSSLServerHandler | TLSHandshake, which is replaced by
///                       RequestMeter | HTTP decoder | HTTP1Connection   or
///                       NIOHTTP2Handler | HTTP2Connection
enum ConnectionPipeline {
    /// To be called on the event loop of the channel.
    static func configure(_ channel: any Channel, _ listener: ListenerState) throws {
        let (connection, loop) = try open(channel, listener)
        guard let tls = listener.tls else { return try addHTTP1(connection, loop) }
        let settings = tls()
        let cost = MemoryCost.tls + (settings.asksForCertificates ? MemoryCost.certificates : 0)
        guard connection.drawForProtocol(cost) else { throw ChannelError.ioOnClosedChannel }
        let certificates = settings.asksForCertificates ? ClientCertificates() : nil
        // What a client presents without being asked is not looked at.
        let handler = NIOSSLServerHandler(context: settings.context) { presented, promise in
            let version = try? channel.pipeline.syncOperations.nioSSL_tlsVersion()
            promise.succeed(certificates?.accept(presented, version) == true ? .certificateVerified : .failed)
        }
        try channel.pipeline.syncOperations.addHandlers([handler, TLSHandshake(connection, loop, certificates)])
    }

    /// Adds the channel to the open connections of its event loop, until it is closed.
    static func open(
        _ channel: any Channel, _ listener: ListenerState
    ) throws -> (OpenConnection, ListenerState.LoopState) {
        guard let loop = listener.state(on: channel.eventLoop) else { throw ChannelError.operationUnsupported }
        let peer = Peer(channel.remoteAddress)
        let connection = OpenConnection(
            channel, peer: peer, share: listener.share(of: peer), listener: listener, loop: loop)
        channel.closeFuture.assumeIsolated().whenComplete { _ in connection.end() }
        return (connection, loop)
    }

    static func addHTTP1(_ connection: OpenConnection, _ loop: ListenerState.LoopState) throws {
        let http1 = HTTP1Connection(connection, loop)
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = connection.limits.head
        limits.maxHeaderListSize = connection.limits.head
        try connection.channel.pipeline.syncOperations.addHandlers([
            RequestMeter(http1, loop.turns), ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: limits)),
            http1,
        ])
    }

    static func addHTTP2(_ connection: OpenConnection, _ loop: ListenerState.LoopState) throws {
        guard connection.drawForProtocol(MemoryCost.http2) else { throw ChannelError.ioOnClosedChannel }
        var configuration = NIOHTTP2Handler.ConnectionConfiguration()
        configuration.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: connection.limits.firstStreams),
            HTTP2Setting(parameter: .maxHeaderListSize, value: connection.limits.head),
        ]
        configuration.maximumBufferedControlFrames = 256
        let errors = HTTP2ConnectionErrors()
        try connection.channel.pipeline.syncOperations.addHandlers([
            NIOHTTP2Handler(
                mode: .server, frameDelegate: errors, connectionConfiguration: configuration,
                streamConfiguration: NIOHTTP2Handler.StreamConfiguration()),
            HTTP2Connection(connection, loop, errors),
        ])
    }
}
