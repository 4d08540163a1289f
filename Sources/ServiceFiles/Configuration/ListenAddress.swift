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

    /// - Throws: ``InvalidValue`` if the host or the port is missing, the port is above 65535, or an IPv6 address has
    ///   no brackets.
    package init(_ text: String) throws(InvalidValue) {
        let (head, tail) = Octets(text).splitFromRight(at: ":")
        guard var host = head, let port = tail.decimal.flatMap({ UInt16(exactly: $0) }) else {
            throw InvalidValue("is not an address with a port, such as 127.0.0.1:8080")
        }
        if host.begins(with: "["), host.ends(with: "]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(ascii: ":") {
            throw InvalidValue("needs brackets around an IPv6 address, such as [::1]:8080")
        }
        guard !host.isEmpty else { throw InvalidValue("has no host before the port, such as 127.0.0.1:8080") }
        self.host = host.text
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
