/// What names a span to others, here and across the network: W3C Trace Context.
package struct SpanContext: Sendable, Hashable {
    /// The trace that the span belongs to.
    package let traceID: TraceID
    /// The span itself.
    package let spanID: SpanID
    /// Only those with a meaning.
    package let flags: TraceFlags
    /// `tracestate` as it came, at most ``maximumStateLength`` characters; nil where there is none.
    package let state: String?
    /// Whether it came from another process.
    package let isRemote: Bool

    /// The longest `tracestate` that is passed on, in octets: as many as W3C Trace Context section 3.3.1.5 asks for.
    package static let maximumStateLength = 512

    /// - Parameters:
    ///   - flags: bits without a meaning are cleared.
    ///   - state: a `tracestate`. One that is too long loses whole members from its end; one that could not be the value of a
    ///     header field, or is empty, counts as none.
    package init(traceID: TraceID, spanID: SpanID, flags: TraceFlags, state: String? = nil, isRemote: Bool = false) {
        self.traceID = traceID
        self.spanID = spanID
        self.flags = flags.intersection(.known)
        self.state = state.flatMap(Self.acceptable)
        self.isRemote = isRemote
    }

    /// Another span of the trace, here.
    func child(_ spanID: SpanID) -> SpanContext {
        SpanContext(traceID: traceID, spanID: spanID, flags: flags, state: state)
    }

    private static func acceptable(_ state: String) -> String? {
        // It is written into fields of other requests, where a line feed would begin another field.
        guard state.utf8.allSatisfy({ (0x20..<0x7F).contains($0) || $0 == 0x09 }) else { return nil }
        let octets = state.utf8
        guard octets.count > maximumStateLength else { return state.isEmpty ? nil : state }
        let end = octets.prefix(maximumStateLength + 1).lastIndex(of: UInt8(ascii: ","))
        return end.flatMap { $0 == state.startIndex ? nil : String(state[..<$0]) }
    }
}
