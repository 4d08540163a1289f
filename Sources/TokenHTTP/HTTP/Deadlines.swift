import NIOCore
import NIOHTTPTypes

/// Closes a channel after some time, unless it is cancelled.
struct ClosingTimer {
    private var end: Scheduled<Void>?

    var isRunning: Bool { end != nil }

    /// Starts the timer; a timer that is running is cancelled.
    mutating func start(_ time: TimeAmount, _ context: ChannelHandlerContext) {
        cancel()
        let channel = context.channel
        end = context.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
    }

    mutating func cancel() {
        end?.cancel()
        end = nil
    }
}

/// Closes a connection or a stream whose request has begun and is not complete in time. (Before a request begins, the
/// idle timeout applies.)
final class RequestDeadline: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart

    private let time: TimeAmount
    private var isIncomplete = false
    private var timer = ClosingTimer()

    init(_ time: TimeAmount) {
        self.time = time
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head: isIncomplete = true
        case .body: break
        case .end:
            isIncomplete = false
            timer.cancel()
        }
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Most requests are complete after one read and need no timer.
        if isIncomplete, !timer.isRunning { timer.start(time, context) }
        context.fireChannelReadComplete()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer.cancel()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer.cancel() }
}

/// Closes a connection or a stream if the client does not read its answers.
final class ReaderDeadline: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Any
    typealias InboundOut = Any

    private let time: TimeAmount
    private var timer = ClosingTimer()

    init(_ time: TimeAmount) {
        self.time = time
    }

    func handlerAdded(context: ChannelHandlerContext) { look(context) }

    func channelActive(context: ChannelHandlerContext) {
        look(context)
        context.fireChannelActive()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        look(context)
        context.fireChannelWritabilityChanged()
    }

    private func look(_ context: ChannelHandlerContext) {
        if context.channel.isWritable {
            timer.cancel()
        } else if !timer.isRunning {
            timer.start(time, context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer.cancel()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer.cancel() }
}
