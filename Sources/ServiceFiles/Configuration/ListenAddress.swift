package import AccessToken

/// Where a listener waits for connections: `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`.
package struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
    /// A name or an address, without brackets.
    package let host: String
    /// 0 takes any free port.
    package let port: Int

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// - Throws: where host or port is missing, the port is above 65535, or an IPv6 address has no brackets.
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

    /// The same where a client on this machine finds it: an address that stands for all of the machine's is none to ask.
    package var local: ListenAddress {
        switch host {
        case "0.0.0.0": ListenAddress(host: "127.0.0.1", port: port)
        case "::": ListenAddress(host: "::1", port: port)
        default: self
        }
    }

    /// With brackets around an IPv6 address; ``init(_:)`` reads it back.
    package var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
