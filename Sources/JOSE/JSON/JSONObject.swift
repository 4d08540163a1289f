/// The members of a JSON object in the order in which they were written. Names are unique.
public struct JSONObject: Sendable, Equatable {
    /// A name with its value, RFC 8259 section 4.
    public struct Member: Sendable, Equatable {
        /// With its escapes resolved.
        public let name: String
        /// May be `.null`, which is not the same as no member.
        public let value: JSONValue

        /// For objects written out in code; the writer escapes the name.
        public init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// They keep this order when they are written again.
    public private(set) var members: [Member]

    /// For objects written out in code; the names must be unique.
    public init(_ members: [Member] = []) {
        self.members = members
    }

    /// The value of the member called `name`, octet for octet: Swift's own `==` takes U+212A for the letter K.
    public subscript(name: String) -> JSONValue? {
        // By index: a member that is looked at need not be retained.
        for index in members.indices where members[index].name.isSameText(as: name) { return members[index].value }
        return nil
    }
}
