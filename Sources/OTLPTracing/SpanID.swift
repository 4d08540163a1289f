/// `parent-id` of W3C Trace Context section 3.2.2.4: 8 octets, never all zero.
package struct SpanID: Sendable, Hashable, CustomStringConvertible {
    /// The octets, most significant first.
    package let value: UInt64

    /// - Returns: nil for zero, which W3C Trace Context forbids.
    package init?(_ value: UInt64) {
        guard value != 0 else { return nil }
        self.value = value
    }

    /// Another one, never zero.
    static func random(using generator: inout some RandomNumberGenerator) -> SpanID {
        while true {
            if let id = SpanID(generator.next()) { return id }
        }
    }

    /// 16 hexadecimal digits in small letters.
    package var description: String { value.hexadecimal() }
}
