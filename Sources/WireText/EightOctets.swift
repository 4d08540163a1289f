/// Eight octets of a text, which are compared at once.
struct EightOctets: Equatable {
    /// The first octet is the lowest.
    private let word: UInt64

    private static var ones: UInt64 { 0x0101_0101_0101_0101 }
    private static var highBits: UInt64 { ones << 7 }

    /// The first eight of `octets`; `nil` if there are fewer.
    @inline(__always)
    init?(_ octets: Span<UInt8>) {
        guard octets.count >= 8 else { return nil }
        // The compiler makes one load of these.
        let low = UInt32(octets[0]) | UInt32(octets[1]) << 8 | UInt32(octets[2]) << 16 | UInt32(octets[3]) << 24
        let high = UInt32(octets[4]) | UInt32(octets[5]) << 8 | UInt32(octets[6]) << 16 | UInt32(octets[7]) << 24
        word = UInt64(low) | UInt64(high) << 32
    }

    /// Has a bit for each octet that is `octet`, and none if no octet is. The lowest bit is that of the first of them; a
    /// higher one may be that of another octet.
    @inline(__always)
    func marks(of octet: UInt8) -> UInt64 {
        let difference = word ^ (Self.ones &* UInt64(octet))
        return (difference &- Self.ones) & ~difference & Self.highBits
    }

    /// The same for each octet below `limit`, which is at most 128.
    @inline(__always)
    func marks(below limit: UInt8) -> UInt64 {
        (word &- Self.ones &* UInt64(limit)) & ~word & Self.highBits
    }

    /// The index of the octet that the lowest bit of `marks` belongs to.
    static func firstIndex(_ marks: UInt64) -> Int { marks.trailingZeroBitCount / 8 }
}
