import Synchronization

/// A bounded buffer of ended spans, at most `capacity`, until they are sent. A span that does not fit is dropped and
/// counted.
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

    /// Wakes the exporter when a batch is full or ``wake()`` is called. It ends with ``finish()``. Only one task may
    /// iterate over it.
    let wakeUps: AsyncStream<Void>

    init(capacity: Int, batchSize: Int) {
        self.capacity = capacity
        self.batchSize = batchSize
        // Wake-ups before the next flush are merged into one.
        (wakeUps, waking) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    var count: Int { state.withLock { $0.spans.count } }

    /// How many spans were dropped.
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

    /// Removes and returns the oldest spans, at most one batch.
    func takeBatch() -> [SpanRecord] {
        state.withLock { state in
            let batch = Array(state.spans.prefix(batchSize))
            state.spans.removeFirst(batch.count)
            return batch
        }
    }

    var hasBatch: Bool { count >= batchSize }

    /// Counts spans as dropped that were taken but could not be sent.
    func drop(_ count: Int) {
        state.withLock { $0.droppedCount += count }
    }

    func wake() { waking.yield() }

    func finish() { waking.finish() }

    /// Drops all spans in the buffer, and all that are added later.
    func close() {
        state.withLock { state in
            state.isClosed = true
            state.droppedCount += state.spans.count
            state.spans = []
        }
    }
}
