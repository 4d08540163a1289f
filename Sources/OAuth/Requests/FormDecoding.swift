/// application/x-www-form-urlencoded as RFC 6749 appendix B defines it: UTF-8, `+` for a space, `%` and two digits.
enum FormDecoding {
    /// - Returns: nil for a `%` without two hexadecimal digits and for what is not UTF-8.
    static func decode(_ text: Span<UInt8>) -> String? {
        var octets: [UInt8] = []
        octets.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "+"):
                octets.append(UInt8(ascii: " "))
                index += 1
            case UInt8(ascii: "%"):
                guard index + 2 < text.count, let high = hexValue(text[index + 1]), let low = hexValue(text[index + 2])
                else { return nil }
                octets.append(high << 4 | low)
                index += 3
            case let octet:
                octets.append(octet)
                index += 1
            }
        }
        return String(validating: octets, as: UTF8.self)
    }

    private static func hexValue(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
