import JOSE
import Testing
import Tracing

@testable import OTLPTracing

@Suite struct SpanTests {
    private struct LeakyError: Error, CustomStringConvertible {
        let description = "the secret is hunter2"
    }

    /// What `body` does with a tracer, as it was sent.
    private static func sent<Result: Sendable>(_ body: (OTLPTracer) throws -> Result) async throws -> (Result, [UInt8])
    {
        let collector = Collector()
        let tracer = OTLPTracer(send: collector.send)
        let result = try body(tracer)
        await tracer.flush()
        return (result, await collector.next())
    }

    @Test func theBodyIsThatOfTheSpecification() async throws {
        var remote = ServiceContext.topLevel
        remote.spanContext = SpanContext(
            traceparent: "00-0123456789abcdef0123456789abcdef-00000000000000ff-01", tracestate: "a=1")
        let (own, body) = try await Self.sent { tracer in
            let span = tracer.startSpan(
                "POST /oauth2/token", context: remote, ofKind: .server, at: .at(1_700_000_000_000_000_001))
            span.attributes = [
                "text": "a\"b", "int": 9_223_372_036_854_775_807, "small": .int32(-1), "double": 0.5, "bool": true,
                "nan": .double(.nan), "far": .double(-.infinity), "texts": .stringArray(["a", "b"]),
                "ints": .int64Array([1, 2]), "doubles": .doubleArray([1.5]), "bools": .boolArray([false]),
                "thing": .stringConvertible(7), "none": .stringArray([]),
            ]
            span.addEvent(SpanEvent(name: "event", at: .at(5), attributes: ["key": "value"]))
            span.recordError(LeakyError(), attributes: [:], at: .at(6))
            span.addLink(SpanLink(context: remote, attributes: ["key": 1]))
            span.addLink(SpanLink(context: .topLevel, attributes: [:]))
            span.setStatus(SpanStatus(code: .error, message: "server_error"))
            span.end(at: .at(1_700_000_000_000_000_009))
            return try #require(span.context.spanContext).spanID
        }
        let trace = "0123456789abcdef0123456789abcdef"
        let expected = """
            {"resourceSpans":[{"resource":{"attributes":[\
            {"key":"service.name","value":{"stringValue":"writ"}},\
            {"key":"service.version","value":{"stringValue":"1.2.3"}}]},\
            "scopeSpans":[{"scope":{"name":"writ"},"spans":[{\
            "traceId":"\(trace)","spanId":"\(own)","traceState":"a=1","parentSpanId":"00000000000000ff","flags":769,\
            "name":"POST /oauth2/token","kind":2,\
            "startTimeUnixNano":"1700000000000000001","endTimeUnixNano":"1700000000000000009","attributes":[\
            {"key":"bool","value":{"boolValue":true}},\
            {"key":"bools","value":{"arrayValue":{"values":[{"boolValue":false}]}}},\
            {"key":"double","value":{"doubleValue":0.5}},\
            {"key":"doubles","value":{"arrayValue":{"values":[{"doubleValue":1.5}]}}},\
            {"key":"far","value":{"doubleValue":"-Infinity"}},\
            {"key":"int","value":{"intValue":"9223372036854775807"}},\
            {"key":"ints","value":{"arrayValue":{"values":[{"intValue":"1"},{"intValue":"2"}]}}},\
            {"key":"nan","value":{"doubleValue":"NaN"}},\
            {"key":"none","value":{"arrayValue":{"values":[]}}},\
            {"key":"small","value":{"intValue":"-1"}},\
            {"key":"text","value":{"stringValue":"a\\"b"}},\
            {"key":"texts","value":{"arrayValue":{"values":[{"stringValue":"a"},{"stringValue":"b"}]}}},\
            {"key":"thing","value":{"stringValue":"7"}}],\
            "events":[{"timeUnixNano":"5","name":"event","attributes":[{"key":"key","value":{"stringValue":"value"}}]},\
            {"timeUnixNano":"6","name":"exception","attributes":[{"key":"exception.type",\
            "value":{"stringValue":"\(String(reflecting: LeakyError.self))"}}]}],\
            "links":[{"traceId":"\(trace)","spanId":"00000000000000ff","traceState":"a=1",\
            "attributes":[{"key":"key","value":{"intValue":"1"}}],"flags":769}],\
            "status":{"message":"server_error","code":2}}]}]}]}
            """
        #expect(String(decoding: body, as: UTF8.self) == expected)
    }

