import WireText

/// The URL of a request as `htu` of a DPoP proof names it: without query and fragment (RFC 9449 section 4.2), normalized by
/// RFC 3986 sections 6.2.2 and 6.2.3.
package struct TargetURI: Sendable, Hashable, CustomStringConvertible {
    /// The normalized URL, such as `https://api.example.com/orders`.
    package let description: String

    /// - Throws: if the text is not an absolute `http` or `https` URL. Query and fragment are not read: they may have any length,
    ///   and characters that no URI has.
    package init(_ text: String) throws(InvalidValue) {
        let uri = try AbsoluteURI(Octets(text).prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }.text)
        let origin = try HTTPOrigin(of: uri)
        description = origin.withoutDefaultPort + Self.normalized(path: uri.path)
    }

    /// Compares the octets.
    package static func == (first: TargetURI, second: TargetURI) -> Bool {
        first.description.isSameText(as: second.description)
    }

    /// Hashes the octets.
    package func hash(into hasher: inout Hasher) { hasher.combine(ExactText(description)) }

    /// The empty path is `/`.
    private static func normalized(path: String) -> String {
        var segments: [String] = []
        var endsWithSlash = true
        // The first part is what stands before the first slash: nothing.
        for part in Octets(path).parts(between: "/").dropFirst() {
            let segment = normalized(segment: part)
            // RFC 3986 section 5.2.4
            let isParent = segment.isSameText(as: "..")
            endsWithSlash = isParent || segment.isSameText(as: ".")
            if isParent { segments = segments.dropLast() }
            if !endsWithSlash { segments.append(segment) }
        }
        return "/" + segments.joined(separator: "/") + (endsWithSlash && !segments.isEmpty ? "/" : "")
    }

    /// RFC 3986 sections 6.2.2.1 and 6.2.2.2: upper case for hexadecimal digits, and no escape for an unreserved character.
    private static func normalized(segment: Octets) -> String {
        var normalized: [UInt8] = []
        var rest = segment.array[...]
        while let octet = rest.popFirst() {
            guard octet == UInt8(ascii: "%"), let high = rest.popFirst(), let low = rest.popFirst(),
                let value = escaped(high, low)
            else {
                normalized.append(octet)
                continue
            }
            if isUnreserved(value) {
                normalized.append(value)
            } else {
                normalized += [octet, uppercased(high), uppercased(low)]
            }
        }
        return String(decoding: normalized, as: UTF8.self)
    }

    private static func escaped(_ high: UInt8, _ low: UInt8) -> UInt8? {
        guard let high = ASCII.hexValue(high), let low = ASCII.hexValue(low) else { return nil }
        return high << 4 | low
    }

    private static func uppercased(_ hexDigit: UInt8) -> UInt8 {
        ASCII.isLetter(hexDigit) ? hexDigit & ~0x20 : hexDigit
    }

    private static func isUnreserved(_ octet: UInt8) -> Bool {
        AbsoluteURI.isLetterOrDigit(octet) || "-._~".utf8.contains(octet)
    }
}
