import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Closes a connection behind an answer that says `Connection: close`, RFC 9112 section 9.6.
final class LastAnswerHandler: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private var isLast = false

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head):
            isLast = head.headerFields[.connection] == "close"
        case .end where isLast:
            let channel = context.channel
            let promise = promise ?? context.eventLoop.makePromise()
            promise.futureResult.whenComplete { _ in channel.close(promise: nil) }
            context.write(data, promise: promise)
            return
        case .body, .end: break
        }
        context.write(data, promise: promise)
    }
}
