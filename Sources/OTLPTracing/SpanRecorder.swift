import Synchronization
import Tracing

/// Gathers what is told of one span, from any number of tasks, and hands it on when the span ends.
final class SpanRecorder: Sendable {
    private let state: Mutex<SpanRecord>
    private let buffer: SpanBuffer

    init(_ record: SpanRecord, for buffer: SpanBuffer) {
        state = Mutex(record)
        self.buffer = buffer
    }

    var record: SpanRecord { state.withLock { $0 } }

    /// What is told after the end is lost.
    func update(_ change: (inout SpanRecord) -> Void) {
        state.withLock { record in
            guard record.end == nil else { return }
            change(&record)
        }
    }

    /// The first end counts.
    func finish(at time: UInt64) {
        let ended: SpanRecord? = state.withLock { record in
            guard record.end == nil else { return nil }
            record.finish(at: time)
            return record
        }
        if let ended { buffer.add(ended) }
    }
}
