/// `trace-flags` of W3C Trace Context section 3.2.2.5: one octet.
package struct TraceFlags: OptionSet, Sendable, Hashable {
    /// The octet.
    package let rawValue: UInt8

    /// Bits without a name are kept, but ``SpanContext`` does not pass them on.
    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// The caller may have recorded the trace.
    package static let sampled = TraceFlags(rawValue: 1)
    /// At least the last 7 octets of the trace's identifier are random. (Level 2 of the specification; level 1 has the bit
    /// reserved.)
    package static let random = TraceFlags(rawValue: 2)

    /// Those with a meaning. Others must be zero in what is sent.
    static let known: TraceFlags = [.sampled, .random]
}
