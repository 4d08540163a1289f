/// Tests and conversions of single octets, for ASCII only. Swift's own are for Unicode, in which U+0660 is a digit and
/// U+212A a letter.
package enum ASCII {
    /// 0 to 9
    package static func isDigit(_ octet: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(octet)
    }

    /// A to Z and a to z
    package static func isLetter(_ octet: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(octet | 0x20)
    }

    /// `tchar` of RFC 9110 section 5.6.2: the octets of a token.
    package static func isTokenOctet(_ octet: UInt8) -> Bool {
        isLetter(octet) || isDigit(octet) || "!#$%&'*+-.^_`|~".utf8.contains(octet)
    }

    /// a to z for A to Z, and any other octet as it is.
    package static func lowercased(_ octet: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(octet) ? octet | 0x20 : octet
    }

    /// The value of a hexadecimal digit in either case; `nil` for any other octet.
    package static func hexValue(_ octet: UInt8) -> UInt8? {
        if isDigit(octet) { return octet - UInt8(ascii: "0") }
        let lowercased = octet | 0x20
        guard (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(lowercased) else { return nil }
        return lowercased - UInt8(ascii: "a") + 10
    }

    /// The hexadecimal digit of a value from 0 to 15, in lower case.
    package static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}

extension String {
    /// Whether both are the same octets. Swift's own `==` equates U+212A with the letter K.
    package func isSameText(as other: String) -> Bool {
        let own = utf8.span
        let others = other.utf8.span
        return own.isSame(as: others)
    }
}

extension Span<UInt8> {
    /// Whether both are the same octets. This does not take constant time, so it must not compare secrets.
    package func isSame(as other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        var index = 0
        while let octets = EightOctets(self, at: index), let others = EightOctets(other, at: index) {
            guard octets == others else { return false }
            index &+= 8
        }
        while index < count {
            guard self[index] == other[index] else { return false }
            index &+= 1
        }
        return true
    }

    /// The index of the last `octet`; `nil` if there is none.
    package func lastIndex(of octet: UInt8) -> Int? {
        var end = count
        while let octets = EightOctets(self, at: end - 8), !octets.contains(octet) { end -= 8 }
        while end > 0 {
            end &-= 1
            if self[end] == octet { return end }
        }
        return nil
    }
}
