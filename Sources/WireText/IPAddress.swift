/// An IPv4 or IPv6 address. An IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2) is the IPv4 address.
public struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    /// Four octets or sixteen.
    package let octets: [UInt8]

    /// - Returns: `nil` unless there are four octets or sixteen.
    package init?(octets: [UInt8]) {
        guard octets.count == 4 || octets.count == 16 else { return nil }
        let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
        self.octets = octets.count == 16 && octets.starts(with: mapped) ? Array(octets.suffix(4)) : octets
    }

    /// Parses `192.0.2.1`, or an IPv6 address as RFC 4291 section 2.2 writes it.
    ///
    /// - Returns: `nil` for anything else, such as a host name, an address with a port or one with a zone.
    package init?(_ text: some StringProtocol) {
        let text = Array(text.utf8)
        guard let octets = text.contains(UInt8(ascii: ":")) ? Self.ipv6(text[...]) : Self.ipv4(text[...]) else {
            return nil
        }
        self.init(octets: octets)
    }

    /// Dotted decimal for IPv4; for IPv6 as RFC 5952 section 4 writes it: `::` stands for the first of the longest runs of
    /// two groups of zeros or more.
    public var description: String {
        if octets.count == 4 { return octets.map(String.init).joined(separator: ".") }
        let groups = stride(from: 0, to: octets.count - 1, by: 2).map {
            UInt16(octets[$0]) << 8 | UInt16(octets[$0 + 1])
        }
        func text(_ groups: ArraySlice<UInt16>) -> String {
            groups.map { String($0, radix: 16) }.joined(separator: ":")
        }
        let gap = Self.longestZeros(groups)
        guard gap.count >= 2 else { return text(groups[...]) }
        return text(groups[..<gap.lowerBound]) + "::" + text(groups[gap.upperBound...])
    }

    /// The first of the longest runs of zeros; empty without one.
    private static func longestZeros(_ groups: [UInt16]) -> Range<Int> {
        var longest = 0..<0
        var start = 0
        for end in 1...groups.count {
            if groups[end - 1] != 0 { start = end } else if end - start > longest.count { longest = start..<end }
        }
        return longest
    }

    /// The part of the address that one party controls.
    package var block: AddressBlock { AddressBlock(of: self) }

    /// Four decimal numbers without leading zeros, RFC 3986 section 3.2.2.
    private static func ipv4(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let octets = parts.compactMap(decimal)
        return parts.count == 4 && octets.count == 4 ? octets : nil
    }

    private static func decimal(_ digits: ArraySlice<UInt8>) -> UInt8? {
        guard digits.allSatisfy(ASCII.isDigit), digits.count == 1 || digits.first != UInt8(ascii: "0")
        else { return nil }
        return UInt8(String(decoding: digits, as: UTF8.self))
    }

    /// Groups of up to four hexadecimal digits; `::` stands once for one or more groups of zeros.
    private static func ipv6(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard let gap = firstGap(text) else {
            guard let octets = groups(text), octets.count == 16 else { return nil }
            return octets
        }
        guard let head = groups(text[..<gap], mayBeMixed: false), let tail = groups(text[(gap + 2)...]),
            head.count + tail.count <= 14
        else { return nil }
        return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
    }

    /// The index of the first `::`; `nil` if there is none.
    private static func firstGap(_ text: ArraySlice<UInt8>) -> Int? {
        let colon = UInt8(ascii: ":")
        return text.indices.dropLast().first { text[$0] == colon && text[$0 + 1] == colon }
    }

    /// The octets of groups with colons between them; the last group may be an IPv4 address.
    private static func groups(_ text: ArraySlice<UInt8>, mayBeMixed: Bool = true) -> [UInt8]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        var octets: [UInt8] = []
        for (index, part) in parts.enumerated() {
            if mayBeMixed, index == parts.count - 1, part.contains(UInt8(ascii: ".")) {
                guard let last = ipv4(part) else { return nil }
                octets += last
            } else {
                guard let group = hexadecimal(part) else { return nil }
                octets += [UInt8(group >> 8), UInt8(truncatingIfNeeded: group)]
            }
        }
        return octets
    }

    private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> UInt16? {
        let values = digits.compactMap(ASCII.hexValue)
        guard (1...4).contains(digits.count), values.count == digits.count else { return nil }
        return values.reduce(0) { $0 << 4 | UInt16($1) }
    }
}
