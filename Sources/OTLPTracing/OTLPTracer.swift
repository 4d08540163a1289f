package import Tracing

/// Records spans and sends them as OTLP/HTTP with JSON (OpenTelemetry Protocol 1.0): bodies of `POST /v1/traces`, media type
/// `application/json`.
///
/// A trace that came with a request is recorded where its caller says so in `traceparent`: whoever can send requests can have
/// them recorded. Ended spans wait in a bounded buffer and are dropped where it is full; nobody ever waits for them.
package final class OTLPTracer: Tracer {
    /// Sends one body.
    ///
    /// - Throws: where it was not accepted. The batch is dropped, and nothing is sent for a while.
    package typealias Send = @Sendable ([UInt8]) async throws -> Void

    /// As many ended spans wait to be sent, unless told otherwise; beyond it they are dropped.
    package static let defaultCapacity = 2048
    /// The most spans in one body, and as many as are not waited with.
    static let batchSize = 512

    private let sampler: TraceSampler
    private let buffer: SpanBuffer
    private let exporter: SpanExporter

    /// Nothing is sent before ``run()``.
    ///
    /// - Parameters:
    ///   - serviceVersion: the resource's `service.version`, beside `service.name` which is `writ`.
    ///   - resource: further attributes of the resource; they win over those two.
    ///   - samplingRatio: the share of traces to record, from 0 to 1, of those that begin here.
    ///   - capacity: how many ended spans may wait.
    ///   - report: told once when sending begins to fail, with the text of what `send` threw, and once when it works again.
    ///   - send: called with one body at a time. It should have a time limit of its own, and end when its task is cancelled.
    package convenience init(
        serviceVersion: String, resource: SpanAttributes = [:], samplingRatio: Double = 1,
        capacity: Int = defaultCapacity, report: @escaping @Sendable (String) -> Void = { _ in },
        send: @escaping Send
    ) {
        self.init(
            resource: ResourceAttributes(serviceVersion: serviceVersion, resource), samplingRatio: samplingRatio,
            capacity: capacity, batchSize: Self.batchSize, time: SpanExporter.Time(), report: report, send: send)
    }

    init(
        resource: ResourceAttributes, samplingRatio: Double, capacity: Int, batchSize: Int, time: SpanExporter.Time,
        report: @escaping @Sendable (String) -> Void, send: @escaping Send
    ) {
        sampler = TraceSampler(ratio: samplingRatio)
        // A batch larger than the buffer would never be full.
        buffer = SpanBuffer(capacity: max(capacity, 1), batchSize: min(batchSize, max(capacity, 1)))
        exporter = SpanExporter(buffer, resource: resource, time: time, report: report, send: send)
    }

    /// Sends spans, 512 at once or what there is each second, until its task is cancelled; then what is left, for at most five
    /// seconds. Spans that end later are dropped. To be called once; further calls return at once.
    package func run() async { await exporter.run() }

    /// How many spans were dropped since the start: because the buffer was full, or they could not be sent, or nobody sends
    /// any more.
    package var droppedCount: Int { buffer.droppedCount }

    /// Has what there is sent soon, and does not wait for it. After a failure it does nothing until sending is tried again.
    package func forceFlush() { buffer.wake() }

    /// A span within the one of `context`, which decides whether it is recorded; the sampling ratio decides where there is
    /// none. The context of a span that is not recorded for its parent's sake is the parent's: others see that one.
    package func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> ServiceContext, ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
    ) -> OTLPSpan {
        var context = context()
        let parent = context.spanContext
        if let parent, !parent.flags.contains(.sampled) { return OTLPSpan(context: context, recorder: nil) }
        var generator = SystemRandomNumberGenerator()
        let own = parent?.child(.random(using: &generator)) ?? root(using: &generator)
        context.spanContext = own
        guard own.flags.contains(.sampled) else { return OTLPSpan(context: context, recorder: nil) }
        let record = SpanRecord(
            operationName, own, parent: parent, kind: kind, start: instant().nanosecondsSinceEpoch)
        return OTLPSpan(context: context, recorder: SpanRecorder(record, for: buffer))
    }

    private func root(using generator: inout SystemRandomNumberGenerator) -> SpanContext {
        let traceID = TraceID.random(using: &generator)
        return SpanContext(
            traceID: traceID, spanID: .random(using: &generator), flags: sampler.samples(traceID) ? .sampled : [])
    }
}
