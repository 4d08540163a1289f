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
    public var isSecure: Bool { origin.hasPrefix("https:") }

    /// - Throws: if RFC 8414 section 2 does not allow the URL, or if it is http on any other host.
    public init(_ text: String) throws(InvalidValue) {
        let uri = try AbsoluteURI(text)
        guard !uri.hasQuery else { throw InvalidValue("has a query; RFC 8414 section 2 allows none") }
        guard !uri.hasFragment else { throw InvalidValue("has a fragment; RFC 8414 section 2 allows none") }
        guard let authority = uri.authority, let host = uri.host else {
            throw InvalidValue("has no usable host name and port")
        }
        guard uri.scheme == "https" || (uri.scheme == "http" && Self.isLoopback(host)) else {
            throw InvalidValue("is not https (http is allowed on a loopback host only)")
        }
        description = text
        origin = "\(uri.scheme)://\(authority)"
        path = String(uri.path.reversed().drop { $0 == "/" }.reversed())
    }

    private static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" { return true }
        let octets = host.split(separator: ".", omittingEmptySubsequences: false)
        return octets.count == 4 && octets[0] == "127" && octets.allSatisfy { UInt8($0) != nil }
    }
}
