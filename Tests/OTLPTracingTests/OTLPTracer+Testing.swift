import Tracing

@testable import OTLPTracing

extension OTLPTracer {
    convenience init(
        samplingRatio: Double = 1, capacity: Int = 64, batchSize: Int = 64, time: SpanExporter.Time = .init(),
        report: @escaping @Sendable (String) -> Void = { _ in },
        send: @escaping @Sendable ([UInt8]) async throws -> Void = { _ in }
    ) {
        self.init(
            resource: ["service.name": "writ", "service.version": "1.2.3"], samplingRatio: samplingRatio,
            capacity: capacity, batchSize: batchSize, time: time, report: report, send: send)
    }

    /// Runs the exporter until the buffered spans are sent.
    func flush() async {
        let running = Task { await run() }
        running.cancel()
        await running.value
    }

    /// Starts spans without parents and ends them at once.
    func end(_ names: String...) {
        for name in names { startSpan(name, context: .topLevel).end() }
    }
}

extension TracerInstant where Self == DefaultTracerClock.Timestamp {
    static func at(_ nanoseconds: UInt64) -> Self { Self(nanosecondsSinceEpoch: nanoseconds) }
}

/// Header fields as a dictionary.
struct Fields: Extractor, Injector {
    func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }

    func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) { carrier[key] = value }
}
