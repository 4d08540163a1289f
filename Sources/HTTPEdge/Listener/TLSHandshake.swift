import NIOCore
import NIOSSL
import NIOTLS
import WireText

/// Waits for the TLS handshake, with a limit, and then adds the handlers of the protocol that the client chose by ALPN
/// (RFC 7301). A client that does not use ALPN gets HTTP/1.1.
final class TLSHandshake: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny
    typealias InboundOut = NIOAny

    private let connection: OpenConnection
    private let loop: ListenerState.LoopState
    /// `nil` if the client is not asked for any.
    private let certificates: ClientCertificates?
    private var timer: Scheduled<Void>?
    private var isReported = false

    init(
        _ connection: OpenConnection, _ loop: ListenerState.LoopState, _ certificates: ClientCertificates?
    ) {
        self.connection = connection
        self.loop = loop
        self.certificates = certificates
    }

    func handlerAdded(context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: connection.limits.handshakeTime) {
            self.fail(context, "timeout")
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted(let chosen) = event as? TLSUserEvent {
            finish(context, chosen)
        } else if event is ChannelShouldQuiesceEvent {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(context, "\(error)")
    }

    private func finish(_ context: ChannelHandlerContext, _ chosen: String?) {
        let pipeline = context.pipeline.syncOperations
        connection.touch()
        do {
            if let certificates {
                var presented = certificates.presented
                if presented.isEmpty {
                    // A resumed connection has the client's own certificate from the session.
                    let own = try pipeline.handler(type: NIOSSLServerHandler.self).peerCertificate
                    presented = [own.flatMap { try? $0.toDERBytes() }].compactMap(\.self)
                }
                takeOver(presented)
            }
            if let chosen, Octets(chosen).isSame(as: "h2") {
                try ConnectionPipeline.addHTTP2(connection, loop)
            } else {
                try ConnectionPipeline.addHTTP1(connection, loop)
            }
        } catch {
            return context.close(promise: nil)
        }
        pipeline.removeHandler(context: context, promise: nil)
    }

    /// - Parameter all: the client's own certificate first; empty if it presented none.
    private func takeOver(_ all: [[UInt8]]) {
        connection.peer = Peer(address: connection.peer.address, certificates: all)
        let kept = all.reduce(0) { $0 + $1.count } * MemoryCost.perCertificateOctet
        connection.giveBackOfProtocol(max(0, MemoryCost.certificates - kept))
        if all.count > 1 { connection.listener.report(certificates: all) }
    }

    private func fail(_ context: ChannelHandlerContext, _ reason: String) {
        // A connection that is silent until it is closed is no event: load balancers check ports so.
        if !isReported { connection.listener.report(.handshakeFailed(connection.peer.address, reason: reason)) }
        isReported = true
        context.close(promise: nil)
    }
}
