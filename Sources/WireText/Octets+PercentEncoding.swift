extension Octets {
    /// With the octet for each `%` and its two hexadecimal digits, RFC 3986 section 2.1; `nil` for a `%` without them, and if
    /// the outcome is not UTF-8.
    package var percentDecoded: String? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(count)
        var rest = utf8.makeIterator()
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
        return String(validating: decoded, as: UTF8.self)
    }
}
