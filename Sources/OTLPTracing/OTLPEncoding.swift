import JOSE
import Tracing

/// Writes the body of `POST /v1/traces` (OTLP/HTTP with JSON; opentelemetry-proto, trace_service.proto). Members with
/// their default value are left out.
struct OTLPEncoding: Sendable {
    static let scopeName = "writ"

    /// The members of the object `resource`: the attributes that all spans of the process share.
    private let resource: [UInt8]

    init(resource: [String: String]) {
        var writer = JSONWriter()
        writer.attributes(resource.map { ($0.key, .string($0.value)) })
        self.resource = writer.bytes
    }

    func json(_ spans: [SpanRecord]) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 256 + 512 * spans.count)
        writer.object { request in
            request.name("resourceSpans")
            request.array { array in
                array.object { resourceSpans in
                    resourceSpans.name("resource")
                    resourceSpans.object { $0.members(resource) }
                    resourceSpans.name("scopeSpans")
                    resourceSpans.array { $0.object { scopeSpans(spans, &$0) } }
                }
            }
        }
        return writer.bytes
    }

    private func scopeSpans(_ spans: [SpanRecord], _ writer: inout JSONWriter) {
        writer.name("scope")
        writer.object { $0.member("name", Self.scopeName) }
        writer.name("spans")
        writer.array { array in
            for span in spans { array.object { $0.span(span) } }
        }
    }
}

extension JSONWriter {
    /// The members of a `Span` (opentelemetry-proto, trace.proto). Identifiers are hexadecimal, not base64 as other
    /// octets are in the JSON of Protocol Buffers (OTLP, JSON Protobuf Encoding). Integers of 64 bits are strings,
    /// since many JSON parsers read numbers as doubles.
    fileprivate mutating func span(_ span: SpanRecord) {
        member("traceId", span.context.traceID.description)
        member("spanId", span.context.spanID.description)
        if let state = span.context.state { member("traceState", state) }
        if let parent = span.parent { member("parentSpanId", parent.spanID.description) }
        // Bit 8: it is known whether the parent is remote. Bit 9: the parent is remote.
        member("flags", Int64(span.context.flags) | 0x100 | (span.parent?.isRemote == true ? 0x200 : 0))
        member("name", span.name)
        member("kind", span.kind.number)
        member("startTimeUnixNano", String(span.start))
        if let end = span.end { member("endTimeUnixNano", String(end)) }
        var members: [(String, SpanAttribute)] = []
        span.attributes.forEach { members.append(($0, $1)) }
        attributes(members)
        if let status = span.status {
            name("status")
            object { $0.member("code", status == .ok ? 1 : 2) }
        }
    }

    /// The member `attributes`: an array of `KeyValue` (opentelemetry-proto, common.proto), sorted by name. It is
    /// left out if there are none.
    fileprivate mutating func attributes(_ attributes: [(String, SpanAttribute)]) {
        let members = attributes.compactMap { key, value in Self.anyValue(value).map { (key.cut(), $0) } }
        guard !members.isEmpty else { return }
        name("attributes")
        array { array in
            for (key, value) in members.sorted(by: { $0.0 < $1.0 }) {
                array.object { member in
                    member.member("key", key)
                    member.name("value")
                    member.object { $0.member(value.kind, value.value) }
                }
            }
        }
    }

    private static func anyValue(_ attribute: SpanAttribute) -> (kind: String, value: JSONValue)? {
        switch attribute {
        case .string(let text): ("stringValue", .string(text.cut()))
        case .stringConvertible(let thing): ("stringValue", .string(thing.description.cut()))
        case .bool(let bool): ("boolValue", .bool(bool))
        case .int32(let number): ("intValue", .string(String(number)))
        case .int64(let number): ("intValue", .string(String(number)))
        default: nil
        }
    }
}

extension SpanKind {
    /// `SpanKind` of trace.proto; 0 is for unknown kinds.
    fileprivate var number: Int64 {
        switch self {
        case .internal: 1
        case .server: 2
        case .client: 3
        case .producer: 4
        case .consumer: 5
        }
    }
}
