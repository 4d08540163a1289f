package import Tracing

/// A span that is sent when it has ended, or one of a trace that is not sampled, which records nothing and costs nothing.
///
/// What it holds is bounded: 32 attributes, 16 events and 16 links, and 8 attributes for each of these. Names and texts are
/// cut at 256 octets of UTF-8, arrays after 32 elements; nothing is told to whoever sets more. What is set after the end is
/// lost.
package struct OTLPSpan: Span {
    /// What work within the span is to have as its context, with the span's own ``SpanContext`` in it.
    package let context: ServiceContext
    /// nil where nothing is recorded.
    private let recorder: SpanRecorder?

    init(context: ServiceContext, recorder: SpanRecorder?) {
        self.context = context
        self.recorder = recorder
    }

    /// The span's name; empty where nothing is recorded.
    package var operationName: String {
        get { recorder?.record.name ?? "" }
        nonmutating set { recorder?.update { $0.rename(newValue) } }
    }

    /// Setting them replaces all: where two tasks add some at the same time, one may undo what the other did.
    package var attributes: SpanAttributes {
        get { recorder?.record.attributes.values ?? [:] }
        nonmutating set { recorder?.update { $0.setAttributes(newValue) } }
    }

    /// Whether what is told to it is kept: until it ends, where its trace is sampled.
    package var isRecording: Bool {
        recorder.map { $0.record.end == nil } ?? false
    }

    /// How it went. `ok` is final; only errors keep their message.
    package func setStatus(_ status: SpanStatus) {
        recorder?.update { $0.setStatus(status) }
    }

    /// Something that happened meanwhile.
    package func addEvent(_ event: SpanEvent) {
        recorder?.update { $0.add(event) }
    }

    /// A span elsewhere that has to do with this one; without a ``SpanContext`` in its context it is left out.
    package func addLink(_ link: SpanLink) {
        recorder?.update { $0.add(link) }
    }

    /// Adds the event `exception` with the error's type as `exception.type` (OpenTelemetry, Semantic conventions for
    /// exceptions on spans). Its text is not sent: errors may quote what they could not read, a secret among it.
    ///
    /// - Parameter attributes: sent beside the type, at most seven, and not looked into for secrets.
    package func recordError<Instant: TracerInstant>(
        _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
    ) {
        guard let recorder else { return }
        let time = instant().nanosecondsSinceEpoch
        recorder.update { $0.addException(type(of: error), attributes, at: time) }
    }

    /// Hands it on to be sent; further ends do nothing.
    package func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        guard let recorder else { return }
        recorder.finish(at: instant().nanosecondsSinceEpoch)
    }
}
