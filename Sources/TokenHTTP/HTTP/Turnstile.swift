import NIOCore
import Synchronization

/// Spaces out those who come back at once where they were asked to come back later: their next request is not read before it
/// is their turn. A few of them wait for milliseconds; where there are thousands, refusing them does not keep others waiting.
final class Turnstile: Sendable {
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
    /// - Parameter retryAfter: what was asked for; whoever heeds it does not notice.
    func wait(now: NIODeadline, retryAfter: TimeAmount) -> TimeAmount {
        nextTurn.withLock { nextTurn in
            let turn = max(nextTurn, now)
            nextTurn = min(turn + interval, now + Self.longestWait)
            return min(turn - now, retryAfter)
        }
    }
}
