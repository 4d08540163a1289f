/// `trace-flags` of W3C Trace Context section 3.2.2.5: one octet.
public struct TraceFlags: OptionSet, Sendable, Hashable {
    /// The octet.
    public let rawValue: UInt8

    /// Bits without a name are kept, but ``SpanContext`` does not pass them on.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// The caller may have recorded the trace.
    public static let sampled = TraceFlags(rawValue: 1)
    /// At least the last 7 octets of the trace's identifier are random. (Level 2 of the specification; level 1 has the bit
    /// reserved.)
    public static let random = TraceFlags(rawValue: 2)

    /// Those with a meaning. Others must be zero in what is sent.
    static let known: TraceFlags = [.sampled, .random]
}
