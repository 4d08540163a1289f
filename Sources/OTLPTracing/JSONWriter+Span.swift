import JOSE
import Tracing

extension JSONWriter {
    /// The members of a `Span` (opentelemetry-proto, trace.proto). Identifiers are hexadecimal there, not base64 as octets are
    /// elsewhere in the JSON of Protocol Buffers (OTLP, JSON Protobuf Encoding).
    mutating func span(_ span: SpanRecord) {
        identity(span.context)
        if let parent = span.parent { member("parentSpanId", parent.spanID.description) }
        flags(span.context.flags, isRemote: span.parent?.isRemote ?? false)
        member("name", span.name)
        member("kind", span.kind.number)
        member("startTimeUnixNano", nanoseconds: span.start)
        if let end = span.end { member("endTimeUnixNano", nanoseconds: end) }
        attributes(span.attributes)
        list("events", span.events) { $0.event($1) }
        droppedCount("droppedEventsCount", span.events.droppedCount)
        list("links", span.links) { $0.link($1) }
        droppedCount("droppedLinksCount", span.links.droppedCount)
        if let status = span.status {
            name("status")
            object { writer in
                if let message = status.message { writer.member("message", message) }
                writer.member("code", status.code == .ok ? 1 : 2)
            }
        }
    }

    private mutating func event(_ event: SpanRecord.Event) {
        member("timeUnixNano", nanoseconds: event.time)
        member("name", event.name)
        attributes(event.attributes)
    }

    private mutating func link(_ link: SpanRecord.Link) {
        identity(link.context)
        attributes(link.attributes)
        flags(link.context.flags, isRemote: link.context.isRemote)
    }

    private mutating func identity(_ context: SpanContext) {
        member("traceId", context.traceID.description)
        member("spanId", context.spanID.description)
        if let state = context.state { member("traceState", state) }
    }

    /// - Parameter isRemote: of the parent, or of what is linked. Bit 8 says that this is known, bit 9 what it is.
    private mutating func flags(_ flags: TraceFlags, isRemote: Bool) {
        member("flags", Int64(flags.rawValue) | 0x100 | (isRemote ? 0x200 : 0))
    }

    private mutating func list<Element>(
        _ name: String, _ list: BoundedList<Element>, _ write: (inout JSONWriter, Element) -> Void
    ) {
        guard !list.elements.isEmpty else { return }
        self.name(name)
        array { array in
            for element in list.elements { array.object { write(&$0, element) } }
        }
    }
}

extension SpanKind {
    /// `SpanKind` of trace.proto; 0 is for kinds that are not known.
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
