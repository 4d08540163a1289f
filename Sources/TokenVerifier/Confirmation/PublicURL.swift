public import AccessToken
import WireText

/// The URL at which clients reach a resource server. DPoP proofs name it (`htu`, RFC 9449 section 4.2).
///
/// It is a setting. What a request says about it (`Host`, `Forwarded`) could be a thief's word: a proof that was made for
/// another server would be accepted here if the server believed that it was the other.
public struct PublicURL: Sendable, Hashable, CustomStringConvertible {
    /// Without a slash at its end, such as `https://api.example.com`.
    public let description: String

    /// - Parameter text: an http or https URL without query and fragment. A path, if there is one, is what a proxy takes off
    ///   the requests before it passes them on.
    public init(_ text: String) throws(InvalidValue) {
        let uri = try AbsoluteURI(text)
        _ = try HTTPOrigin(of: uri)
        guard uri.query == nil, !uri.hasFragment else { throw InvalidValue("has a query or a fragment") }
        var base = Octets(text)
        while base.last == UInt8(ascii: "/") { base = base.dropLast() }
        description = base.text
    }

    /// The URL of a request.
    ///
    /// - Parameter path: as the server received it, with percent-encoding. It may have a query.
    /// - Returns: `nil` for what is no path, such as `*`.
    public func url(ofPath path: String) -> String? {
        Octets(path).begins(with: "/") ? description + path : nil
    }

    /// Compares the octets.
    public static func == (first: PublicURL, second: PublicURL) -> Bool {
        first.description.isSameText(as: second.description)
    }

    /// Hashes the octets.
    public func hash(into hasher: inout Hasher) { hasher.combine(ExactText(description)) }
}
