import TestSupport
import Testing
import Tracing

@testable import OTLPTracing

@Suite struct SamplingTests {
    private static func context(_ flags: UInt8) throws -> ServiceContext {
        var context = ServiceContext.topLevel
        context.spanContext = SpanContext(
            traceID: try #require(TraceID(high: 1, low: 2)), spanID: try #require(SpanID(3)), flags: flags)
        return context
    }

    @Test("The parent decides whether a span is recorded, at any ratio")
    func theParentDecides() throws {
        for ratio in [0, 0.5, 1] {
            let tracer = OTLPTracer(samplingRatio: ratio)
            let parents = try [SpanContext.sampledFlag, 0, SpanContext.randomFlag].map(Self.context)
            let spans = parents.map { tracer.startSpan("child", context: $0) }
            #expect(spans.map(\.isRecording) == [true, false, false])
            #expect(spans[0].context.spanContext?.flags == SpanContext.sampledFlag)
            #expect(spans[2].context.spanContext == parents[2].spanContext)
        }
    }

    @Test("A span that is not recorded keeps its parent and costs nothing")
    func aSpanThatIsNotRecorded() async throws {
        let collector = Collector()
        let tracer = OTLPTracer(send: collector.send)
        let parent = try Self.context(0)
        func unwanted() -> DefaultTracerClock.Timestamp {
            Issue.record("the time was asked for")
            return .at(1)
        }
        let span = tracer.startSpan("child", context: parent, at: unwanted())
        #expect(span.context.spanContext == parent.spanContext)
        span.attributes["a"] = 1
        span.setStatus(SpanStatus(code: .error))
        #expect(span.operationName == "")
        #expect(span.attributes.isEmpty)
        span.end(at: unwanted())
        await tracer.flush()
        #expect(collector.count == 0)
    }

    @Test("The children of a root that is not sampled are not recorded")
    func childrenFollowTheRoot() async throws {
        let collector = Collector()
        let tracer = OTLPTracer(samplingRatio: 0, send: collector.send)
        try tracer.withSpan("root") { root in
            let context = try #require(root.context.spanContext)
            #expect(context.flags == 0)
            tracer.withSpan("child") { #expect($0.context.spanContext == context) }
        }
        await tracer.flush()
        #expect(collector.count == 0)
    }

    @Test("OpenTelemetry, TraceState Probability Sampling: the last 7 octets of the trace's identifier decide")
    func theRatioIsThatOfTheTraceIDs() throws {
        let half = TraceSampler(ratio: 0.5)
        let middle: UInt64 = 1 << 55
        // The first of the last 8 octets does not count.
        for high in [0, 0xFF << 56] as [UInt64] {
            #expect(half.samples(try #require(TraceID(high: 1, low: high | middle))))
            #expect(!half.samples(try #require(TraceID(high: 1, low: high | middle - 1))))
        }
        var generator = SeededGenerator(seed: 1)
        for ratio in [0.01, 0.25, 0.9] {
            let sampler = TraceSampler(ratio: ratio)
            let count = (0..<20_000).count { _ in sampler.samples(.random(using: &generator)) }
            #expect(abs(Double(count) / 20_000 - ratio) < 0.015)
        }
    }

    @Test(
        "At ratio 0 no trace is recorded, and at ratio 1 every trace",
        arguments: [(0, false), (-1, false), (.nan, false), (1, true), (2, true), (.infinity, true)] as [(Double, Bool)]
    )
    func theEndsOfTheRatioAreExact(ratio: Double, isSampled: Bool) throws {
        let sampler = TraceSampler(ratio: ratio)
        for low in [1, .max] as [UInt64] {
            #expect(sampler.samples(try #require(TraceID(high: 1, low: low))) == isSampled)
        }
    }
}
