import WireText

/// The scheme, host and port of an `http` or `https` URL, RFC 9110 section 4.3.1.
package struct HTTPOrigin: Sendable, Hashable {
    package let isSecure: Bool
    /// In lower case, with the brackets of an IPv6 address. It has no percent-encoded octets.
    package let host: String
    /// 1 to 65535; `nil` for the default port.
    package let port: UInt16?

    /// - Throws: for another scheme, and for a host or a port that an HTTP client could read in another way.
    package init(of uri: AbsoluteURI) throws(InvalidValue) {
        let scheme = Octets(uri.scheme)
        guard scheme.isSame(as: "https") || scheme.isSame(as: "http") else {
            throw InvalidValue("is neither https nor http")
        }
        try self.init(authorityOf: uri, isSecure: scheme.isSame(as: "https"))
    }

    /// The same for a server of another protocol, whose URLs have a host and a port alike.
    ///
    /// - Parameter isSecure: whether the scheme of `uri` stands for TLS.
    package init(authorityOf uri: AbsoluteURI, isSecure: Bool) throws(InvalidValue) {
        self.isSecure = isSecure
        guard let authority = uri.authority.map({ Octets($0) }) else { throw InvalidValue("names no host") }
        let host = Self.hostPart(of: authority)
        let rest = authority.dropFirst(host.count)
        guard Self.isHost(host) else { throw InvalidValue("has no usable host name") }
        self.host = host.lowercased
        if rest.isEmpty {
            port = nil
        } else {
            guard rest.begins(with: ":"), let port = rest.dropFirst().decimal.flatMap({ UInt16(exactly: $0) }), port > 0
            else { throw InvalidValue("has a port that is not from 1 to 65535") }
            self.port = port
        }
    }

    /// The host without the brackets of an IPv6 address, as sockets and certificates have it.
    package var hostWithoutBrackets: String {
        let host = Octets(host)
        return (host.begins(with: "[") ? host.dropFirst().dropLast() : host).text
    }

    /// Whether the host is this machine itself. Numbers are decimal and have no leading zeros: resolvers read `0177.1`
    /// and `0x7f.1` as addresses too, each in its own way.
    package var isLoopback: Bool {
        let host = Octets(host)
        if host.isSame(as: "localhost") || host.isSame(as: "[::1]") { return true }
        let numbers = host.parts(between: ".")
        return numbers.count == 4 && numbers[0].isSame(as: "127") && numbers.allSatisfy(Self.isAddressNumber)
    }

    /// As it is written in a URL.
    var text: String { text(withPort: port) }

    /// The same without the default port, RFC 3986 section 6.2.3: one text for one origin.
    package var withoutDefaultPort: String { text(withPort: effectivePort == defaultPort ? nil : port) }

    /// The port of connections.
    package var effectivePort: UInt16 { port ?? defaultPort }

    private var defaultPort: UInt16 { isSecure ? 443 : 80 }

    private func text(withPort port: UInt16?) -> String {
        "\(isSecure ? "https" : "http")://\(host)\(port.map { ":\($0)" } ?? "")"
    }

    private static func hostPart(of authority: Octets) -> Octets {
        guard authority.begins(with: "[") else { return authority.prefix { $0 != UInt8(ascii: ":") } }
        let inner = authority.prefix { $0 != UInt8(ascii: "]") }
        return authority.prefix(inner.count + 1)
    }

    /// An IPv6 address in brackets, or a name of letters, digits, dots, hyphens and underscores: RFC 3986 section 3.2.2
    /// without percent-encoding and without the characters that no name in the DNS has.
    private static func isHost(_ host: Octets) -> Bool {
        if host.begins(with: "[") {
            let address = host.dropFirst().dropLast()
            return host.ends(with: "]") && address.contains(ascii: ":")
                && address.allSatisfy {
                    ASCII.hexValue($0) != nil || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".")
                }
        }
        return !host.isEmpty
            && host.allSatisfy { AbsoluteURI.isLetterOrDigit($0) || "-._".utf8.contains($0) }
    }

    private static func isAddressNumber(_ number: Octets) -> Bool {
        guard let value = number.decimal, value <= 255 else { return false }
        return number.count == 1 || number.first != UInt8(ascii: "0")
    }
}
