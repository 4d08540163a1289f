import NIOCore
import NIOHTTP1

/// Closes a connection after its last answer, and announces that in the answer (RFC 9112 sections 9.3 and 9.6).
///
/// These requests are the last of their connection:
/// - one with `Connection: close`, in any letter case and any list;
/// - one of HTTP/1.0;
/// - one that asks for another protocol: Writ speaks none, and the parser reads no further;
/// - one whose answer has `Connection: close`;
/// - one that fills the pipeline.
final class ConnectionPersistence: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// The most unanswered requests of a pipeline; they wait in memory.
    private static let longestPipeline = 64
    /// How long the client has to read its last answer and to stop sending, before the connection is reset (RFC 9112
    /// section 9.6).
    private static let goodbye: TimeAmount = .seconds(2)

    /// The number of requests that have begun and are not completely answered.
    private var unanswered = 0
    private var isWithinRequest = false
    /// The most recent request is the last one; anything after it is ignored.
    private var isLast = false
    /// The answer that is being written is the last one; nothing is written after it.
    private var isLastAnswer = false
    /// Whether the client understands interim responses. HTTP/1.0 has none.
    private var takesInterim = true
    /// The most recent request is incomplete and cannot be parsed further.
    private var isBroken = false
    /// The final response has been written; later writes fail.
    private var isOver = false
    /// The parser buffers further input and passes nothing on.
    private var isParserDone = false
    /// Further input is discarded until the client closes the connection.
    private var isLeaving = false
    private var timer = ClosingTimer()

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            guard !isLast, !isLeaving else { return }
            unanswered += 1
            isWithinRequest = true
            isParserDone = head.method == .CONNECT || head.headers.contains(name: "Upgrade")
            isLast = isParserDone || Self.isLast(head) || unanswered == Self.longestPipeline
            takesInterim = head.version != .http1_0
        case .body:
            guard isWithinRequest, !isLeaving else { return }
        case .end:
            guard isWithinRequest else { return }
            isWithinRequest = false
            guard !isLeaving else { return }
        }
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if isLeaving { context.read() }
        context.fireChannelReadComplete()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        let isEnd = event as? ChannelEvent == .inputClosed || event is ChannelShouldQuiesceEvent
        if isLeaving, isEnd { return context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer.cancel() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        isBroken = isWithinRequest
        context.fireErrorCaught(error)
    }

    /// Stops reading after the last request: further input would be buffered until the answer is written.
    func read(context: ChannelHandlerContext) {
        if !isLast || isWithinRequest { context.read() }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isOver else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(let head) where head.status.code >= 200:
            begin(head, context, promise)
        case .head where !takesInterim:
            promise?.succeed()
        case .end:
            end(data, context, promise)
        case .head, .body:
            context.write(data, promise: promise)
        }
    }

    private func begin(
        _ head: HTTPResponseHead, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?
    ) {
        if unanswered == 0, isBroken {
            // The request was answered before it broke off (RFC 9110 section 15: one final response for each request).
            isOver = true
            promise?.fail(ChannelError.ioOnClosedChannel)
            return context.close(promise: nil)
        }
        var head = head
        // While earlier requests are unanswered, this answer is not the last one.
        isLastAnswer = isLast && unanswered <= 1 || head.headers["Connection"].contains("close")
        if isLastAnswer {
            isLast = true
            head.headers.replaceOrAdd(name: "Connection", value: "close")
        }
        context.write(wrapOutboundOut(.head(head)), promise: promise)
    }

    private func end(_ data: NIOAny, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        unanswered = max(0, unanswered - 1)
        guard isLastAnswer else { return context.write(data, promise: promise) }
        isOver = true
        let promise = promise ?? context.eventLoop.makePromise()
        promise.futureResult.assumeIsolated().whenComplete { _ in self.leave(context) }
        context.write(data, promise: promise)
    }

    private func leave(_ context: ChannelHandlerContext) {
        guard !isParserDone else { return context.close(promise: nil) }
        isLeaving = true
        timer.start(Self.goodbye, context)
        context.close(mode: .output, promise: nil)
        context.read()
    }

    private static func isLast(_ head: HTTPRequestHead) -> Bool {
        head.version == .http1_0 || !head.isKeepAlive
            || head.headers[canonicalForm: "Connection"].contains { $0.lowercased() == "close" }
    }
}
