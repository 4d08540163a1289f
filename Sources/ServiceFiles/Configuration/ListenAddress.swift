package import AccessToken

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

    /// - Throws: ``InvalidValue`` if the host or the port is missing, the port is above 65535, or an IPv6 address has
    ///   no brackets.
    package init(_ text: String) throws(InvalidValue) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw InvalidValue("is not an address with a port, such as 127.0.0.1:8080")
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw InvalidValue("needs brackets around an IPv6 address, such as [::1]:8080")
        }
        guard !host.isEmpty else { throw InvalidValue("has no host before the port, such as 127.0.0.1:8080") }
        self.host = String(host)
        self.port = Int(port)
    }

    /// The address at which a client on this machine reaches the listener: the loopback address if the host stands for
    /// all addresses of the machine.
    package var local: ListenAddress {
        switch host {
        case "0.0.0.0": ListenAddress(host: "127.0.0.1", port: port)
        case "::": ListenAddress(host: "::1", port: port)
        default: self
        }
    }

    /// With brackets around an IPv6 address; ``init(_:)`` parses it.
    package var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
