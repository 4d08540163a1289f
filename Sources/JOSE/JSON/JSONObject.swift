import WireText

/// The members of a JSON object in the order in which they were written. Names are unique.
public struct JSONObject: Sendable, Equatable {
    /// A name with its value, RFC 8259 section 4.
    public struct Member: Sendable, Equatable {
        /// The name, with its escapes resolved.
        public let name: String
        /// The value. `.null` differs from an absent member.
        public let value: JSONValue

        /// For objects that are built in code. The writer escapes the name.
        public init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }

        /// Compares names octet for octet, as values are.
        public static func == (first: Member, second: Member) -> Bool {
            first.name.isSameText(as: second.name) && first.value == second.value
        }
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
        // By index, since that does not retain each member.
        for index in members.indices where members[index].name.isSameText(as: name) { return members[index].value }
        return nil
    }
}
