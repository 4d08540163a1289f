/// Why a text is not JSON that `JSONReader` accepts.
public struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A fixed text, which contains no part of the input.
    public let reason: StaticString
    /// The offset of the error, in octets.
    public let offset: Int

    /// A human-readable description: the reason and the offset.
    public var description: String { "\(reason) at octet \(offset)" }

    /// Compares the descriptions, since a `StaticString` is not `Equatable`.
    public static func == (first: JSONError, second: JSONError) -> Bool {
        first.description == second.description
    }
}