    @Test func whatHasItsDefaultIsLeftOut() throws {
        let context = SpanContext(
            traceID: try #require(TraceID(high: 1, low: 2)), spanID: try #require(SpanID(3)), flags: .sampled)
        var span = SpanRecord("a", context, parent: nil, kind: .internal, start: 5)
        span.finish(at: 4)
        let request = ExportTraceServiceRequest(
            resource: ResourceAttributes(serviceVersion: "1", ["service.name": "other"]), spans: [span, span])
        let written = """
            {"traceId":"00000000000000010000000000000002","spanId":"0000000000000003","flags":257,"name":"a","kind":1,\
            "startTimeUnixNano":"5","endTimeUnixNano":"5"}
            """
        let expected = """
            {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"other"}},\
            {"key":"service.version","value":{"stringValue":"1"}}]},\
            "scopeSpans":[{"scope":{"name":"writ"},"spans":[\(written),\(written)]}]}]}
            """
        #expect(String(decoding: request.json, as: UTF8.self) == expected)
    }

    @Test func spansWithinASpanAreItsChildren() async throws {
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

    @Test func theTracerInUseGetsChildrenToo() async throws {
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

    @Test func anErrorIsToldByItsTypeOnly() async throws {
        let (_, body) = try await Self.sent { tracer in
            #expect(throws: LeakyError.self) {
                try tracer.withSpan("failing", context: .topLevel) { _ in throw LeakyError() }
            }
        }
        let text = String(decoding: body, as: UTF8.self)
        #expect(text.contains(#""name":"exception""#))
        #expect(text.contains("LeakyError"))
        #expect(text.contains(#""status":{"code":2}"#))
        #expect(!text.contains("hunter2"))
    }

    @Test func otherAttributesDoNotDriveOutTheTypeOfAnError() async throws {
        let (_, body) = try await Self.sent { tracer in
            let span = tracer.startSpan("a", context: .topLevel)
            span.recordError(
                LeakyError(), attributes: SpanAttributes((0..<9).reduce(into: [:]) { $0["a\($1)"] = .bool(true) }))
            span.end()
        }
        let event = try #require(try Collector.spans(body).first?["events"]?.array?.first?.object)
        let names = event["attributes"]?.array?.map { $0.object?["key"]?.string }
        #expect(names == (0..<7).map { "a\($0)" } + ["exception.type"])
        #expect(event["droppedAttributesCount"]?.integer == 2)
    }

    @Test func attributesAreBounded() throws {
        var attributes = BoundedAttributes(["z": 1], limit: 32)
        attributes.replace(
            with: SpanAttributes((0..<40).reduce(into: ["z": 2]) { $0["a\($1 + 10)"] = .int64(Int64($1)) }))
        #expect(attributes.values.count == 32)
        #expect(attributes.droppedCount == 9)
        // What was there stays; of the others the first in order.
        #expect(attributes.values.get("z") == .int64(2))
        #expect(attributes.values.get("a40") == .int64(30))
        #expect(attributes.values.get("a41") == nil)
        let span = OTLPTracer().startSpan("a", context: .topLevel)
        for number in 0..<40 { span.attributes["a\(number)"] = number }
        #expect(span.attributes.count == 32)
        #expect(span.attributes.get("a31") == .int64(31))
    }

    @Test(arguments: [
        (String(repeating: "a", count: 256), 256), (String(repeating: "a", count: 257), 256),
        (String(repeating: "é", count: 128), 256), ("a" + String(repeating: "é", count: 128), 255),
        (String(repeating: "a", count: 255) + "😀", 255), (String(repeating: "a", count: 252) + "😀b", 256),
        // Between scalars, though within a character.
        (String(repeating: "a", count: 254) + "e\u{301}", 255),
    ])
    func textsAreCutBetweenScalars(text: String, count: Int) throws {
        let cut = text.cut(to: 256)
        #expect(Array(cut.utf8) == Array(text.utf8.prefix(count)))
        let span = OTLPTracer().startSpan(text, context: .topLevel)
        span.attributes = ["text": .string(text), "texts": .stringArray(Array(repeating: text, count: 40))]
        span.attributes["thing"] = SpanAttribute.stringConvertible(Substring(text))
        #expect(span.operationName == cut)
        #expect(span.attributes.get("text") == .string(cut))
        #expect(span.attributes.get("texts") == .stringArray(Array(repeating: cut, count: 32)))
        #expect(span.attributes.get("thing") == .string(cut))
        span.operationName = text + "!"
        #expect(span.operationName == cut)
    }

    @Test func eventsAndLinksAreBounded() async throws {
        let (_, body) = try await Self.sent { tracer in
            let span = tracer.startSpan("a", context: .topLevel)
            for number in 0..<20 {
                span.addEvent(SpanEvent(name: "\(number)", at: .at(1)))
                span.addLink(SpanLink(context: span.context, attributes: [:]))
            }
            span.attributes = SpanAttributes((0..<34).reduce(into: [:]) { $0["\($1)"] = .bool(true) })
            span.end()
        }
        let span = try #require(try Collector.spans(body).first)
        #expect(span["attributes"]?.array?.count == 32)
        #expect(span["droppedAttributesCount"]?.integer == 2)
        let names = span["events"]?.array?.map { $0.object?["name"]?.string }
        #expect(names == (0..<16).map { "\($0)" })
        #expect(span["droppedEventsCount"]?.integer == 4)
        #expect(span["links"]?.array?.count == 16)
        #expect(span["droppedLinksCount"]?.integer == 4)
    }

    @Test func whatIsToldAfterTheEndIsLost() async throws {
        let (_, body) = try await Self.sent { tracer in
            let span = tracer.startSpan("a", context: .topLevel, at: .at(1))
            span.setStatus(SpanStatus(code: .ok, message: "not sent"))
            span.setStatus(SpanStatus(code: .error, message: "too late"))
            span.end(at: .at(2))
            #expect(!span.isRecording)
            span.operationName = "b"
            span.attributes["a"] = 1
            span.addEvent("event")
            span.end(at: .at(3))
            #expect(span.operationName == "a")
            #expect(span.attributes.isEmpty)
        }
        let spans = try Collector.spans(body)
        #expect(spans.count == 1)
        #expect(spans[0]["name"]?.string == "a")
        #expect(spans[0]["endTimeUnixNano"]?.string == "2")
        #expect(spans[0]["attributes"] == nil)
        #expect(spans[0]["events"] == nil)
        #expect(spans[0]["status"] == .object(JSONObject([.init("code", .integer(1))])))
    }
}
