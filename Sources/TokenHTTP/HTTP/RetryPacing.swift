import HTTPTypes
import NIOCore
import NIOHTTPTypes
import Synchronization

/// Paces clients that ignore `Retry-After`: their next request is not read until it is their turn. A few of them wait for
/// milliseconds; if there are thousands, refusing them does not keep others waiting.
final class RetryPacing: Sendable {
    /// How far ahead turns are given.
    static let longestWait: TimeAmount = .seconds(4)

    private let interval: TimeAmount
    private let nextTurn = Mutex(NIODeadline.uptimeNanoseconds(0))

    /// - Parameter interval: from one turn to the next.
    init(interval: TimeAmount) {
        self.interval = interval
    }

    /// How long to wait for a turn.
    ///
    /// - Parameter retryAfter: what the answer asked for; a client that honours it is unaffected.
    func wait(now: NIODeadline, retryAfter: TimeAmount) -> TimeAmount {
        nextTurn.withLock { nextTurn in
            let turn = max(nextTurn, now)
            nextTurn = min(turn + interval, now + Self.longestWait)
            return min(turn - now, retryAfter)
        }
    }
}

/// Stops reading behind an answer with `Retry-After`, until ``RetryPacing`` gives the connection its turn.
///
/// What has been read already, requests in a pipeline, is answered.
final class RetryPacingHandler: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let pacing: RetryPacing
    /// That of the answer that is being written.
    private var retryAfter: TimeAmount?

    init(_ pacing: RetryPacing) {
        self.pacing = pacing
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head):
            let seconds = head.headerFields[.retryAfter].flatMap { Int64($0) }
            // No second request follows in a stream, or if the connection ends.
            let isLast = context.channel.parent?.parent != nil || head.headerFields[.connection] == "close"
            retryAfter = isLast ? nil : seconds.map { .seconds($0) }
        case .end: if let retryAfter { pause(context.channel, retryAfter) }
        case .body: break
        }
        context.write(data, promise: promise)
    }

    private func pause(_ channel: any Channel, _ retryAfter: TimeAmount) {
        let wait = pacing.wait(now: channel.eventLoop.now, retryAfter: retryAfter)
        guard wait > .zero else { return }
        channel.setOption(.autoRead, value: false).whenSuccess {
            // If the connection has ended by then, nothing is read.
            channel.eventLoop.scheduleTask(in: wait) { [weak channel] in
                _ = channel?.setOption(.autoRead, value: true)
            }
        }
    }
}
