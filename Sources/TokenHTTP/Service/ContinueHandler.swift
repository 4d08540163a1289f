import HTTPTypes
import NIOCore
import NIOHTTPTypes
import OAuth

/// Tells clients that wait with what they have to send to go on: `Expect: 100-continue`, RFC 9110 section 10.1.1.
final class ContinueHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// Requests that have begun and have no whole answer yet.
    private var unanswered = 0
    /// Whether the request that came last waits for its turn to be told.
    private var isOwed = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            unanswered += 1
            // What is too long for every resource is refused as it is.
            let length = head.headerFields[.contentLength].flatMap { Int($0) } ?? 0
            isOwed =
                head.headerFields[.expect]?.lowercased() == "100-continue"
                && length <= EndpointRequest.maximumBodySize
            payOff(context)
        case .body, .end:
            // Whoever sends does not wait.
            isOwed = false
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        context.write(data, promise: promise)
        guard case .end = unwrapOutboundIn(data) else { return }
        unanswered = max(0, unanswered - 1)
        payOff(context)
    }

    /// Answers keep the order of their requests.
    private func payOff(_ context: ChannelHandlerContext) {
        guard isOwed, unanswered == 1 else { return }
        isOwed = false
        context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
    }
}
