import JOSE
import Testing
import Tracing

@testable import OTLPTracing

@Suite struct SpanTests {
    private struct LeakyError: Error, CustomStringConvertible {
        let description = "the secret is hunter2"
    }

    /// Runs `body` with a tracer, and returns its result and the body that was sent.
    private static func sent<Result: Sendable>(_ body: (OTLPTracer) throws -> Result) async throws -> (Result, [UInt8])
    {
        let collector = Collector()
        let tracer = OTLPTracer(send: collector.send)
        let result = try body(tracer)
        await tracer.flush()
        return (result, await collector.next())
    }

    @Test("OTLP/HTTP: the body is that of opentelemetry-proto in JSON")
    func theBodyIsThatOfTheSpecification() async throws {
        var remote = ServiceContext.topLevel
        remote.spanContext = SpanContext(
            traceparent: "00-0123456789abcdef0123456789abcdef-00000000000000ff-01", tracestate: "a=1")
        let (own, body) = try await Self.sent { tracer in
            let span = tracer.startSpan(
                "POST /oauth2/token", context: remote, ofKind: .server, at: .at(1_700_000_000_000_000_001))
            span.attributes = [
                "text": "a\"b", "int": 9_223_372_036_854_775_807, "small": .int32(-1), "bool": true,
                "thing": .stringConvertible(7), "other": .stringArray(["a"]),
            ]
            span.addEvent("ignored")
            span.recordError(LeakyError(), attributes: [:], at: .at(6))
            span.setStatus(SpanStatus(code: .error, message: "ignored"))
            span.end(at: .at(1_700_000_000_000_000_009))
            return try #require(span.context.spanContext).spanID
        }
        let expected = """
            {"resourceSpans":[{"resource":{"attributes":[\
            {"key":"service.name","value":{"stringValue":"writ"}},\
            {"key":"service.version","value":{"stringValue":"1.2.3"}}]},\
            "scopeSpans":[{"scope":{"name":"writ"},"spans":[{\
            "traceId":"0123456789abcdef0123456789abcdef","spanId":"\(own)","traceState":"a=1",\
            "parentSpanId":"00000000000000ff","flags":769,\
            "name":"POST /oauth2/token","kind":2,\
            "startTimeUnixNano":"1700000000000000001","endTimeUnixNano":"1700000000000000009","attributes":[\
            {"key":"bool","value":{"boolValue":true}},\
            {"key":"int","value":{"intValue":"9223372036854775807"}},\
            {"key":"small","value":{"intValue":"-1"}},\
            {"key":"text","value":{"stringValue":"a\\"b"}},\
            {"key":"thing","value":{"stringValue":"7"}}],\
            "status":{"code":2}}]}]}]}
            """
        #expect(String(decoding: body, as: UTF8.self) == expected)
    }

    @Test("Members with their default value are left out")
    func leavesOutDefaults() throws {
        let context = SpanContext(
            traceID: try #require(TraceID(high: 1, low: 2)), spanID: try #require(SpanID(3)),
            flags: SpanContext.sampledFlag)
        let span = SpanRecord(name: "a", context: context, parent: nil, kind: .internal, start: 5, end: 5)
        let written = """
            {"traceId":"00000000000000010000000000000002","spanId":"0000000000000003","flags":257,"name":"a","kind":1,\
            "startTimeUnixNano":"5","endTimeUnixNano":"5"}
            """
        let expected = """
            {"resourceSpans":[{"resource":{},\
            "scopeSpans":[{"scope":{"name":"writ"},"spans":[\(written),\(written)]}]}]}
            """
        #expect(String(decoding: OTLPEncoding(resource: [:]).json([span, span]), as: UTF8.self) == expected)
    }

