/// A client identifier, RFC 6749 appendix A.1: visible ASCII characters and spaces, here at most 256 of them. Two are
/// equal if their octets are, since no two texts of ASCII are canonically equivalent.
public struct ClientID: Sendable, Hashable, CustomStringConvertible {
    /// `client_id`, unchanged.
    public let description: String

    /// - Throws: if the text is empty, longer than 256 characters, or has any other character.
    public init(_ text: String) throws(InvalidValue) {
        guard !text.isEmpty else { throw InvalidValue("is empty") }
        let octets = text.utf8.span
        guard octets.count <= 256 else { throw InvalidValue("is longer than 256 characters") }
        guard octets.indices.allSatisfy({ (0x20...0x7E).contains(octets[$0]) }) else {
            throw InvalidValue("has a character outside visible ASCII (RFC 6749 appendix A.1)")
        }
        description = text
    }
}
