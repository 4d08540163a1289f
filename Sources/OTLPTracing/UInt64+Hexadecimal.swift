extension UInt64 {
    /// The number that `digits` spell, as W3C Trace Context writes numbers.
    ///
    /// - Returns: nil for capital letters, any other foreign octet, no digits, or more than 16.
    init?(hexadecimal digits: ArraySlice<UInt8>) {
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

    /// In small letters, with zeros before it up to `count` digits.
    func hexadecimal(_ count: Int = 16) -> String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: Swift.max(0, count - digits.count)) + digits
    }
}
