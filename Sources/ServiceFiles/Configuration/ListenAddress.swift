package import AccessToken
import WireText

/// The address on which a listener accepts connections: `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`.
package struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
    /// A host name or an IP address, without brackets.
    package let host: String
    /// 0 selects any free port.
    package let port: Int

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// - Throws: ``InvalidValue`` if the host or the port is missing, the port is above 65535, an IPv6 address has no
    ///   brackets, or the host is neither an address nor a name.
    package init(_ text: String) throws(InvalidValue) {
        guard !text.contains("://") else { throw InvalidValue("is a URL; an address is one such as 127.0.0.1:8080") }
        let (head, tail) = Octets(text).splitFromRight(at: ":")
        guard let host = head, let port = tail.decimal.flatMap({ UInt16(exactly: $0) }) else {
            throw InvalidValue("is not an address with a port, such as 127.0.0.1:8080")
        }
        self.host = try Self.host(host)
        self.port = Int(port)
    }

    private static func host(_ host: Octets) throws(InvalidValue) -> String {
        guard !["", "*", "+", "[]", "[*]"].contains(where: host.isSame(as:)) else {
            throw InvalidValue("does not say which addresses: all of this machine are 0.0.0.0:8080 or [::]:8080")
        }
        if host.begins(with: "["), host.ends(with: "]") {
            let inner = host.dropFirst().dropLast()
            // A zone, such as that of fe80::1%eth0, is a name of this machine.
            guard inner.contains(ascii: ":"), IPAddress(inner.split(at: "%").head.text) != nil else {
                throw InvalidValue("has no IPv6 address in its brackets, such as [::1]:8080")
            }
            return inner.text
        }
        guard !host.contains(ascii: ":") else {
            throw InvalidValue("needs brackets around an IPv6 address, such as [::1]:8080")
        }
        guard host.allSatisfy({ ASCII.isLetter($0) || ASCII.isDigit($0) || "-._".utf8.contains($0) }) else {
            throw InvalidValue("has a host that is neither an address nor a name, such as 127.0.0.1:8080")
        }
        // Resolvers read 0, 127.1, 0x7f.1 and 2130706433 as addresses.
        let last = host.parts(between: ".").last(where: { !$0.isEmpty }) ?? host
        let isNumber = last.allSatisfy(ASCII.isDigit) || last.prefix(2).isSameIgnoringCase(as: "0x")
        guard !isNumber || IPAddress(host.text) != nil else {
            throw InvalidValue(
                "has no whole IPv4 address: all addresses of this machine are 0.0.0.0:8080 or [::]:8080")
        }
        return host.text
    }

    /// The address at which a client on this machine reaches the listener: the loopback address if the host stands for
    /// all addresses of the machine.
    package var local: ListenAddress {
        guard let address = IPAddress(host), address.octets.allSatisfy({ $0 == 0 }) else { return self }
        return ListenAddress(host: host.contains(":") ? "::1" : "127.0.0.1", port: port)
    }

    /// With brackets around an IPv6 address; ``init(_:)`` parses it.
    package var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
