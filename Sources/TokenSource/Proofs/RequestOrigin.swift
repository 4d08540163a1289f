import AccessToken
import WireText

extension HTTPOrigin {
    /// The origin of a request; `nil` if its URL has none that http or https has. What follows the authority is not read: a path
    /// or a query may have any length, and characters that no URI has.
    init?(ofRequest url: String) {
        let (scheme, rest) = Octets(url).split(at: ":")
        guard let rest, rest.begins(with: "//") else { return nil }
        let authority = rest.dropFirst(2).prefix { !"/?#".utf8.contains($0) }
        guard let uri = try? AbsoluteURI("\(scheme.text)://\(authority.text)"), let origin = try? HTTPOrigin(of: uri)
        else { return nil }
        self = origin
    }

    /// RFC 6750 section 5.3: tokens are sent over TLS only. A loopback host is this machine itself.
    var mayGetToken: Bool { isSecure || isLoopback }
}
