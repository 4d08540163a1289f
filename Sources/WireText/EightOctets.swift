/// Eight octets of a text, which are compared at once.
struct EightOctets: Equatable {
    /// The first octet is the lowest.
    private let word: UInt64

    /// - Returns: `nil` if there are not eight octets from `index` on, or `index` is negative.
    @inline(__always)
    init?(_ octets: Span<UInt8>, at index: Int) {
        guard index >= 0, octets.count - index >= 8 else { return nil }
        let eight = octets.extracting(index..<index + 8)
        guard eight.count == 8 else { return nil }
        // The compiler makes one load of these.
        let low = UInt32(eight[0]) | UInt32(eight[1]) << 8 | UInt32(eight[2]) << 16 | UInt32(eight[3]) << 24
        let high = UInt32(eight[4]) | UInt32(eight[5]) << 8 | UInt32(eight[6]) << 16 | UInt32(eight[7]) << 24
        word = UInt64(low) | UInt64(high) << 32
    }

    /// Whether one of them is `octet`.
    @inline(__always)
    func contains(_ octet: UInt8) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        // An octet that is the same is zero here, and only below a zero does the subtraction set the high bit of an octet
        // that had it unset.
        let difference = word ^ (ones &* UInt64(octet))
        return (difference &- ones) & ~difference & (ones << 7) != 0
    }
}
