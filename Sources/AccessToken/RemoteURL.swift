/// A URL that may be fetched: https, or http on a loopback host, whose traffic does not leave the machine.
public struct RemoteURL: Sendable, Hashable, CustomStringConvertible {
    /// Made of the parts that were checked: scheme and host in lower case, no user information, no fragment. This is
    /// what an HTTP client gets.
    public let description: String

    /// - Throws: for a text that is no such URL, and for one with a fragment.
    public init(_ text: String) throws(InvalidValue) {
        let uri = try AbsoluteURI(text)
        let origin = try HTTPOrigin(of: uri)
        guard origin.isSecure || origin.isLoopback else {
            throw InvalidValue("is not https (http is allowed on a loopback host only)")
        }
        guard !uri.hasFragment else { throw InvalidValue("has a fragment, which no server gets") }
        description = origin.text + (uri.path.isEmpty ? "/" : uri.path) + (uri.query.map { "?" + $0 } ?? "")
    }
}
