import HTTPEdge
import JOSE
import NIOCore
import Synchronization

/// The events of `/console/events` (HTML Living Standard section 9.2): one each second, with the numbers of that moment, to
/// each page that has read the one before. A page that reads slowly misses events, and nothing waits for it.
final class ConsoleEvents: Sendable {
    private struct State {
        var streamCount = 0
        /// The streams that have read their last event.
        var waiting: [EventLoopPromise<ByteBuffer?>] = []
        var isScheduled = false
    }

    /// The most streams at once, of the 64 connections of the management listener.
    static let maximumStreams = 8
    private static let interval: TimeAmount = .seconds(1)

    private let state = Mutex(State())
    private let numbers: @Sendable () -> ConsoleNumbers

    /// - Parameter numbers: returns the numbers of this moment at once.
    init(numbers: @escaping @Sendable () -> ConsoleNumbers) {
        self.numbers = numbers
    }

    /// How many streams are open.
    var streamCount: Int { state.withLock { $0.streamCount } }

    /// - Returns: `nil` if there are as many streams as there may be.
    func open() -> ContentSource? {
        let isOpen = state.withLock { state in
            guard state.streamCount < Self.maximumStreams else { return false }
            state.streamCount += 1
            return true
        }
        guard isOpen else { return nil }
        let hasBegun = Atomic(false)
        return ContentSource(
            next: { [self] loop in
                if !hasBegun.exchange(true, ordering: .relaxed) {
                    return loop.makeSucceededFuture(event(isFirst: true))
                }
                return nextEvent(loop)
            },
            end: { [self] in state.withLock { $0.streamCount -= 1 } })
    }

    /// Schedules the next event, unless it is scheduled already. Without pages there are no events.
    private func nextEvent(_ loop: any EventLoop) -> EventLoopFuture<ByteBuffer?> {
        let promise = loop.makePromise(of: ByteBuffer?.self)
        let isFirst = state.withLock { state in
            state.waiting.append(promise)
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if isFirst { loop.scheduleTask(in: Self.interval) { [self] in send() } }
        return promise.futureResult
    }

    private func send() {
        let waiting = state.withLock { state in
            state.isScheduled = false
            defer { state.waiting = [] }
            return state.waiting
        }
        let event = event(isFirst: false)
        for promise in waiting { promise.succeed(event) }
    }

    /// - Parameter isFirst: whether to say when a page that lost its connection may come again, in milliseconds.
    private func event(isFirst: Bool) -> ByteBuffer {
        var writer = JSONWriter(reservingCapacity: 1024)
        numbers().write(to: &writer)
        var event = ByteBuffer(string: isFirst ? "retry: 2000\nevent: numbers\ndata: " : "event: numbers\ndata: ")
        event.writeBytes(writer.bytes)
        event.writeStaticString("\n\n")
        return event
    }
}