    @Test("The attributes of the resource replace those of Writ")
    func theResourceCanBeNamed() async throws {
        let collector = Collector()
        let tracer = OTLPTracer(
            serviceVersion: "1", resource: ["service.name": "tokens", "a": "b"], send: collector.send)
        tracer.end("span")
        await tracer.flush()
        let body = String(decoding: await collector.next(), as: UTF8.self)
        #expect(
            body.hasPrefix(
                """
                {"resourceSpans":[{"resource":{"attributes":[{"key":"a","value":{"stringValue":"b"}},\
                {"key":"service.name","value":{"stringValue":"tokens"}},\
                {"key":"service.version","value":{"stringValue":"1"}}]},
                """))
    }

    @Test("A clock that is set back does not end a span before it began")
    func aClockIsSetBack() async throws {
        let (_, body) = try await Self.sent { $0.startSpan("a", context: .topLevel, at: .at(5)).end(at: .at(4)) }
        #expect(try Collector.spans(body).first?["endTimeUnixNano"]?.string == "5")
    }

    @Test("A span within a span is its child")
    func spansWithinASpanAreItsChildren() async throws {
        let (contexts, body) = try await Self.sent { tracer in
            try tracer.withSpan("outer", context: .topLevel) { outer in
                try tracer.withSpan("inner", ofKind: .client) { inner in
                    [try #require(outer.context.spanContext), try #require(inner.context.spanContext)]
                }
            }
        }
        let spans = try Collector.spans(body)
        #expect(spans.map { $0["name"]?.string } == ["inner", "outer"])
        #expect(contexts[0].traceID == contexts[1].traceID)
        #expect(contexts[0].spanID != contexts[1].spanID)
        #expect(
            spans.map { $0["traceId"]?.string } == [contexts[0].traceID.description, contexts[0].traceID.description])
        #expect(spans.map { $0["spanId"]?.string } == [contexts[1].spanID.description, contexts[0].spanID.description])
        #expect(spans.map { $0["parentSpanId"]?.string } == [contexts[0].spanID.description, nil])
        #expect(spans.map { $0["kind"]?.integer } == [3, 1])
        #expect(spans.map { $0["flags"]?.integer } == [257, 257])
    }

    @Test("A span in a child task is the child of the current span")
    func theTracerInUseGetsChildrenToo() async throws {
        let collector = Collector()
        let tracer = OTLPTracer(send: collector.send)
        await withTracer(tracer) {
            await withSpan("outer", context: .topLevel) { _ in
                await withTaskGroup { group in
                    group.addTask { await withSpan("inner") { _ in await Task.yield() } }
                }
            }
        }
        await tracer.flush()
        let spans = try Collector.spans(await collector.next())
        #expect(spans.map { $0["name"]?.string } == ["inner", "outer"])
        #expect(spans[0]["parentSpanId"]?.string == spans[1]["spanId"]?.string)
    }

    @Test(
        "Names and texts are cut at 256 octets, between scalars",
        arguments: [
            (String(repeating: "a", count: 256), 256), (String(repeating: "a", count: 257), 256),
            (String(repeating: "é", count: 128), 256), ("a" + String(repeating: "é", count: 128), 255),
            (String(repeating: "a", count: 255) + "😀", 255), (String(repeating: "a", count: 252) + "😀b", 256),
            // Between scalars, but within a character.
            (String(repeating: "a", count: 254) + "e\u{301}", 255),
        ])
    func textsAreCutBetweenScalars(text: String, count: Int) async throws {
        let cut = String(decoding: Array(text.utf8.prefix(count)), as: UTF8.self)
        #expect(Array(text.cut().utf8) == Array(cut.utf8))
        let (_, body) = try await Self.sent { tracer in
            let span = tracer.startSpan(text, context: .topLevel)
            #expect(span.operationName == cut)
            span.attributes = ["text": .string(text), "thing": .stringConvertible(Substring(text))]
            span.end()
        }
        let span = try #require(try Collector.spans(body).first)
        #expect(span["name"]?.string == cut)
        let values = span["attributes"]?.array?.map { $0.object?["value"]?.object?["stringValue"]?.string }
        #expect(values == [cut, cut])
    }

    @Test("Changes after the end of a span are ignored")
    func changesAfterTheEndAreLost() async throws {
        let (_, body) = try await Self.sent { tracer in
            let span = tracer.startSpan("a", context: .topLevel, at: .at(1))
            span.setStatus(SpanStatus(code: .ok, message: "not sent"))
            span.setStatus(SpanStatus(code: .error, message: "too late"))
            span.end(at: .at(2))
            #expect(!span.isRecording)
            span.attributes["a"] = 1
            span.end(at: .at(3))
            #expect(span.operationName == "a")
            #expect(span.attributes.isEmpty)
        }
        let spans = try Collector.spans(body)
        #expect(spans.count == 1)
        #expect(spans[0]["name"]?.string == "a")
        #expect(spans[0]["endTimeUnixNano"]?.string == "2")
        #expect(spans[0]["attributes"] == nil)
        #expect(spans[0]["status"] == .object(JSONObject([.init("code", .integer(1))])))
    }
}
