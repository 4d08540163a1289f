extension Octets {
    /// With the octet for each `%` and its two hexadecimal digits, RFC 3986 section 2.1; `nil` for a `%` without them, and if
    /// the outcome is not UTF-8.
    package var percentDecoded: String? { utf8.percentDecoded.flatMap { String(validating: $0, as: UTF8.self) } }
}

extension Sequence<UInt8> {
    /// The octets with the octet for each `%` and its two hexadecimal digits, RFC 3986 section 2.1; `nil` for a `%` without
    /// them.
    package var percentDecoded: [UInt8]? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(underestimatedCount)
        var rest = makeIterator()
        while let octet = rest.next() {
            guard octet == UInt8(ascii: "%") else {
                decoded.append(octet)
                continue
            }
            guard let high = rest.next().flatMap(ASCII.hexValue), let low = rest.next().flatMap(ASCII.hexValue) else {
                return nil
            }
            decoded.append(high << 4 | low)
        }
        return decoded
    }
}
