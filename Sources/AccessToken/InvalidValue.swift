/// Why a text is not a value of the type that was asked for. The reason never repeats the text.
public struct InvalidValue: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is said behind the name of the value, without a subject and without a full stop: "is empty".
    public let description: String

    /// - Parameter reason: the name of the value goes in front.
    public init(_ reason: StaticString) {
        description = reason.description
    }

    /// For a reason that ends with names from a table of this package.
    ///
    /// - Parameter names: never anything that was read.
    package init(_ reason: StaticString, names: String) {
        description = "\(reason) \(names)"
    }
}
