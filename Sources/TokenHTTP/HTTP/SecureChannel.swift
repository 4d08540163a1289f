import HummingbirdCore
import HummingbirdHTTP2
import LiveState
import Logging
import NIOCore
import NIOSSL
import Synchronization

/// HTTP/2 or HTTP/1.1 over TLS, as the client asks by ALPN (RFC 7301), each connection with the certificate that is the
/// current one when it comes.
final class SecureChannel: ServerChildChannel {
    typealias Value = HTTP2UpgradeChannel.Value

    private struct Current {
        let identity: TLSIdentity
        let channel: HTTP2UpgradeChannel
    }

    private let identity: @Sendable () -> TLSIdentity
    private let makeChannel: @Sendable (TLSIdentity) throws -> HTTP2UpgradeChannel
    private let current: Mutex<Current>
    private let silence: TimeAmount

    /// - Parameters:
    ///   - identity: the current one.
    ///   - idleTimeout: how long a connection of HTTP/2 may have no stream before the client is asked to go.
    ///   - http1: for connections of HTTP/1.1, and for streams.
    init(
        _ identity: @escaping @Sendable () -> TLSIdentity, idleTimeout: Duration, http1: HTTP1Channel.Configuration,
        responder: @escaping HTTPChannelHandler.Responder
    ) throws {
        let configuration = HTTP2UpgradeChannel.Configuration(idleTimeout: idleTimeout, streamConfiguration: http1)
        makeChannel = { identity in
            try HTTP2UpgradeChannel(
                tlsConfiguration: identity.configuration, configuration: configuration, responder: responder)
        }
        // A client of HTTP/2 that is asked to go has some seconds to do so.
        silence = TimeAmount(idleTimeout) + .seconds(5)
        self.identity = identity
        let first = identity()
        current = Mutex(Current(identity: first, channel: try makeChannel(first)))
    }

    private func channel() throws -> HTTP2UpgradeChannel {
        let identity = identity()
        return try current.withLock { current in
            if current.identity !== identity {
                current = Current(identity: identity, channel: try makeChannel(identity))
            }
            return current.channel
        }
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        do {
            return try self.channel().setup(channel: channel, logger: logger).flatMapThrowing { [silence] value in
                let pipeline = channel.pipeline.syncOperations
                let tls = try pipeline.handler(type: NIOSSLServerHandler.self)
                try pipeline.addHandler(SecureConnectionDeadlines(silence: silence), position: .after(tls))
                return value
            }
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
    }

    func handle(value: Value, logger: Logger) async {
        // What belongs to the certificate is in the connection already; the rest is the same for all.
        await current.withLock { $0.channel }.handle(value: value, logger: logger)
    }
}
