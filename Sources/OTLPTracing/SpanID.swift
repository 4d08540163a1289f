/// `parent-id` of W3C Trace Context section 3.2.2.4: 8 octets, never all zero.
public struct SpanID: Sendable, Hashable, CustomStringConvertible {
    /// The octets, most significant first.
    public let value: UInt64

    /// - Returns: nil for zero, which W3C Trace Context forbids.
    public init?(_ value: UInt64) {
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
    public var description: String { value.hexadecimal() }
}
