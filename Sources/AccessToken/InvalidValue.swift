/// Why a text is not a value of the requested type. The reason never repeats the text.
public struct InvalidValue: Error, Sendable, Equatable, CustomStringConvertible {
    /// The rest of a sentence that begins with the name of the value, without a full stop: "is empty".
    public let description: String

    /// - Parameter reason: the rest of a sentence that begins with the name of the value.
    public init(_ reason: StaticString) {
        description = reason.description
    }

    /// For a reason that concerns a part of the value.
    ///
    /// - Parameter part: the name of the part.
    package init(_ part: StaticString, cause: InvalidValue) {
        description = "\(part) \(cause)"
    }

    /// For a reason that ends with names from a table of this package.
    ///
    /// - Parameter names: never any part of the input.
    package init(_ reason: StaticString, names: String) {
        description = "\(reason) \(names)"
    }
}
