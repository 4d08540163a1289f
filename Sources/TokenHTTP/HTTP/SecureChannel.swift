import HummingbirdCore
import HummingbirdHTTP2
import LiveState
import Logging
import NIOCore
import NIOSSL
import Synchronization

/// HTTP/2 or HTTP/1.1 over TLS, as the client chooses by ALPN (RFC 7301). Each connection uses the certificate that is
/// current when it is accepted.
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
    ///   - identity: returns the current TLS identity.
    ///   - idleTimeout: how long an HTTP/2 connection may have no stream before the service sends GOAWAY.
    ///   - http1: the configuration of HTTP/1.1 connections and of streams.
    init(
        _ identity: @escaping @Sendable () -> TLSIdentity, idleTimeout: Duration, http1: HTTP1Channel.Configuration,
        responder: @escaping HTTPChannelHandler.Responder
    ) throws {
        let configuration = HTTP2UpgradeChannel.Configuration(idleTimeout: idleTimeout, streamConfiguration: http1)
        makeChannel = { identity in
            try HTTP2UpgradeChannel(
                tlsConfiguration: identity.configuration, configuration: configuration, responder: responder)
        }
        // After GOAWAY, an HTTP/2 client has some seconds to close the connection.
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
        // The connection already uses its own certificate; everything else is the same for all channels.
        await current.withLock { $0.channel }.handle(value: value, logger: logger)
    }
}
