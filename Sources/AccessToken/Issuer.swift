import WireText

/// An issuer identifier, RFC 8414 section 2: an https URL without query and fragment. http is allowed on a loopback
/// host, for experiments. Issuers are compared octet for octet.
public struct Issuer: Sendable, Hashable, CustomStringConvertible {
    /// The URL, unchanged.
    public let description: String
    /// Scheme and authority: "https://tokens.example.com".
    public let origin: String
    /// The path without slashes at its end; empty for most issuers.
    public let path: String

    /// Whether the scheme is https.
    public let isSecure: Bool

    /// - Throws: if RFC 8414 section 2 does not allow the URL, or if it is http on any other host.
    public init(_ text: String) throws(InvalidValue) {
        let uri = try AbsoluteURI(text)
        guard uri.query == nil else { throw InvalidValue("has a query; RFC 8414 section 2 allows none") }
        guard !uri.hasFragment else { throw InvalidValue("has a fragment; RFC 8414 section 2 allows none") }
        let origin = try HTTPOrigin(of: uri)
        guard origin.isSecure || origin.isLoopback else {
            throw InvalidValue("is not https (http is allowed on a loopback host only)")
        }
        description = text
        isSecure = origin.isSecure
        self.origin = "\(uri.scheme)://\(uri.authority ?? origin.host)"
        path = Self.withoutSlashesAtItsEnd(uri.path)
    }

    private static func withoutSlashesAtItsEnd(_ path: String) -> String {
        var path = Octets(path)
        while path.last == UInt8(ascii: "/") { path = path.dropLast() }
        return path.text
    }
}
