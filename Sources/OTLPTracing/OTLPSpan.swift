import Synchronization
package import Tracing

/// A span. If its trace is sampled, the span is sent after its end. If not, it records nothing and costs nothing.
///
/// Names and texts are cut at 256 octets of UTF-8. Changes after the end are ignored. The parts of the protocol that
/// Writ does not use do nothing: new names, events, errors and links.
package struct OTLPSpan: Span {
    /// The context of work within the span, with the span's own ``SpanContext`` in it.
    package let context: ServiceContext
    /// `nil` if nothing is recorded.
    private let recorder: SpanRecorder?

    init(context: ServiceContext, recorder: SpanRecorder?) {
        self.context = context
        self.recorder = recorder
    }

    /// The span's name; empty if nothing is recorded. It cannot be changed.
    package var operationName: String {
        get { recorder?.record.name ?? "" }
        nonmutating set {}
    }

    /// A new value replaces all attributes. Texts, integers and booleans are sent; other kinds are left out.
    package var attributes: SpanAttributes {
        get { recorder?.record.attributes ?? [:] }
        nonmutating set { recorder?.update { $0.attributes = newValue } }
    }

    /// Whether changes are recorded: until the span ends, if its trace is sampled.
    package var isRecording: Bool {
        recorder.map { $0.record.end == nil } ?? false
    }

    /// The outcome. `ok` is final (OpenTelemetry, Tracing API, Set Status). A message is not sent.
    package func setStatus(_ status: SpanStatus) {
        recorder?.update { record in
            if record.status != .ok { record.status = status.code }
        }
    }

    /// Does nothing.
    package func addEvent(_ event: SpanEvent) {}

    /// Does nothing.
    package func addLink(_ link: SpanLink) {}

    /// Does nothing: the text of an error may quote the input that caused it, such as a secret.
    package func recordError<Instant: TracerInstant>(
        _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
    ) {}

    /// Adds the span to the buffer of spans to send. Further calls do nothing.
    package func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        guard let recorder else { return }
        recorder.finish(at: instant().nanosecondsSinceEpoch)
    }
}

/// The data of one span, as it is sent. Times are nanoseconds since 1970 (UTC, without leap seconds).
struct SpanRecord: Sendable {
    let name: String
    let context: SpanContext
    let parent: SpanContext?
    let kind: SpanKind
    let start: UInt64
    /// `nil` until the span ends.
    var end: UInt64?
    var attributes: SpanAttributes = [:]
    var status: SpanStatus.Code?
}

/// Collects one span, from any number of tasks, and puts it into the buffer when it ends.
final class SpanRecorder: Sendable {
    private let state: Mutex<SpanRecord>
    private let buffer: SpanBuffer

    init(_ record: SpanRecord, for buffer: SpanBuffer) {
        state = Mutex(record)
        self.buffer = buffer
    }

    var record: SpanRecord { state.withLock { $0 } }

    /// Changes after the end are ignored.
    func update(_ change: (inout SpanRecord) -> Void) {
        state.withLock { record in
            if record.end == nil { change(&record) }
        }
    }

    /// Only the first call counts. If the clock was set back meanwhile, the span ends at its start.
    func finish(at time: UInt64) {
        let ended: SpanRecord? = state.withLock { record in
            guard record.end == nil else { return nil }
            record.end = max(time, record.start)
            return record
        }
        if let ended { buffer.add(ended) }
    }
}

extension String {
    /// The longest prefix of whole scalars that has at most 256 octets of UTF-8.
    func cut() -> String {
        let limit = 256
        guard utf8.count > limit else { return self }
        // An index within a scalar is rounded down to the start of the scalar.
        return String(self[..<utf8.index(startIndex, offsetBy: limit)])
    }
}
