import WireText

/// The members of a JSON object in the order in which they were written. Names are unique.
public struct JSONObject: Sendable, Equatable {
    /// A name with its value, RFC 8259 section 4.
    public struct Member: Sendable, Equatable {
        /// The name, with its escapes resolved.
        public let name: String
        /// The value. `.null` differs from an absent member.
        public let value: JSONValue
        /// Of the name.
        let code: NameCode

        /// For objects that are built in code. The writer escapes the name.
        public init(_ name: String, _ value: JSONValue) {
            self.init(name, NameCode(name), value)
        }

        init(_ name: String, _ code: NameCode, _ value: JSONValue) {
            self.name = name
            self.value = value
            self.code = code
        }

        /// Compares names octet for octet, as values are.
        public static func == (first: Member, second: Member) -> Bool {
            first.name.isSameText(as: second.name) && first.value == second.value
        }

        /// Whether it has this name, octet for octet.
        func isNamed(_ name: String, _ code: NameCode) -> Bool {
            self.code == code && (code.isWholeName || self.name.isSameText(as: name))
        }
    }

    /// The length of a name, or 255 for a longer one, and its first seven octets, in which nearly all names of an object differ.
    /// To compare texts the references to both are counted, which takes longer than the comparison.
    struct NameCode: Equatable {
        private let word: UInt64

        init(_ name: String) { self.init(name.utf8.span) }

        init(_ octets: Span<UInt8>) {
            var word: UInt64 = 0
            for index in 0..<min(7, octets.count) { word = word << 8 | UInt64(octets[index]) }
            self.word = UInt64(min(octets.count, 255)) << 56 | word
        }

        /// The names of the claims of an access token, RFC 9068 section 2.2, which are read over and over.
        private static let usualNames = ["iss", "sub", "aud", "exp", "iat", "jti", "client_id", "scope", "nbf"]
        private static let usualCodes = usualNames.map { NameCode($0) }

        /// The usual name that has this code and these octets; `nil` if none has.
        func usualName(_ octets: Span<UInt8>) -> String? {
            guard let index = Self.usualCodes.firstIndex(of: self) else { return nil }
            let name = Self.usualNames[index]
            return isWholeName || name.utf8.span.isSame(as: octets) ? name : nil
        }

        /// Whether the name has no further octets, so that no other name has this code.
        var isWholeName: Bool { word >> 56 <= 7 }
    }

    /// The members, in the order in which they are written again.
    public private(set) var members: [Member]

    /// For objects that are built in code. The names must be unique.
    public init(_ members: [Member] = []) {
        self.members = members
    }

    /// The value of the member `name`; `nil` if there is none. Names are compared octet for octet: Swift's own `==`
    /// equates U+212A with the letter K.
    public subscript(name: String) -> JSONValue? {
        let code = NameCode(name)
        // By index, since that does not retain each member.
        for index in members.indices where members[index].isNamed(name, code) { return members[index].value }
        return nil
    }
}
