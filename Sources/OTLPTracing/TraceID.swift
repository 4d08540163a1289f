/// `trace-id` of W3C Trace Context section 3.2.2.3: 16 octets, never all zero.
package struct TraceID: Sendable, Hashable, CustomStringConvertible {
    /// The first 8 octets, most significant first.
    package let high: UInt64
    /// The last 8 octets, most significant first.
    package let low: UInt64

    /// - Returns: nil where all octets are zero, which W3C Trace Context forbids.
    package init?(high: UInt64, low: UInt64) {
        guard high != 0 || low != 0 else { return nil }
        self.high = high
        self.low = low
    }

    /// Another one, never zero.
    static func random(using generator: inout some RandomNumberGenerator) -> TraceID {
        while true {
            if let id = TraceID(high: generator.next(), low: generator.next()) { return id }
        }
    }

    /// 32 hexadecimal digits in small letters.
    package var description: String { high.hexadecimal() + low.hexadecimal() }
}
