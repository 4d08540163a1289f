import NIOCore

/// The connections of one event loop that have more to parse than is parsed at once. They take turns, for less than a
/// millisecond between two polls of the loop.
final class ReadTurns {
    /// How long turns are taken before the event loop polls its connections.
    private static let batch: TimeAmount = .microseconds(500)
    /// The time until the next turns. A task that is due at once would run before the poll.
    private static let pause: TimeAmount = .microseconds(100)

    private let loop: any EventLoop
    private var turns = CircularBuffer<() -> Void>()

    init(_ loop: any EventLoop) {
        self.loop = loop
    }

    var isEmpty: Bool { turns.isEmpty }

    /// - Parameter turn: called once, on the event loop.
    func add(_ turn: @escaping () -> Void) {
        turns.append(turn)
        if turns.count == 1 { schedule() }
    }

    private func schedule() {
        loop.assumeIsolated().scheduleTask(in: Self.pause) { self.run() }
    }

    private func run() {
        let end = loop.now + Self.batch
        // One turn for each connection that waits now: what it adds is for the next batch.
        for _ in 0..<turns.count {
            let turn = turns[turns.startIndex]
            turn()
            turns.removeFirst()
            if loop.now >= end { break }
        }
        if !turns.isEmpty { schedule() }
    }
}
