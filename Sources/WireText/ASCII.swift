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
        var (rest, others) = (self, other)
        while let octets = EightOctets(rest), let otherOctets = EightOctets(others) {
            guard octets == otherOctets else { return false }
            rest = rest.extracting(droppingFirst: 8)
            others = others.extracting(droppingFirst: 8)
        }
        for index in rest.indices where rest[index] != others[index] { return false }
        return true
    }

    /// The index of the last `octet`; `nil` if there is none.
    package func lastIndex(of octet: UInt8) -> Int? {
        var rest = self
        while let octets = EightOctets(rest.extracting(last: 8)), octets.marks(of: octet) == 0 {
            rest = rest.extracting(droppingLast: 8)
        }
        var end = rest.count
        while end > 0 {
            end &-= 1
            if rest[end] == octet { return end }
        }
        return nil
    }

    /// The number of octets before the first that does not stand for itself between quotation marks: a quotation mark, a
    /// backslash or a control character.
    package var plainTextCount: Int {
        var rest = self
        while let octets = EightOctets(rest) {
            let marks =
                octets.marks(of: UInt8(ascii: "\"")) | octets.marks(of: UInt8(ascii: "\\")) | octets.marks(below: 0x20)
            if marks != 0 { return count - rest.count + EightOctets.firstIndex(marks) }
            rest = rest.extracting(droppingFirst: 8)
        }
        for index in rest.indices {
            let octet = rest[index]
            if octet == UInt8(ascii: "\"") || octet == UInt8(ascii: "\\") || octet < 0x20 {
                return count - rest.count + index
            }
        }
        return count
    }
}
