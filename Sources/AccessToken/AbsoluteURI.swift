import JOSE
import WireText

/// A URI with a scheme, RFC 3986 section 4.3, split into the parts that issuers and resources need.
struct AbsoluteURI {
    /// In lower case.
    let scheme: String
    /// The part between `//` and the path; `nil` for a URI without an authority, such as a URN.
    let authority: String?
    let path: String
    let hasQuery: Bool
    let hasFragment: Bool

    init(_ text: String) throws(InvalidValue) {
        guard text.utf8.count <= 2048 else { throw InvalidValue("is longer than 2048 characters") }
        try Self.checkCharacters(of: text)
        guard let colon = text.firstIndex(of: ":"), Self.isScheme(text[..<colon]) else {
            throw InvalidValue("is not an absolute URI")
        }
        scheme = text[..<colon].lowercased()
        var rest = text[text.index(after: colon)...]
        if let fragment = rest.firstIndex(of: "#") {
            hasFragment = true
            rest = rest[..<fragment]
        } else {
            hasFragment = false
        }
        if let query = rest.firstIndex(of: "?") {
            hasQuery = true
            rest = rest[..<query]
        } else {
            hasQuery = false
        }
        if rest.hasPrefix("//") {
            rest = rest.dropFirst(2)
            let end = rest.firstIndex(of: "/") ?? rest.endIndex
            authority = String(rest[..<end])
            path = String(rest[end...])
        } else {
            authority = nil
            path = String(rest)
        }
        guard authority?.isEmpty == false || (authority == nil && !path.isEmpty) else {
            throw InvalidValue("names no host")
        }
    }

    /// The host in lower case, without brackets, port and user information; `nil` if the authority is invalid.
    var host: String? {
        guard let authority, !authority.contains("@") else { return nil }
        let host: Substring
        let afterHost: Substring
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<end]
            afterHost = authority[authority.index(after: end)...]
        } else {
            let end = authority.firstIndex(of: ":") ?? authority.endIndex
            host = authority[..<end]
            afterHost = authority[end...]
        }
        guard !host.isEmpty, afterHost.isEmpty || Self.isPort(afterHost) else { return nil }
        return host.lowercased()
    }

    /// RFC 3986 section 2: reserved and unreserved characters, and percent-encoded octets.
    private static func checkCharacters(of text: String) throws(InvalidValue) {
        let allowed = "-._~:/?#[]@!$&'()*+,;=%".utf8
        let characters = Array(text.utf8)
        for (index, character) in characters.enumerated() {
            guard isLetterOrDigit(character) || allowed.contains(character) else {
                throw InvalidValue("has a character that no URI may have")
            }
            if character == UInt8(ascii: "%") {
                guard index + 2 < characters.count, ASCII.hexValue(characters[index + 1]) != nil,
                    ASCII.hexValue(characters[index + 2]) != nil
                else { throw InvalidValue("has a % without two hexadecimal digits") }
            }
        }
    }

    private static func isScheme(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, isLetterOrDigit(first), !ASCII.isDigit(first) else { return false }
        return text.utf8.allSatisfy { isLetterOrDigit($0) || "+-.".utf8.contains($0) }
    }

    private static func isPort(_ text: Substring) -> Bool {
        let digits = text.dropFirst()
        return text.hasPrefix(":") && digits.utf8.allSatisfy(ASCII.isDigit) && UInt16(digits).map { $0 > 0 } ?? false
    }

    private static func isLetterOrDigit(_ octet: UInt8) -> Bool { ASCII.isLetter(octet) || ASCII.isDigit(octet) }
}
