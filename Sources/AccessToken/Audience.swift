import WireText

/// The resource server that a token is meant for, RFC 7519 section 4.1.3: an absolute URI without fragment (RFC 8707
/// section 2), or a name without a colon, such as `rabbitmq`. Audiences are compared octet for octet.
public struct Audience: Sendable, Hashable, CustomStringConvertible {
    /// The URI or the name, unchanged.
    public let description: String

    /// A URI or a name.
    ///
    /// - Throws: if the text is neither. RFC 7519 section 2 allows a colon in a URI only.
    public init(_ text: String) throws(InvalidValue) {
        if Octets(text).contains(ascii: ":") { try Self.checkURI(text) } else { try Self.checkName(text) }
        description = text
    }

    /// A URI, as the parameter `resource` has it.
    ///
    /// - Throws: if the text is not an absolute URI, or has a fragment (RFC 8707 section 2).
    public init(resource text: String) throws(InvalidValue) {
        try Self.checkURI(text)
        description = text
    }

    /// A name that is no URI.
    ///
    /// - Throws: if the text has a colon, as every URI has, or another octet than visible ASCII.
    public init(name text: String) throws(InvalidValue) {
        guard !Octets(text).contains(ascii: ":") else {
            throw InvalidValue(
                "has a colon: a URI belongs in resources, and no other name has one (RFC 7519 section 2)")
        }
        try Self.checkName(text)
        description = text
    }

    /// An issuer as the audience of its own tokens, for a client that has no other audience and requests none.
    public init(_ issuer: Issuer) {
        description = issuer.description
    }

    /// An element of a claim `aud`, whatever it is: other issuers name audiences as they like.
    init(inClaim text: String) {
        description = text
    }

    private static func checkURI(_ text: String) throws(InvalidValue) {
        guard try !AbsoluteURI(text).hasFragment else {
            throw InvalidValue("has a fragment; RFC 8707 section 2 allows none")
        }
    }

    private static func checkName(_ text: String) throws(InvalidValue) {
        guard !text.isEmpty else { throw InvalidValue("is empty") }
        guard text.utf8.count <= 2048 else { throw InvalidValue("is longer than 2048 characters") }
        guard Octets(text).isVisibleASCII else { throw InvalidValue("has a character outside visible ASCII") }
    }

    /// Compares the octets.
    public static func == (first: Audience, second: Audience) -> Bool {
        first.description.isSameText(as: second.description)
    }

    /// Hashes the octets.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(ExactText(description))
    }
}

extension Audience {
    /// Whether both name one resource. RFC 3986 section 6.2.3: behind an authority, an empty path is the path `/`.
    /// Everything else is compared octet for octet.
    package func isSameResource(as other: Audience) -> Bool {
        if self == other { return true }
        // The texts of one resource differ by one octet.
        guard abs(description.utf8.count - other.description.utf8.count) == 1 else { return false }
        return withRootPath.isSameText(as: other.withRootPath)
    }

    /// The text, with `/` for an empty path behind an authority.
    private var withRootPath: String {
        let (scheme, rest) = Octets(description).split(at: ":")
        guard let rest, rest.begins(with: "//") else { return description }
        let afterSlashes = rest.dropFirst(2)
        let authority = afterSlashes.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
        let pathAndQuery = afterSlashes.dropFirst(authority.count)
        guard pathAndQuery.first != UInt8(ascii: "/") else { return description }
        return "\(scheme.text)://\(authority.text)/\(pathAndQuery.text)"
    }
}

extension [Audience] {
    /// The element that names this resource: that with the same octets, or else one whose path is `/` in place of an
    /// empty one, or the other way round.
    package func spelling(of audience: Audience) -> Audience? {
        first { $0 == audience } ?? first { $0.isSameResource(as: audience) }
    }

    /// The elements that name these resources, each once. A resource that none names is left out.
    package func spellings(of audiences: [Audience]) -> [Audience] {
        var found: [Audience] = []
        for audience in audiences {
            if let element = spelling(of: audience), !found.contains(element) { found.append(element) }
        }
        return found
    }
}
