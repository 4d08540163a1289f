import WireText

/// A URI with a scheme, RFC 3986 section 4.3: the one reader of every URI in a file, a request or a fetched document.
///
/// It is read as octets, and its characters are checked first. User information (`user@host`) is not accepted: what
/// stands before the `@` is easily taken for the host.
package struct AbsoluteURI: Sendable {
    /// In lower case.
    package let scheme: String
    /// The part between `//` and the path, unchanged; `nil` for a URI without an authority, such as a URN.
    package let authority: String?
    /// Unchanged; it may be empty.
    package let path: String
    /// The part between `?` and `#`, unchanged; `nil` without a `?`.
    package let query: String?
    package let hasFragment: Bool

    /// - Throws: for a text of more than 2048 octets, or if RFC 3986 does not allow it; also for user information, and
    ///   for an authority without a host.
    package init(_ text: String) throws(InvalidValue) {
        guard text.utf8.count <= 2048 else { throw InvalidValue("is longer than 2048 characters") }
        try Self.checkCharacters(of: text)
        let (scheme, rest) = Octets(text).split(at: ":")
        guard let rest, Self.isScheme(scheme) else { throw InvalidValue("is not an absolute URI") }
        let (unfragmented, fragment) = rest.split(at: "#")
        let (hierarchy, query) = unfragmented.split(at: "?")
        self.scheme = scheme.lowercased
        self.query = query?.text
        hasFragment = fragment != nil
        guard hierarchy.begins(with: "//") else {
            guard !hierarchy.isEmpty else { throw InvalidValue("names no host") }
            authority = nil
            path = hierarchy.text
            return
        }
        let authorityAndPath = hierarchy.dropFirst(2)
        let authority = authorityAndPath.prefix { $0 != UInt8(ascii: "/") }
        guard !authority.isEmpty else { throw InvalidValue("names no host") }
        guard !authority.contains(ascii: "@") else { throw InvalidValue("has user information before its host") }
        self.authority = authority.text
        path = authorityAndPath.dropFirst(authority.count).text
    }

    /// RFC 3986 section 2: reserved and unreserved characters, and percent-encoded octets.
    private static func checkCharacters(of text: String) throws(InvalidValue) {
        let utf8 = text.utf8
        let octets = utf8.span
        for index in octets.indices {
            let octet = octets[index]
            guard isLetterOrDigit(octet) || Self.otherCharacters.contains(octet) else {
                throw InvalidValue("has a character that no URI may have")
            }
            if octet == UInt8(ascii: "%") {
                guard index + 2 < octets.count, ASCII.hexValue(octets[index + 1]) != nil,
                    ASCII.hexValue(octets[index + 2]) != nil
                else { throw InvalidValue("has a % without two hexadecimal digits") }
            }
        }
    }

    private static let otherCharacters = Array("-._~:/?#[]@!$&'()*+,;=%".utf8)

    private static func isScheme(_ text: Octets) -> Bool {
        guard let first = text.first, ASCII.isLetter(first) else { return false }
        return text.allSatisfy { isLetterOrDigit($0) || "+-.".utf8.contains($0) }
    }

    static func isLetterOrDigit(_ octet: UInt8) -> Bool { ASCII.isLetter(octet) || ASCII.isDigit(octet) }
}
