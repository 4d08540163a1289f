package import Tracing

/// Records spans and sends them as OTLP/HTTP with JSON (OpenTelemetry Protocol 1.0): bodies of `POST /v1/traces`, media
/// type `application/json`.
///
/// If a request has a `traceparent`, it decides whether its trace is recorded. Ended spans are kept in a bounded buffer
/// and dropped if it is full: no request waits for them.
package final class OTLPTracer: Tracer {
    /// Sends one body.
    ///
    /// - Throws: if the collector did not accept it. An ``ExportRefusal`` may be retried; after other errors the batch
    ///   is dropped.
    package typealias Send = @Sendable ([UInt8]) async throws -> Void

    /// The default capacity of the buffer, in ended spans.
    package static let defaultCapacity = 2048
    /// The maximum number of spans in one body. A full batch is sent at once.
    static let batchSize = 512

    private let sampler: TraceSampler
    private let buffer: SpanBuffer
    private let exporter: SpanExporter

    /// Nothing is sent before ``run()``.
    ///
    /// - Parameters:
    ///   - serviceVersion: the resource's `service.version`, beside `service.name` which is `writ`.
    ///   - resource: further attributes of the resource. They override those two.
    ///   - samplingRatio: the share of traces to record, from 0 to 1, of those that begin here.
    ///   - capacity: the capacity of the buffer, in ended spans.
    ///   - report: called once when sending begins to fail, with the text of the error that `send` threw, and once when
    ///     sending succeeds again.
    ///   - send: called with one body at a time. It should have its own time limit, and return when its task is
    ///     cancelled.
    package convenience init(
        serviceVersion: String, resource: [String: String] = [:], samplingRatio: Double = 1,
        capacity: Int = defaultCapacity, report: @escaping @Sendable (String) -> Void = { _ in },
        send: @escaping Send
    ) {
        let attributes = ["service.name": "writ", "service.version": serviceVersion].merging(resource) { $1 }
        self.init(
            resource: attributes, samplingRatio: samplingRatio, capacity: capacity, batchSize: Self.batchSize,
            time: SpanExporter.Time(), report: report, send: send)
    }

    init(
        resource: [String: String], samplingRatio: Double, capacity: Int, batchSize: Int, time: SpanExporter.Time,
        report: @escaping @Sendable (String) -> Void, send: @escaping Send
    ) {
        sampler = TraceSampler(ratio: samplingRatio)
        // A batch larger than the buffer would never be full.
        buffer = SpanBuffer(capacity: max(capacity, 1), batchSize: min(batchSize, max(capacity, 1)))
        exporter = SpanExporter(
            buffer, encoding: OTLPEncoding(resource: resource), time: time, report: report, send: send)
    }

    /// Sends spans until its task is cancelled: a full batch of 512 at once, all others each second. After the
    /// cancellation it sends the remaining spans, for at most five seconds. Spans that end later are dropped. Only the
    /// first call does this; further calls return at once.
    package func run() async { await exporter.run() }

    /// How many spans were dropped since the start: the buffer was full, they could not be sent, or ``run()`` has
    /// ended.
    package var droppedCount: Int { buffer.droppedCount }

    /// Wakes the exporter to send the buffered spans, and does not wait for it. After a failure the exporter still
    /// waits before its next attempt.
    package func forceFlush() { buffer.wake() }

    /// Starts a child of the span in `context`; that parent decides whether the child is recorded. Without a parent the
    /// sampling ratio decides. If the parent is not sampled, the new span has the context of the parent.
    package func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> ServiceContext, ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
    ) -> OTLPSpan {
        var context = context()
        let parent = context.spanContext
        if let parent, !parent.isSampled { return OTLPSpan(context: context, recorder: nil) }
        var generator = SystemRandomNumberGenerator()
        let own = parent?.child(.random(using: &generator)) ?? root(using: &generator)
        context.spanContext = own
        guard own.isSampled else { return OTLPSpan(context: context, recorder: nil) }
        let record = SpanRecord(
            name: operationName.cut(), context: own, parent: parent, kind: kind, start: instant().nanosecondsSinceEpoch)
        return OTLPSpan(context: context, recorder: SpanRecorder(record, for: buffer))
    }

    private func root(using generator: inout SystemRandomNumberGenerator) -> SpanContext {
        let traceID = TraceID.random(using: &generator)
        return SpanContext(
            traceID: traceID, spanID: .random(using: &generator),
            flags: sampler.samples(traceID) ? SpanContext.sampledFlag : 0)
    }

    /// Takes the caller's span from `traceparent` and `tracestate` (W3C Trace Context) into
    /// ``ServiceContext/spanContext``. If there is none, or it is malformed, the context does not change.
    package func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        guard let traceparent = extractor.extract(key: "traceparent", from: carrier) else { return }
        let tracestate = extractor.extract(key: "tracestate", from: carrier)
        guard let spanContext = SpanContext(traceparent: traceparent, tracestate: tracestate) else { return }
        context.spanContext = spanContext
    }

    /// Writes the span in the context as `traceparent`, and its `tracestate`. Without a span it writes nothing.
    package func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        guard let spanContext = context.spanContext else { return }
        injector.inject(spanContext.traceparent, forKey: "traceparent", into: &carrier)
        if let state = spanContext.state { injector.inject(state, forKey: "tracestate", into: &carrier) }
    }
}

/// Decides which of the traces that begin here are recorded.
///
/// The trace's identifier decides, so that all services with the same ratio record the same traces: its last 7 octets,
/// as a number, are compared with a threshold (OpenTelemetry, TraceState Probability Sampling).
struct TraceSampler: Sendable {
    private let threshold: UInt64

    private static let bits: UInt64 = 1 << 56

    /// - Parameter ratio: the share of traces. A value below 0 or NaN counts as 0, a value above 1 as 1.
    init(ratio: Double) {
        threshold = ratio > 0 ? UInt64((1 - min(ratio, 1)) * Double(Self.bits)) : Self.bits
    }

    func samples(_ traceID: TraceID) -> Bool {
        traceID.low & (Self.bits - 1) >= threshold
    }
}
