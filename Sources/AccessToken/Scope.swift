import WireText

/// A scope, RFC 6749 section 3.3: a set of scope tokens. It keeps the order in which it was read. Comparisons ignore
/// the order.
public struct Scope: Sendable, Hashable, CustomStringConvertible {
    /// The scope tokens, each once.
    public let tokens: [String]
    /// The tokens with single spaces between them.
    public let description: String

    /// The scope without tokens.
    public static let empty = Scope(checked: [])

    /// Reads tokens separated by single spaces. The empty text is the empty scope.
    public init(_ text: String) throws(InvalidValue) {
        guard !text.isEmpty else { self = .empty; return }
        let tokens = try Self.read(text)
        let unique = tokens.count < 16 ? Self.uniqueOfFew(tokens) : Self.uniqueOfMany(tokens)
        self.tokens = unique
        description = unique.count == tokens.count ? text : unique.joined(separator: " ")
    }

    /// The tokens between single spaces.
    private static func read(_ text: String) throws(InvalidValue) -> [String] {
        let utf8 = text.utf8
        let octets = utf8.span
        var tokens: [String] = []
        tokens.reserveCapacity(4)
        var start = 0
        for index in octets.indices {
            let octet = octets[index]
            if isTokenCharacter(octet) { continue }
            guard octet == UInt8(ascii: " ") else {
                throw InvalidValue("has a character that RFC 6749 section 3.3 does not allow")
            }
            tokens.append(try token(octets.extracting(start..<index)))
            start = index + 1
        }
        tokens.append(try token(octets.extracting(start...)))
        return tokens
    }

    /// - Parameter octets: ASCII.
    private static func token(_ octets: Span<UInt8>) throws(InvalidValue) -> String {
        guard !octets.isEmpty, let text = try? UTF8Span(validating: octets) else {
            throw InvalidValue("has a space at an end or two in a row")
        }
        return String(copying: text)
    }

    /// - Throws: if an element is not a single scope token.
    package init(tokens: [String]) throws(InvalidValue) {
        guard tokens.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(Self.isTokenCharacter) }) else {
            throw InvalidValue("has a character that RFC 6749 section 3.3 does not allow")
        }
        self.init(checked: Self.uniqueOfMany(tokens))
    }

    /// Compares tokens one by one, which is faster than hashing a few of them.
    private static func uniqueOfFew(_ tokens: [String]) -> [String] {
        for (index, token) in tokens.enumerated() where tokens[..<index].contains(token) {
            return uniqueOfMany(tokens)
        }
        return tokens
    }

    private static func uniqueOfMany(_ tokens: [String]) -> [String] {
        var seen: Set<String> = []
        return tokens.filter { seen.insert($0).inserted }
    }

    private init(checked tokens: [String]) {
        self.tokens = tokens
        description = tokens.joined(separator: " ")
    }

    /// Whether `token` is one of the scope tokens: `scope.contains("site.read")`. Tokens are compared octet for octet.
    public func contains(_ token: String) -> Bool { tokens.contains { $0.isSameText(as: token) } }

    /// Whether every token of this scope is in `other` too.
    public func isSubset(of other: Scope) -> Bool {
        // A few comparisons take less time than a set.
        if other.tokens.count < 16 { return tokens.allSatisfy(other.tokens.contains) }
        let allowed = Set(other.tokens)
        return tokens.allSatisfy(allowed.contains)
    }

    /// The tokens that are in `other` too.
    public func intersection(_ other: Scope) -> Scope {
        let allowed = Set(other.tokens)
        return Scope(checked: tokens.filter(allowed.contains))
    }

    /// Whether both have the same tokens, in any order.
    public static func == (first: Scope, second: Scope) -> Bool {
        if first.description == second.description { return true }
        return first.tokens.count == second.tokens.count && first.isSubset(of: second)
    }

    /// Hashes the tokens. Their order does not matter.
    public func hash(into hasher: inout Hasher) {
        var sum = 0
        for token in tokens { sum &+= token.hashValue }
        hasher.combine(sum)
    }

    /// %x21 / %x23-5B / %x5D-7E
    private static func isTokenCharacter(_ byte: UInt8) -> Bool {
        (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }
}
