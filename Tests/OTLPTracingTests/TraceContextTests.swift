import Testing
import TestSupport
import Tracing

@testable import OTLPTracing

/// W3C Trace Context: which fields are parsed, rejected and passed on.
@Suite struct TraceContextTests {
    private static let traceID = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let spanID = "00f067aa0ba902b7"
    private static let tail = "\(traceID)-\(spanID)"

    @Test(
        "W3C Trace Context sections 3.2 and 4.3: a traceparent of version 00 or later is parsed",
        arguments: [
            ("00-\(tail)-01", 1), ("00-\(tail)-00", 0), ("00-\(tail)-03", 3), ("00-\(tail)-ff", 3),
            ("00-\(tail)-fc", 0), ("01-\(tail)-01", 1), ("cc-\(tail)-01-what-the-future-will-be-like", 1),
            ("fe-\(tail)-01-", 1),
        ])
    func reads(traceparent: String, flags: Int) throws {
        let context = try #require(SpanContext(traceparent: traceparent, tracestate: "a=1"))
        #expect(context.traceID.description == Self.traceID)
        #expect(context.spanID.description == Self.spanID)
        #expect(context.traceID == TraceID(high: 0x4bf9_2f35_77b3_4da6, low: 0xa3ce_929d_0e0e_4736))
        #expect(context.spanID == SpanID(0x00f0_67aa_0ba9_02b7))
        #expect(Int(context.flags) == flags)
        #expect(context.state == "a=1")
        #expect(context.isRemote)
    }

    @Test(
        "W3C Trace Context section 3.2: a malformed traceparent is rejected",
        arguments: [
            "", "00", "00-\(tail)", "00-\(tail)-", "00-\(tail)-1", "00-\(tail)-01-", "00-\(tail)-01-extra",
            "00-\(tail)-011",
            "ff-\(tail)-01", "ff-\(tail)-01-extra", "01-\(tail)-01.extra", "01-\(tail)-011", "0-\(tail)-001",
            "00-\(traceID.uppercased())-\(spanID)-01", "00-\(traceID)-\(spanID.uppercased())-01", "0A-\(tail)-01",
            "00-\(tail)-0A", "00-00000000000000000000000000000000-\(spanID)-01", "00-\(traceID)-0000000000000000-01",
            "00_\(tail)-01", "00-\(traceID)_\(spanID)-01", "00-\(tail)_01",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-\(spanID)-01",
            " 00-\(tail)-01", "00-\(tail)-01 ", "00-\(tail)-01,00-\(tail)-01", "00-\(traceID.dropLast())é-\(spanID)-01",
            "00-\(traceID.dropLast())g-\(spanID)-01", "00-\(spanID)-\(traceID)-01",
        ])
    func refuses(traceparent: String) {
        #expect(SpanContext(traceparent: traceparent, tracestate: "a=1") == nil)
        let tracer = OTLPTracer()
        var context = ServiceContext.topLevel
        tracer.extract(["traceparent": traceparent, "tracestate": "a=1"], into: &context, using: Fields())
        #expect(context.spanContext == nil)
    }

    @Test(
        "W3C Trace Context section 3.2.2: the context of a span is written as it was read",
        arguments: ["00", "01", "03"])
    func writes(flags: String) {
        let tracer = OTLPTracer()
        var context = ServiceContext.topLevel
        let fields = ["traceparent": "00-\(Self.tail)-\(flags)", "tracestate": "a=1"]
        tracer.extract(fields, into: &context, using: Fields())
        var written: [String: String] = [:]
        tracer.inject(context, into: &written, using: Fields())
        #expect(written == fields)
        var empty: [String: String] = [:]
        tracer.inject(.topLevel, into: &empty, using: Fields())
        #expect(empty.isEmpty)
    }

    @Test("traceparent and tracestate are octets", arguments: UnicodeMarks.all)
    func takesTheFieldsApartByOctets(mark: String) throws {
        let good = "00-\(Self.tail)-01"
        for traceparent in UnicodeMarks.variants(of: good, at: "-", with: mark) + [good + mark, mark + good] {
            #expect(SpanContext(traceparent: traceparent, tracestate: nil) == nil)
        }
        // The hyphen of a later version ends what is known.
        #expect(SpanContext(traceparent: "01-\(Self.tail)-01-\(mark)", tracestate: nil) != nil)
        for tracestate in UnicodeMarks.variants(of: "a=1,b=2", at: ",", with: mark) {
            let context = try #require(SpanContext(traceparent: good, tracestate: tracestate))
            #expect(context.state == nil)
        }
    }

    @Test("A span within an extracted one is its child")
    func aSpanIsAChildOfTheExtractedOne() throws {
        let tracer = OTLPTracer()
        var context = ServiceContext.topLevel
        tracer.extract(["traceparent": "cc-\(Self.tail)-01-x", "tracestate": "a=1"], into: &context, using: Fields())
        let span = tracer.startSpan("child", context: context)
        let own = try #require(span.context.spanContext)
        #expect(own.traceID.description == Self.traceID)
        #expect(own.spanID.description != Self.spanID)
        #expect(own.flags == 1)
        #expect(own.state == "a=1")
        #expect(!own.isRemote)
    }

    @Test(
        "W3C Trace Context section 3.3.1.5: a tracestate is cut to whole members of at most 512 octets",
        arguments: [
            (nil, nil), ("", nil), ("a=1", "a=1"), ("a=1\tb", "a=1\tb"), ("a=1\r\nHost: x", nil), ("a=é", nil),
            ("a=\u{7F}", nil), (String(repeating: "a", count: 512), String(repeating: "a", count: 512)),
            (String(repeating: "a", count: 513), nil), ("," + String(repeating: "a", count: 512), nil),
            (String(repeating: "a", count: 512) + ",b=1", String(repeating: "a", count: 512)),
            ("a=1,b=2," + String(repeating: "c", count: 600), "a=1,b=2"),
        ] as [(String?, String?)])
    func boundsTheState(state: String?, passedOn: String?) throws {
        let context = try #require(SpanContext(traceparent: "00-\(Self.tail)-01", tracestate: state))
        #expect(context.state == passedOn)
    }

    /// Returns the given numbers in turn.
    private struct Scripted: RandomNumberGenerator {
        var numbers: [UInt64]
        mutating func next() -> UInt64 { numbers.removeFirst() }
    }

    @Test("W3C Trace Context sections 3.2.2.3 and 3.2.2.4: identifiers are never zero")
    func identifiersAreNeverZero() {
        #expect(TraceID(high: 0, low: 0) == nil)
        #expect(SpanID(0) == nil)
        var generator = Scripted(numbers: [0, 0, 0, 7, 0, 0, 9])
        #expect(TraceID.random(using: &generator).description == String(repeating: "0", count: 31) + "7")
        #expect(SpanID.random(using: &generator).description == "0000000000000009")
    }
}
