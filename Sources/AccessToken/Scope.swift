/// A scope, RFC 6749 section 3.3: a set of scope tokens, kept in the order in which they were written.
public struct Scope: Sendable, Hashable, CustomStringConvertible {
    /// The scope tokens, each once.
    public let tokens: [String]
    /// The tokens with single spaces between them.
    public let description: String

    /// No scope at all.
    public static let empty = Scope(tokens: [])

    /// Reads tokens separated by single spaces. The empty text is the empty scope.
    public init(_ text: String) throws(InvalidValue) {
        guard !text.isEmpty else { self = .empty; return }
        let tokens = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        for token in tokens {
            guard !token.isEmpty else { throw InvalidValue("has a space at an end or two in a row") }
            guard token.utf8.allSatisfy(Self.isTokenCharacter) else {
                throw InvalidValue("has a character that RFC 6749 section 3.3 does not allow")
            }
        }
        var seen: Set<String> = []
        self.init(tokens: tokens.filter { seen.insert($0).inserted })
    }

    private init(tokens: [String]) {
        self.tokens = tokens
        description = tokens.joined(separator: " ")
    }

    /// Whether every token of this scope is in `other` too.
    public func isSubset(of other: Scope) -> Bool {
        let allowed = Set(other.tokens)
        return tokens.allSatisfy(allowed.contains)
    }

    /// The tokens that are in `other` too.
    public func intersection(_ other: Scope) -> Scope {
        let allowed = Set(other.tokens)
        return Scope(tokens: tokens.filter(allowed.contains))
    }

    /// %x21 / %x23-5B / %x5D-7E
    private static func isTokenCharacter(_ byte: UInt8) -> Bool {
        (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }
}
