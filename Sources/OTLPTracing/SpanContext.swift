package import Tracing

/// The identity of a span, here and across the network: W3C Trace Context.
package struct SpanContext: Sendable, Equatable {
    /// The trace that the span belongs to.
    package let traceID: TraceID
    /// The span itself.
    package let spanID: SpanID
    /// `trace-flags`, section 3.2.2.5. Only flags with a meaning are set.
    package let flags: UInt8
    /// `tracestate` as it was received, at most ``maximumStateLength`` octets; `nil` if there is none.
    package let state: String?
    /// Whether the span is that of another process.
    package let isRemote: Bool

    /// The maximum length of `tracestate`, in octets. Section 3.3.1.5 requires at least this.
    package static let maximumStateLength = 512

    /// The caller may have recorded the trace.
    static let sampledFlag: UInt8 = 1
    /// At least the last 7 octets of the trace's identifier are random (level 2 of the specification).
    static let randomFlag: UInt8 = 2

    /// In octets.
    private static let traceparentLength = 55

    /// - Parameters:
    ///   - flags: bits without a meaning are cleared.
    ///   - state: a `tracestate`. If it is too long, whole members are cut from its end. If it is empty, or not the
    ///     value of a header field, it is ignored.
    package init(traceID: TraceID, spanID: SpanID, flags: UInt8, state: String? = nil, isRemote: Bool = false) {
        self.traceID = traceID
        self.spanID = spanID
        self.flags = flags & (Self.sampledFlag | Self.randomFlag)
        self.state = state.flatMap(Self.acceptable)
        self.isRemote = isRemote
    }

    /// Parses the fields `traceparent` and `tracestate` of a request, W3C Trace Context sections 3.2 and 3.3.
    ///
    /// - Parameters:
    ///   - traceparent: version 00 exactly, or a later version that begins with the fields of version 00, followed by
    ///     nothing or a hyphen (section 4.3). Upper-case letters, identifiers of zero and version ff are rejected.
    ///   - tracestate: skipped if `traceparent` is rejected.
    /// - Returns: `nil` if `traceparent` is rejected; then the trace begins here.
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
            traceID: traceID, spanID: spanID, flags: UInt8(truncatingIfNeeded: flags), state: tracestate,
            isRemote: true)
    }

    /// `traceparent`, section 3.2.2.
    var traceparent: String { "00-\(traceID)-\(spanID)-0\(flags)" }

    var isSampled: Bool { flags & Self.sampledFlag != 0 }

    /// Another span of the trace, in this process.
    func child(_ spanID: SpanID) -> SpanContext {
        SpanContext(traceID: traceID, spanID: spanID, flags: flags, state: state)
    }

    private static func acceptable(_ state: String) -> String? {
        guard state.utf8.allSatisfy({ (0x20..<0x7F).contains($0) || $0 == 0x09 }) else { return nil }
        let octets = state.utf8
        guard octets.count > maximumStateLength else { return state.isEmpty ? nil : state }
        let end = octets.prefix(maximumStateLength + 1).lastIndex(of: UInt8(ascii: ","))
        return end.flatMap { $0 == state.startIndex ? nil : String(state[..<$0]) }
    }
}

/// `trace-id` of W3C Trace Context section 3.2.2.3: 16 octets, never all zero.
package struct TraceID: Sendable, Equatable, CustomStringConvertible {
    /// The first 8 octets, most significant first.
    package let high: UInt64
    /// The last 8 octets, most significant first.
    package let low: UInt64

    /// - Returns: `nil` if all octets are zero, which W3C Trace Context forbids.
    package init?(high: UInt64, low: UInt64) {
        guard high != 0 || low != 0 else { return nil }
        self.high = high
        self.low = low
    }

    /// A random one, never zero.
    static func random(using generator: inout some RandomNumberGenerator) -> TraceID {
        while true {
            if let id = TraceID(high: generator.next(), low: generator.next()) { return id }
        }
    }

    /// 32 hexadecimal digits in lower case.
    package var description: String { high.hexadecimal + low.hexadecimal }
}

/// `parent-id` of W3C Trace Context section 3.2.2.4: 8 octets, never all zero.
package struct SpanID: Sendable, Equatable, CustomStringConvertible {
    /// The octets, most significant first.
    package let value: UInt64

    /// - Returns: `nil` for zero, which W3C Trace Context forbids.
    package init?(_ value: UInt64) {
        guard value != 0 else { return nil }
        self.value = value
    }

    /// A random one, never zero.
    static func random(using generator: inout some RandomNumberGenerator) -> SpanID {
        while true {
            if let id = SpanID(generator.next()) { return id }
        }
    }

    /// 16 hexadecimal digits in lower case.
    package var description: String { value.hexadecimal }
}

extension UInt64 {
    /// Parses hexadecimal digits in lower case, as W3C Trace Context writes numbers.
    ///
    /// - Returns: `nil` for upper-case letters, any other octet, no digits, or more than 16.
    fileprivate init?(hexadecimal digits: ArraySlice<UInt8>) {
        guard (1...16).contains(digits.count) else { return nil }
        self = 0
        for digit in digits {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): self = self << 4 | UInt64(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): self = self << 4 | UInt64(digit - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
    }

    /// 16 digits in lower case.
    fileprivate var hexadecimal: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension ServiceContext {
    private enum SpanContextKey: ServiceContextKey {
        typealias Value = SpanContext
    }

    /// The current span: that of this process or, before the first span here, that of the caller. `nil` outside of a
    /// trace.
    package var spanContext: SpanContext? {
        get { self[SpanContextKey.self] }
        set { self[SpanContextKey.self] = newValue }
    }
}
