package import Tracing

/// Records spans and sends them as OTLP/HTTP with JSON (OpenTelemetry Protocol 1.0): bodies of `POST /v1/traces`, media type
/// `application/json`.
///
/// If a request has a `traceparent`, it decides whether its trace is recorded. Ended spans are kept in a bounded buffer and
/// dropped if it is full: no request waits for them.
package final class OTLPTracer: Tracer {
    /// Sends one body.
    ///
    /// - Throws: if the collector did not accept it. An ``ExportRefusal`` may be retried; after other errors the batch is
    ///   dropped.
    package typealias Send = @Sendable ([UInt8]) async throws -> Void

    /// The default for how many ended spans the buffer holds.
    package static let defaultCapacity = 2048
    /// The most spans in one body. As soon as so many have ended, they are sent.
    static let batchSize = 512

    private let sampler: TraceSampler
    private let buffer: SpanBuffer
    private let exporter: SpanExporter

    /// Nothing is sent before ``run()``.
    ///
    /// - Parameters:
    ///   - serviceVersion: the resource's `service.version`, beside `service.name` which is `writ`.
    ///   - resource: further attributes of the resource. They replace those two.
    ///   - samplingRatio: the share of traces to record, from 0 to 1, of those that begin here.
    ///   - capacity: how many ended spans the buffer holds.
    ///   - report: called once when sending begins to fail, with the text of what `send` threw, and once when it works again.
    ///   - send: called with one body at a time. It should have a time limit of its own, and end when its task is cancelled.
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

    /// Sends spans, 512 at once or what there is each second, until its task is cancelled; then what is left, for at most five
    /// seconds. Spans that end later are dropped. To be called once; further calls return at once.
    package func run() async { await exporter.run() }

    /// How many spans were dropped since the start: the buffer was full, they could not be sent, or ``run()`` has ended.
    package var droppedCount: Int { buffer.droppedCount }

    /// Sends what there is soon, and does not wait for it. After a failure the next attempt has its own time.
    package func forceFlush() { buffer.wake() }

    /// A span within that of `context`, which decides whether it is recorded. Without one the sampling ratio decides. The
    /// context of a span that is not recorded because of its parent is the parent's.
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

    /// Takes the caller's span from `traceparent` and `tracestate` (W3C Trace Context) into ``ServiceContext/spanContext``.
    /// If there is none, or it is malformed, the context stays as it is.
    package func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        guard let traceparent = extractor.extract(key: "traceparent", from: carrier) else { return }
        let tracestate = extractor.extract(key: "tracestate", from: carrier)
        guard let spanContext = SpanContext(traceparent: traceparent, tracestate: tracestate) else { return }
        context.spanContext = spanContext
    }

    /// Does nothing: Writ makes no requests within a span.
    package func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {}
}

/// Which traces that begin here are recorded.
///
/// The trace's identifier decides, so that all services with the same ratio record the same traces: its last 7 octets, as a
/// number, are compared with a threshold (OpenTelemetry, TraceState Probability Sampling).
struct TraceSampler: Sendable {
    private let threshold: UInt64

    private static let bits: UInt64 = 1 << 56

    /// - Parameter ratio: the share of traces. Below 0, and no number, count as 0; above 1 counts as 1.
    init(ratio: Double) {
        threshold = ratio > 0 ? UInt64((1 - min(ratio, 1)) * Double(Self.bits)) : Self.bits
    }

    func samples(_ traceID: TraceID) -> Bool {
        traceID.low & (Self.bits - 1) >= threshold
    }
}
