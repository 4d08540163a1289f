import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Stops reading behind an answer that says when to come back, until the ``Turnstile`` lets the connection through.
///
/// What has been read already, requests in a pipeline, is answered.
final class TurnstileHandler: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let turnstile: Turnstile
    /// That of the answer that is being written.
    private var retryAfter: TimeAmount?

    init(_ turnstile: Turnstile) {
        self.turnstile = turnstile
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head):
            let seconds = head.headerFields[.retryAfter].flatMap { Int64($0) }
            // There is no second request in a stream, nor where the connection ends.
            let isLast = context.channel.parent?.parent != nil || head.headerFields[.connection] == "close"
            retryAfter = isLast ? nil : seconds.map { .seconds($0) }
        case .end: if let retryAfter { pause(context.channel, retryAfter) }
        case .body: break
        }
        context.write(data, promise: promise)
    }

    private func pause(_ channel: any Channel, _ retryAfter: TimeAmount) {
        let wait = turnstile.wait(now: channel.eventLoop.now, retryAfter: retryAfter)
        guard wait > .zero else { return }
        channel.setOption(.autoRead, value: false).whenSuccess {
            // Where the connection has ended by then there is nothing to read.
            channel.eventLoop.scheduleTask(in: wait) { [weak channel] in
                _ = channel?.setOption(.autoRead, value: true)
            }
        }
    }
}
