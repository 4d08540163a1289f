/// Why a text is not a value of the type that was asked for. The reason never repeats the text.
public struct InvalidValue: Error, Sendable, CustomStringConvertible {
    /// What is said behind the name of the value: "is empty", "has a fragment".
    public let reason: StaticString

    /// - Parameter reason: without a subject and without a full stop; the name of the value goes in front.
    public init(_ reason: StaticString) {
        self.reason = reason
    }

    /// The reason alone; whoever reports it knows the name of the value.
    public var description: String { reason.description }
}
