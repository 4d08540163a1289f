import Tracing

/// What is told of one span. Times are nanoseconds since 1970 (UTC, without leap seconds).
struct SpanRecord: Sendable {
    struct Event: Sendable {
        let name: String
        let time: UInt64
        let attributes: BoundedAttributes
    }

    struct Link: Sendable {
        let context: SpanContext
        let attributes: BoundedAttributes
    }

    static let maximumAttributeCount = 32
    static let maximumEventCount = 16
    static let maximumLinkCount = 16
    /// Of one event or link.
    static let maximumDetailCount = 8

    private(set) var name: String
    let context: SpanContext
    let parent: SpanContext?
    let kind: SpanKind
    let start: UInt64
    /// nil until it has ended.
    private(set) var end: UInt64?
    private(set) var attributes = BoundedAttributes(limit: maximumAttributeCount)
    private(set) var events = BoundedList<Event>(limit: maximumEventCount)
    private(set) var links = BoundedList<Link>(limit: maximumLinkCount)
    private(set) var status: SpanStatus?

    init(_ name: String, _ context: SpanContext, parent: SpanContext?, kind: SpanKind, start: UInt64) {
        self.name = Self.cut(name)
        self.context = context
        self.parent = parent
        self.kind = kind
        self.start = start
    }

    mutating func rename(_ name: String) {
        self.name = Self.cut(name)
    }

    mutating func setAttributes(_ attributes: SpanAttributes) {
        self.attributes.replace(with: attributes)
    }

    mutating func add(_ event: SpanEvent) {
        events.append(
            Event(
                name: Self.cut(event.name), time: event.nanosecondsSinceEpoch,
                attributes: BoundedAttributes(event.attributes, limit: Self.maximumDetailCount)))
    }

    /// The type is there however many other attributes are.
    mutating func addException(_ type: any Error.Type, _ attributes: SpanAttributes, at time: UInt64) {
        let own: SpanAttributes = ["exception.type": .string(String(reflecting: type))]
        var all = attributes
        all.merge(own)
        var bounded = BoundedAttributes(own, limit: Self.maximumDetailCount)
        bounded.replace(with: all)
        events.append(Event(name: "exception", time: time, attributes: bounded))
    }

    /// A link to what is no span leads nowhere, and is left out.
    mutating func add(_ link: SpanLink) {
        guard let context = link.context.spanContext else { return }
        links.append(
            Link(
                context: context, attributes: BoundedAttributes(link.attributes, limit: Self.maximumDetailCount)))
    }

    /// `ok` is final, and only errors have a message (OpenTelemetry, Tracing API, Set Status).
    mutating func setStatus(_ status: SpanStatus) {
        guard self.status?.code != .ok else { return }
        let message = status.code == .error ? status.message.map(Self.cut) : nil
        self.status = SpanStatus(code: status.code, message: message)
    }

    /// A clock that was set back meanwhile must not make it end before it began.
    mutating func finish(at time: UInt64) {
        end = max(time, start)
    }

    private static func cut(_ text: String) -> String { text.cut(to: SpanAttribute.maximumLength) }
}
