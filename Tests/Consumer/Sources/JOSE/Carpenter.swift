/// A type of the program's own.
public struct Carpenter: Sendable {
    /// The name of a person.
    public let name = "Jos\u{E9}"

    /// Creates one.
    public init() {}
}
