import NIOCore
import NIOHTTP1

/// Ends a connection behind its last answer, and says so in it (RFC 9112 sections 9.3 and 9.6).
///
/// The last request is one that says `Connection: close`, in whatever way; one of HTTP/1.0; one that wants another protocol,
/// which we do not speak: the parser reads no further then; one whose answer says so; and one that too many others wait for.
final class ConnectionPersistence: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// Requests in a pipeline that are taken; they wait in memory.
    private static let longestPipeline = 64
    /// How long the other side has to read its last answer, and to stop sending, before it would hear of a reset
    /// (RFC 9112 section 9.6).
    private static let goodbye: TimeAmount = .seconds(2)

    /// Requests that have begun and have no whole answer yet.
    private var unanswered = 0
    private var isWithinRequest = false
    /// Nothing that comes behind the request that came last is looked at.
    private var isLast = false
    /// Nothing is written behind the answer that is being written.
    private var isLastAnswer = false
    /// HTTP/1.0 knows no interim answers.
    private var takesInterim = true
    /// The request that came last broke off.
    private var isBroken = false
    /// The final response has been written; later writes fail.
    private var isOver = false
    /// The parser keeps what comes and passes nothing on.
    private var isParserDone = false
    /// What comes is discarded.
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

    /// Behind the last request nothing is read: what comes would be kept until the answer is there.
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
            // The request had its answer before it broke off (RFC 9110 section 15: one for each).
            isOver = true
            promise?.fail(ChannelError.ioOnClosedChannel)
            return context.close(promise: nil)
        }
        var head = head
        // Other answers that are still due were asked for before.
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
