import NIOCore
import NIOTLS

/// Limits the time of a TLS connection, whatever the client does. It closes a connection:
/// - if the handshake is not complete in time;
/// - if the client sends nothing for too long;
/// - if the service has nothing to answer for too long, as when a client sends one frame octet by octet;
/// - if the connection stays open for too long after the listener is closed.
///
/// (Hummingbird sends GOAWAY to an HTTP/2 client and then waits for the client, without a limit.)
final class SecureConnectionDeadlines: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = Any
    typealias InboundOut = Any
    typealias OutboundIn = Any
    typealias OutboundOut = Any

    private static let handshake: TimeAmount = .seconds(10)
    /// How long a connection may stay open after the listener is closed: a request that has just begun has ten seconds
    /// to arrive and some to be answered.
    private static let goodbye: TimeAmount = .seconds(15)

    private let silence: TimeAmount
    private var isEstablished = false
    private var lastRead: NIODeadline = .now()
    /// When the client first sent something that the service has not answered.
    private var waitingSince: NIODeadline?
    private var timer = ClosingTimer()
    private var silenceCheck: Scheduled<Void>?

    /// - Parameter silence: how long the client may send nothing, and how long the service may answer nothing.
    init(silence: TimeAmount) {
        self.silence = silence
    }

    func handlerAdded(context: ChannelHandlerContext) {
        lastRead = context.eventLoop.now
        timer.start(Self.handshake, context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lastRead = context.eventLoop.now
        waitingSince = waitingSince ?? lastRead
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        waitingSince = nil
        context.write(data, promise: promise)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted = event as? TLSUserEvent {
            isEstablished = true
            timer.cancel()
            checkSilence(context)
        } else if event is ChannelShouldQuiesceEvent {
            // Before the handshake there is no request, and no later handler that could close the connection.
            guard isEstablished else { return context.close(promise: nil) }
            timer.start(Self.goodbye, context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func checkSilence(_ context: ChannelHandlerContext) {
        // A complete request is always answered in less time.
        let deadline = min(lastRead, waitingSince ?? lastRead) + silence
        guard context.eventLoop.now < deadline else { return context.close(promise: nil) }
        silenceCheck = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.checkSilence(context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        cancel()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { cancel() }

    private func cancel() {
        timer.cancel()
        silenceCheck?.cancel()
    }
}
