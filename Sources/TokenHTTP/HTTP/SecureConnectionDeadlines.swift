import NIOCore
import NIOTLS

/// Sees to it that a TLS connection ends, whatever its other side does: a handshake must be finished, a connection that nothing
/// comes from, or that there is nothing to say to, is closed, and so is one that stays when the listener is gone. (Hummingbird
/// asks an HTTP/2 client to go, and waits for its answer; and to a client that sends a frame octet by octet it says nothing.)
final class SecureConnectionDeadlines: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = Any
    typealias InboundOut = Any
    typealias OutboundIn = Any
    typealias OutboundOut = Any

    private static let handshake: TimeAmount = .seconds(10)
    /// A request that had just begun has its ten seconds to come, and some to be answered.
    private static let goodbye: TimeAmount = .seconds(15)

    private let silence: TimeAmount
    private var isEstablished = false
    private var lastRead: NIODeadline = .now()
    /// Since when we owe it an answer, going by what it has sent.
    private var waitingSince: NIODeadline?
    private var timer = ClosingTimer()
    private var silenceCheck: Scheduled<Void>?

    /// - Parameter silence: how long a connection may say nothing.
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
            // Nothing was asked yet, and nobody behind here hears of it: there is no HTTP before the handshake.
            guard isEstablished else { return context.close(promise: nil) }
            timer.start(Self.goodbye, context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func checkSilence(_ context: ChannelHandlerContext) {
        // Requests are answered in less.
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
