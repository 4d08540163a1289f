import Synchronization

/// Ended spans until they are sent, never more than `capacity` of them. A span that does not fit is dropped and counted.
final class SpanBuffer: Sendable {
    private struct State {
        var spans: [SpanRecord] = []
        var droppedCount = 0
        var isClosed = false
    }

    private let capacity: Int
    private let batchSize: Int
    private let state = Mutex(State())
    private let waking: AsyncStream<Void>.Continuation

    /// Wakes the exporter: a batch is full, or ``wake()`` was called. It ends with ``finish()``. Only one task may iterate.
    let wakeUps: AsyncStream<Void>

    init(capacity: Int, batchSize: Int) {
        self.capacity = capacity
        self.batchSize = batchSize
        // Several wake-ups before the next flush are one.
        (wakeUps, waking) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    var count: Int { state.withLock { $0.spans.count } }

    /// Spans that were not sent and never will be.
    var droppedCount: Int { state.withLock { $0.droppedCount } }

    func add(_ span: SpanRecord) {
        let isBatch = state.withLock { state in
            guard state.spans.count < capacity, !state.isClosed else {
                state.droppedCount += 1
                return false
            }
            state.spans.append(span)
            return state.spans.count == batchSize
        }
        if isBatch { wake() }
    }

    /// The oldest ones, at most a batch.
    func takeBatch() -> [SpanRecord] {
        state.withLock { state in
            let batch = Array(state.spans.prefix(batchSize))
            state.spans.removeFirst(batch.count)
            return batch
        }
    }

    var hasBatch: Bool { count >= batchSize }

    /// Counts spans that were taken and could not be sent.
    func drop(_ count: Int) {
        state.withLock { $0.droppedCount += count }
    }

    func wake() { waking.yield() }

    func finish() { waking.finish() }

    /// From now on all spans are dropped, those that are there and those that come.
    func close() {
        state.withLock { state in
            state.isClosed = true
            state.droppedCount += state.spans.count
            state.spans = []
        }
    }
}
