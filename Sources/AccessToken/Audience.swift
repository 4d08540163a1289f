/// The resource server that a token is meant for, RFC 8707 section 2: an absolute URI without fragment. Audiences are
/// compared octet for octet.
public struct Audience: Sendable, Hashable, CustomStringConvertible {
    /// The URI, unchanged.
    public let description: String

    /// - Throws: if the text is not an absolute URI, or has a fragment (RFC 8707 section 2).
    public init(_ text: String) throws(InvalidValue) {
        let uri = try AbsoluteURI(text)
        guard !uri.hasFragment else { throw InvalidValue("has a fragment; RFC 8707 section 2 allows none") }
        description = text
    }

    /// An issuer as the audience of its own tokens, for a client that has no resources and requests none.
    public init(_ issuer: Issuer) {
        description = issuer.description
    }
}
