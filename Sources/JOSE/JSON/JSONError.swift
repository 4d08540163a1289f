/// Why a text is not JSON that Writ accepts.
public struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A fixed text; nothing of the input is in it.
    public let reason: StaticString
    /// Octets before the place where it was noticed.
    public let offset: Int

    /// For people: the reason and the offset.
    public var description: String { "\(reason) at octet \(offset)" }

    /// Compares what they say, since a `StaticString` is not `Equatable`.
    public static func == (first: JSONError, second: JSONError) -> Bool {
        first.description == second.description
    }
}
