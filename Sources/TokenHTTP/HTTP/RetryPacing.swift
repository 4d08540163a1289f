import HTTPTypes
import NIOCore
import NIOHTTPTypes
import Synchronization

/// Paces clients that ignore `Retry-After`: their next request is not read until it is their turn. If there are few of
/// them, they wait for milliseconds; if there are thousands, refusing them does not delay other clients.
final class RetryPacing: Sendable {
    /// The longest wait for a turn.
    static let longestWait: TimeAmount = .seconds(4)

    private let interval: TimeAmount
    private let nextTurn = Mutex(NIODeadline.uptimeNanoseconds(0))

    /// - Parameter interval: the time from one turn to the next.
    init(interval: TimeAmount) {
        self.interval = interval
    }

    /// Takes the next turn and returns how long to wait for it.
    ///
    /// - Parameter retryAfter: the delay in the answer, which is also the longest wait: a client that honours it is
    ///   unaffected.
    func wait(now: NIODeadline, retryAfter: TimeAmount) -> TimeAmount {
        nextTurn.withLock { nextTurn in
            let turn = max(nextTurn, now)
            nextTurn = min(turn + interval, now + Self.longestWait)
            return min(turn - now, retryAfter)
        }
    }
}

/// Stops reading after an answer with `Retry-After`, until ``RetryPacing`` gives the connection its turn.
///
/// Requests in a pipeline that were already read are answered.
final class RetryPacingHandler: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let pacing: RetryPacing
    /// `Retry-After` of the answer that is being written.
    private var retryAfter: TimeAmount?

    init(_ pacing: RetryPacing) {
        self.pacing = pacing
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head):
            let seconds = head.headerFields[.retryAfter].flatMap { Int64($0) }
            // No second request follows in a stream, or on a connection that is closed after the answer.
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
            // Does nothing if the connection is closed by then.
            channel.eventLoop.scheduleTask(in: wait) { [weak channel] in
                _ = channel?.setOption(.autoRead, value: true)
            }
        }
    }
}
