import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Sends 100 (Continue) to clients that wait for it before they send a body: `Expect: 100-continue`, RFC 9110 section
/// 10.1.1.
final class ContinueHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let maximumBodySize: Int
    /// The number of requests that have begun and are not completely answered.
    private var unanswered = 0
    /// Whether the client of the most recent request waits for 100 (Continue).
    private var isOwed = false

    /// - Parameter maximumBodySize: in octets; a client that announces a longer body gets no 100 (Continue).
    init(maximumBodySize: Int) {
        self.maximumBodySize = maximumBodySize
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            unanswered += 1
            // A body that is too long for every resource is refused before it is sent.
            let length = head.headerFields[.contentLength].flatMap { Int($0) } ?? 0
            isOwed =
                head.headerFields[.expect]?.lowercased() == "100-continue"
                && length <= maximumBodySize
            payOff(context)
        case .body, .end:
            // A client that has started its body no longer waits for 100 (Continue).
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

    /// Sends 100 (Continue) when all earlier requests are answered: answers keep the order of their requests.
    private func payOff(_ context: ChannelHandlerContext) {
        guard isOwed, unanswered == 1 else { return }
        isOwed = false
        context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
    }
}
