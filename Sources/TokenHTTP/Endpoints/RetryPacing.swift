import HTTPEdge
import NIOCore
import NIOHTTP1
import Synchronization
import WireText

/// Paces clients that ignore `Retry-After`: their next request is not read until it is their turn. If there are few of
/// them, they wait for milliseconds; if there are thousands, refusing them does not delay other clients.
///
/// A connection that a proxy shares among its clients is never paused.
final class RetryPacing: Sendable {
    /// The longest wait for a turn.
    static let longestWait: TimeAmount = .seconds(4)

    private let interval: TimeAmount
    private let isShared: @Sendable (Peer) -> Bool
    private let now: @Sendable () -> NIODeadline
    private let nextTurn = Mutex(NIODeadline.uptimeNanoseconds(0))

    /// - Parameters:
    ///   - interval: the time from one turn to the next.
    ///   - isShared: whether several clients may use the connections of a peer.
    init(
        interval: TimeAmount, isShared: @escaping @Sendable (Peer) -> Bool,
        now: @escaping @Sendable () -> NIODeadline = { .now() }
    ) {
        self.interval = interval
        self.isShared = isShared
        self.now = now
    }

    /// The pacing of the service.
    ///
    /// - Parameters:
    ///   - isProxied: whether a proxy ends TLS, so that every peer may be one.
    ///   - proxies: the trusted proxies, which may change while the service runs.
    convenience init(coreCount: Int, isProxied: Bool, proxies: @escaping @Sendable () -> TrustedProxies) {
        // At this rate, reading and refusing costs a few per cent of the CPU.
        self.init(interval: .microseconds(4000 / Int64(coreCount))) { peer in
            isProxied || peer.address.map { proxies().isTrusted($0) } ?? false
        }
    }

    /// Takes the next turn for a response with `Retry-After`.
    ///
    /// - Returns: how long the connection is not read: never longer than `Retry-After`, so that a client that honours
    ///   it is unaffected. `nil` for a connection that is not paused.
    func pause(after response: Response, to request: Request) -> TimeAmount? {
        guard response.status.code >= 400, !request.isStream, !response.closesConnection,
            let seconds = response.fields.first(name: "Retry-After").flatMap({ Octets($0).decimal }),
            !isShared(request.peer)
        else { return nil }
        let now = now()
        let wait = nextTurn.withLock { nextTurn in
            let turn = max(nextTurn, now)
            nextTurn = min(turn + interval, now + Self.longestWait)
            return min(turn - now, .seconds(Int64(seconds)))
        }
        return wait > .zero ? wait : nil
    }
}
