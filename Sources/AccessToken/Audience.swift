/// A resource server that a token is meant for, RFC 8707 section 2: an absolute URI without fragment. Compared octet
/// for octet.
public struct Audience: Sendable, Hashable, CustomStringConvertible {
    /// The URI as it was written.
    public let description: String

    /// - Throws: for what is no absolute URI, and for a fragment (RFC 8707 section 2).
    public init(_ text: String) throws(InvalidValue) {
        let uri = try AbsoluteURI(text)
        guard !uri.hasFragment else { throw InvalidValue("has a fragment; RFC 8707 section 2 allows none") }
        description = text
    }

    /// An issuer as the audience of its own tokens: what a client gets that names no resource and has none.
    public init(_ issuer: Issuer) {
        description = issuer.description
    }
}
