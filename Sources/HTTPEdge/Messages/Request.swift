package import NIOCore
package import NIOHTTP1
package import WireText

/// A request with all of its content, RFC 9110 section 3.4.
package struct Request: Sendable {
    package let method: HTTPMethod
    package let target: RequestTarget
    /// The fields in the order of the message, without pseudo-header fields. Trailer fields are dropped.
    package let fields: HTTPHeaders
    package let content: Content
    package let peer: Peer
    /// Whether the request came in a stream of HTTP/2.
    package let isStream: Bool

    package init(
        _ method: HTTPMethod, _ target: RequestTarget, fields: HTTPHeaders, content: Content, peer: Peer,
        isStream: Bool = false
    ) {
        self.method = method
        self.target = target
        self.fields = fields
        self.content = content
        self.peer = peer
        self.isStream = isStream
    }

    /// The content of a request.
    package enum Content: Sendable {
        /// All of it; empty for a request without content.
        case whole(ByteBuffer)
        /// It is longer than ``ConnectionLimits/content``. Nothing of it is kept.
        case tooLarge
    }
}

/// The target of a request, RFC 9112 section 3.2.
package enum RequestTarget: Sendable, Equatable {
    /// The path, which begins with a slash, and what follows the first `?`. The scheme and the authority of an absolute
    /// form are dropped: the service has one authority.
    case path(String, query: String?)
    /// `*`
    case asterisk
    /// Anything else: an octet that is not visible ASCII, no path.
    case invalid

    /// - Parameter hasAbsoluteForm: whether the absolute form is valid, as in HTTP/1.
    package init(_ text: String, hasAbsoluteForm: Bool) {
        let octets = Octets(text)
        guard octets.isVisibleASCII else {
            self = .invalid
            return
        }
        if octets.first == UInt8(ascii: "/") {
            self = Self.path(octets)
        } else if octets.isSame(as: "*") {
            self = .asterisk
        } else if hasAbsoluteForm, let rest = Self.afterAuthority(octets) {
            self = Self.path(rest)
        } else {
            self = .invalid
        }
    }

    private static func path(_ octets: Octets) -> RequestTarget {
        let (path, query) = octets.split(at: "?")
        return .path(path.isEmpty ? "/" : path.text, query: query?.text)
    }

    /// The path and the query of an absolute form: `http://authority/path?query`.
    private static func afterAuthority(_ octets: Octets) -> Octets? {
        let (scheme, rest) = octets.split(at: ":")
        guard scheme.isSameIgnoringCase(as: "http") || scheme.isSameIgnoringCase(as: "https"), let rest,
            rest.begins(with: "//")
        else { return nil }
        let authority = rest.dropFirst(2).prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
        return authority.isEmpty ? nil : rest.dropFirst(2 + authority.count)
    }
}

/// The client at the other end of a connection.
package struct Peer: Sendable {
    /// `nil` for a connection without an IP address, as in tests.
    package let address: IPAddress?
    /// The certificates that the client presented in the TLS handshake, in DER, its own first; empty if it presented none. A
    /// resumed connection (RFC 8446 section 2.2) has the client's own alone.
    package let certificates: [[UInt8]]

    package init(address: IPAddress?, certificates: [[UInt8]] = []) {
        self.address = address
        self.certificates = certificates
    }

    /// - Parameter address: of the socket. A zone after `%` is dropped.
    init(_ address: SocketAddress?) {
        let text = address?.ipAddress.map { Octets($0).split(at: "%").head.text }
        self.init(address: text.flatMap { IPAddress($0) })
    }
}
