extension SpanContext {
    /// What a request brought in `traceparent` and `tracestate`, W3C Trace Context sections 3.2 and 3.3.
    ///
    /// - Parameters:
    ///   - traceparent: version 00 exactly; of a later version, what version 00 has, and after that nothing or a hyphen
    ///     (section 4.3). Capital letters, identifiers of zero and version ff are refused.
    ///   - tracestate: not looked at where `traceparent` is refused.
    /// - Returns: nil where `traceparent` is refused; the trace begins here then.
    package init?(traceparent: String, tracestate: String?) {
        let octets = Array(traceparent.utf8.prefix(Self.traceparentLength + 1))
        let hyphen = UInt8(ascii: "-")
        guard octets.count >= Self.traceparentLength,
            octets[2] == hyphen, octets[35] == hyphen, octets[52] == hyphen,
            let version = UInt64(hexadecimal: octets[0..<2]), version != 0xFF,
            let high = UInt64(hexadecimal: octets[3..<19]), let low = UInt64(hexadecimal: octets[19..<35]),
            let traceID = TraceID(high: high, low: low),
            let spanID = UInt64(hexadecimal: octets[36..<52]).flatMap(SpanID.init),
            let flags = UInt64(hexadecimal: octets[53..<55])
        else { return nil }
        if octets.count > Self.traceparentLength {
            guard version > 0, octets[Self.traceparentLength] == hyphen else { return nil }
        }
        self.init(
            traceID: traceID, spanID: spanID, flags: TraceFlags(rawValue: UInt8(truncatingIfNeeded: flags)),
            state: tracestate, isRemote: true)
    }

    /// The value of `traceparent` for requests that this span makes, version 00.
    package var traceparent: String {
        "00-\(traceID)-\(spanID)-\(UInt64(flags.rawValue).hexadecimal(2))"
    }

    /// In octets.
    private static let traceparentLength = 55
}
