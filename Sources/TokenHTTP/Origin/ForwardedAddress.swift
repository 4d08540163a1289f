import OAuth
import WireText

/// The address of a request's origin in one list element of a field, as a proxy has written it.
enum ForwardedAddress {
    /// An address with a port, in brackets: longer texts are none.
    private static let longest = 64

    /// An element of `X-Forwarded-For`: an address, which may be in brackets and may be followed by a port.
    static func inForwardedFor(_ element: Octets) -> IPAddress? {
        address(element, isPort: isNumber)
    }

    /// An element of `Forwarded`, RFC 7239 section 4: pairs of a name and a value, separated by semicolons.
    ///
    /// - Returns: `nil` if the element is malformed, has no `for` or several, or if that is not an address: RFC 7239
    ///   section 6 also allows `unknown` and an obfuscated identifier.
    static func inForwarded(_ element: Octets) -> IPAddress? {
        var node: Octets?
        var next: Octets? = element
        while let rest = next {
            guard let (head, tail) = rest.splitOutsideQuotes(at: ";") else { return nil }
            next = tail
            let pair = head.trimmed
            if pair.isEmpty { continue }
            let (name, value) = pair.split(at: "=")
            guard !name.isEmpty, name.allSatisfy(ASCII.isTokenOctet), let content = value?.unquoted else { return nil }
            if name.isSameIgnoringCase(as: "for") {
                guard node == nil else { return nil }
                node = content
            }
        }
        // RFC 7239 section 6: a node is an address, and in a quoted string a port may follow.
        return node.flatMap { address($0) { isNumber($0) || isObfuscated($0) } }
    }

    private static func address(_ text: Octets, isPort: (Octets) -> Bool) -> IPAddress? {
        guard text.count <= longest else { return nil }
        if text.first == UInt8(ascii: "[") {
            let (address, rest) = text.dropFirst().split(at: "]")
            guard let rest, address.contains(ascii: ":") else { return nil }
            guard rest.isEmpty || rest.first == UInt8(ascii: ":") && isPort(rest.dropFirst()) else { return nil }
            return IPAddress(address.text)
        }
        // An IPv6 address without brackets has two colons or more, and no port.
        guard text.count(of: ":") == 1 else { return IPAddress(text.text) }
        let (address, port) = text.split(at: ":")
        return port.map(isPort) == true ? IPAddress(address.text) : nil
    }

    /// RFC 7239 section 6: a port has up to five digits.
    private static func isNumber(_ port: Octets) -> Bool {
        (1...5).contains(port.count) && port.allSatisfy(ASCII.isDigit)
    }

    /// RFC 7239 section 6.3: `_` and letters, digits, dots, underscores and hyphens.
    private static func isObfuscated(_ port: Octets) -> Bool {
        let others = "._-".utf8
        return port.count > 1 && port.begins(with: "_")
            && port.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || others.contains($0) }
    }
}
